import { type ContextSchema, parameterNames } from '../../schemas/kernel/context.ts';

/** An index of a view. It ends in `_id`, which makes the cursor of a page exact. */
export type Index = Readonly<Record<string, 1>>;

/** Returns an index on fields, each once. */
export const indexOn = (fields: readonly string[]): Index =>
  Object.fromEntries([...fields, '_id'].map((field) => [field, 1]));

/**
 * Returns the indexes that the queries of a view need: for each list one for every order, and for every filter in every
 * order, after the fields that all of its documents share. Callers whose token is limited to a scope get any list of a
 * context filtered by its scope field.
 */
export const indexesOf = ({ queries, scope }: Pick<ContextSchema, 'queries' | 'scope'>, view: string): Index[] => {
  const fields = Object.values(queries).flatMap(({ view: own, answer, path, only = {}, filters, sorts, item }) => {
    if (own !== view || answer === 'one') return [];
    const inPath = parameterNames(path);
    const isScoped = scope && inPath.length === 0 && Object.hasOwn(item.properties, scope.field);
    const chosen = [[], ...Object.keys(filters).map((filter) => [filter])];
    const ordered = chosen.flatMap((filter) => [filter, ...sorts.map((sort) => [...filter, sort])]);
    return [...ordered, ...(isScoped ? [[scope.field]] : [])].map((rest) => [...Object.keys(only), ...inPath, ...rest]);
  });
  const indexes = fields.filter(({ length }) => length > 0).map(indexOn);
  return [...new Map(indexes.map((each) => [Object.keys(each).join(), each])).values()];
};
