import { type ContextSchema, parameterNames, type QuerySchema } from '../../schemas/kernel/context.ts';
import { CLOSED, type FoldedText, foldedPath, foldedText, searchedTexts } from '../../schemas/kernel/search.ts';

/** An index of a view. It ends in `_id`, which makes the cursor of a page exact. */
export type Index = Readonly<Record<string, 1>>;

/** Returns an index on fields, each once. */
export const indexOn = (fields: readonly string[]): Index =>
  Object.fromEntries([...fields, '_id'].map((field) => [field, 1]));

/**
 * Returns the indexes that the queries of a view need: for each list one for every order, and for every filter in every
 * order, after the fields that all of its documents share; and one for a prefix, whose matches are few; and one for every
 * text by which the control centre finds a document, which serves the prefix of a name too. Callers whose token is limited to a scope get any list of a
 * context filtered by its scope field.
 */
export const indexesOf = ({ queries, scope }: Pick<ContextSchema, 'queries' | 'scope'>, view: string): Index[] => {
  const fields = Object.values(queries).flatMap(
    ({ view: own, answer, path, only = {}, filters, sorts, prefix, byWords, closed, item, search }) => {
      if (own !== view) return [];
      if (answer === 'one') return textsOf({ search }).map(({ name }) => [foldedPath(name)]);
      const inPath = parameterNames(path);
      const isScoped = scope && inPath.length === 0 && Object.hasOwn(item.properties, scope.field);
      const chosen = [[], ...Object.keys(filters).map((filter) => [filter])];
      const unasked = closed ? [CLOSED] : [];
      const ordered = chosen.flatMap((filter) => [[...filter, ...unasked], ...sorts.map((sort) => [...filter, sort])]);
      const searched = prefix === undefined || byWords ? [] : [[foldedPath(prefix)]];
      return [...ordered, ...searched, ...(isScoped ? [[scope.field, ...unasked]] : [])].map((rest) => [
        ...Object.keys(only),
        ...inPath,
        ...rest,
      ]);
    },
  );
  const indexes = fields.filter(({ length }) => length > 0).map(indexOn);
  return [...new Map(indexes.map((each) => [Object.keys(each).join(), each])).values()];
};

/** The closed items of a view: their values of `status`, and the field by which open and closed ones come. */
export type ClosedItems = { readonly statuses: readonly string[]; readonly by: string | undefined };

/** Returns the closed items of a view; undefined when its lists do not tell them from others. */
export const closedItems = ({ queries }: Pick<ContextSchema, 'queries'>, view: string): ClosedItems | undefined => {
  const list = Object.values(queries).find((query) => query.view === view && query.closed);
  return list?.closed && { statuses: list.closed, by: list.closedBy };
};

const textsOf = ({
  prefix,
  search = {},
}: Pick<QuerySchema, 'prefix'> & { search?: QuerySchema['search'] | undefined }) => [
  ...(prefix === undefined ? [] : [foldedText(prefix)]),
  ...Object.entries(search).flatMap(([field, kind]) => searchedTexts(field, kind)),
];

/** Returns the texts of a view's documents that are searched by prefix, each once. */
export const foldedTexts = ({ queries }: Pick<ContextSchema, 'queries'>, view: string): FoldedText[] => {
  const texts = Object.values(queries).flatMap((query) => (query.view === view ? textsOf(query) : []));
  return [...new Map(texts.map((text) => [text.name, text])).values()];
};
