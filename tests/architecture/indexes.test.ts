import { describe, expect, it } from 'vitest';
import { contextSchemas, projectionsOf, readSidesOf } from '../../programs/contexts.ts';
import { parameterNames } from '../../schemas/kernel/context.ts';

const names = contextSchemas.map(({ name }) => name);
const readSides = await readSidesOf(names);
const projections = await projectionsOf(names);

/** Every question to a list: with none or one of its filters, in each of its orders. */
const questions = readSides.flatMap(({ schema, views, only = {} }) =>
  Object.entries(schema.queries).flatMap(([name, { answer, path, filters, sorts }]) =>
    answer === 'one'
      ? []
      : [undefined, ...Object.keys(filters)].flatMap((filter) =>
          [undefined, ...sorts].map((sort) => ({
            question: `${schema.name}.${name}${filter ? ` by ${filter}` : ''}${sort ? ` in the order of ${sort}` : ''}`,
            view: (views as Readonly<Record<string, string>>)[name]!,
            equal: [
              ...Object.keys((only as Readonly<Record<string, object>>)[name] ?? {}),
              ...parameterNames(path),
              ...(filter ? [filter] : []),
            ],
            order: [...(sort && sort !== filter ? [sort] : []), '_id'],
          })),
        ),
  ),
);

const indexesOf = (view: string): string[][] => {
  const projection = projections.find(({ name }) => name === view);
  if (!projection) throw new Error(`No projection makes the view ${view}`);
  return [['_id'], ...projection.indexes.map((index) => Object.keys(index as object))];
};

/** Returns whether an index finds the filtered documents in the requested order. */
const serves = (index: readonly string[], equal: readonly string[], order: readonly string[]): boolean => {
  const leading = index.slice(0, index.length - order.length);
  return (
    order.every((field, at) => index[leading.length + at] === field) &&
    leading.every((field) => equal.includes(field)) &&
    (leading.length > 0 || equal.length === 0)
  );
};

describe('an index serves', () => {
  it.each(questions)('$question', ({ view, equal, order }) => {
    expect(indexesOf(view).filter((index) => serves(index, equal, order))).not.toEqual([]);
  });
});
