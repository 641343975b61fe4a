import { CommandError } from './errors.ts';
import { type Doc, isDoc, toNumber, typeName } from './values.ts';

/** The types of a command's fields. A `count` is a whole number from 0. */
type Types = { string: string; object: Doc; array: unknown[]; bool: boolean; count: number; any: unknown };

/** The fields of a command or statement by name; `!` marks a required one. */
export type Spec = Record<string, keyof Types | `${keyof Types}!`>;

type Value<Type> = Type extends `${infer Required extends keyof Types}!`
  ? Types[Required]
  : Type extends keyof Types
    ? Types[Type] | undefined
    : never;
export type Fields<S extends Spec> = { [Name in keyof S]: Value<S[Name]> };

const EXPECTED: Record<keyof Types, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  object: isDoc,
  array: Array.isArray,
  bool: (value) => typeof value === 'boolean',
  count: (value) => toNumber(value) !== undefined,
  any: () => true,
};

/**
 * Checks the fields of a document and returns their values. Null counts as missing.
 * @param of the name by which errors call the document, such as `update.updates`
 * @throws CommandError 40415 for an unknown field, 40414 for a missing one, 14 for a wrong type, 2 for a negative count
 */
export const fieldsOf = <S extends Spec>(of: string, doc: Doc, spec: S): Fields<S> => {
  for (const name of Object.keys(doc))
    if (!Object.hasOwn(spec, name)) throw new CommandError(40415, `BSON field '${of}.${name}' is an unknown field.`);
  const values = Object.entries(spec).map(([name, kind]) => {
    const value = doc[name];
    const type = kind.replace('!', '') as keyof Types;
    if (value === undefined || value === null) {
      if (kind.endsWith('!'))
        throw new CommandError(40414, `BSON field '${of}.${name}' is missing but a required field`);
      return [name, undefined];
    }
    if (!EXPECTED[type](value)) {
      const expected = type === 'count' ? "expected types '[long, double, decimal, int]'" : `expected type '${type}'`;
      throw new CommandError(14, `BSON field '${of}.${name}' is the wrong type '${typeName(value)}', ${expected}`);
    }
    return [name, type === 'count' ? countOf(name, value) : value];
  });
  return Object.fromEntries(values);
};

const countOf = (name: string, value: unknown): number => {
  const number = toNumber(value) as number;
  if (!Number.isInteger(number)) throw new CommandError(9, `Expected an integer: ${name}: ${number}`);
  if (number < 0) throw new CommandError(2, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
};
