import type { TObject, TProperties, TSchema } from 'typebox';
import { parameterNames } from '../kernel/context.ts';
import { exampleOf } from '../kernel/examples.ts';
import { CountFlag, CursorText, Limit } from '../kernel/paging.ts';
import { Id } from '../kernel/values.ts';
import type { Content, Parameter } from './document.ts';

/** The parameters of a path, by their schemas; plain ids where there is none. */
export const pathParameters = (path: string, properties: TProperties): Parameter[] =>
  parameterNames(path).map((name) => {
    const schema = properties[name] ?? Id;
    return { name, in: 'path', required: true, schema, example: exampleOf(schema, name) };
  });

/** The query parameters of every paged list. */
export const pagingParameters: readonly Parameter[] = [
  { name: 'limit', in: 'query', required: false, description: 'Items on a page.', schema: Limit },
  { name: 'cursor', in: 'query', required: false, description: 'The `next` of the previous page.', schema: CursorText },
];

/** The query parameter of every list of a view. */
export const countParameter: Parameter = {
  name: 'count',
  in: 'query',
  required: false,
  description: 'Whether the answer says how many items match.',
  schema: CountFlag,
};

export const json = (schema: TSchema | { $ref: string }, example: unknown): Content => ({
  'application/json': { schema, example },
});

/** Leaves properties out of an object's schema, and makes others optional. */
export const omit = (object: TObject, names: readonly string[], optional: readonly string[] = []): TObject => {
  const { properties, required = [] } = object;
  return {
    ...object,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name))),
    required: required.filter((name) => !names.includes(name) && !optional.includes(name)),
  } as TObject;
};
