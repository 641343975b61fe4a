import type { TSchema } from 'typebox';
import { Id } from './values.ts';

type Schema = {
  type?: string;
  pattern?: string;
  examples?: readonly unknown[];
  enum?: readonly unknown[];
  const?: unknown;
  minimum?: number;
  properties?: Record<string, TSchema>;
  items?: TSchema;
  anyOf?: readonly TSchema[];
};

/**
 * Returns a value that fits a schema, for documentation: its first example if it has one. A property whose examples are
 * `[]` is left out: it excludes another one.
 * @param name of the property, from which an id is derived: `customerId` is `customer-1`
 */
export const exampleOf = (schema: TSchema, name = ''): unknown => {
  const { type, pattern, examples, enum: words, const: constant, minimum, properties, items, anyOf } = schema as Schema;
  if (pattern === (Id as Schema).pattern && name.endsWith('Id')) return `${name.slice(0, -2)}-1`;
  if (examples?.length) return examples[0];
  if (constant !== undefined) return constant;
  if (words?.length) return words[0];
  if (anyOf?.length) return exampleOf(anyOf[0]!, name);
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties ?? {})
          .filter(([, part]) => (part as Schema).examples?.length !== 0)
          .map(([property, part]) => [property, exampleOf(part, property)]),
      );
    case 'array':
      return items ? [exampleOf(items, name)] : [];
    case 'integer':
    case 'number':
      return minimum ?? 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    default:
      return name || 'text';
  }
};
