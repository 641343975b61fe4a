import type { TObject } from 'typebox';
import type { QuerySchema, ViewQuery } from './context.ts';
import { defined } from './defined.ts';

/**
 * Declares the view that answers some queries. @param view `parking.lots`: the name of its projection and collection
 */
export const inView = <Queries extends Readonly<Record<string, QuerySchema>>>(view: string, queries: Queries) => {
  const names = Object.values(queries).flatMap(({ search = {} }) =>
    Object.keys(search).filter((field) => search[field] === 'name'),
  );
  const bound = Object.entries(queries).map(([name, query]) => {
    const byWords = query.prefix !== undefined && names.includes(query.prefix) ? { byWords: true } : {};
    return [name, { ...query, view, ...byWords }];
  });
  return Object.fromEntries(bound) as { [Name in keyof Queries]: Queries[Name] & Pick<ViewQuery, 'view' | 'byWords'> };
};

type ListOptions = Partial<
  Pick<
    QuerySchema,
    'filters' | 'sorts' | 'range' | 'prefix' | 'closed' | 'closedBy' | 'personal' | 'only' | 'current' | 'position'
  >
>;

/**
 * Declares a query that answers `{items, next?, count?}`. Without `sorts` it is sorted by its range alone.
 * @throws TypeError when the range is not one of the sorts, a field that is searched by prefix is not in the view, the
 *   item cannot have a status that counts as closed, or `closedBy` is without `closed` or not one of the sorts
 */
export const list = <Item extends TObject>(
  summary: string,
  path: string,
  item: Item,
  { filters = {}, range, sorts = range === undefined ? [] : [range], ...rest }: ListOptions = {},
): QuerySchema<Item> => {
  const { prefix, current = {} } = rest;
  if (range !== undefined && !sorts.includes(range)) throw new TypeError(`${path} is not sorted by its range ${range}`);
  if (prefix !== undefined && (!Object.hasOwn(item.properties, prefix) || current[prefix] !== undefined))
    throw new TypeError(`${path} has no ${prefix} of its own to search by prefix`);
  const statuses = (item.properties.status as { enum?: string[] } | undefined)?.enum ?? [];
  if (!(rest.closed ?? []).every((status) => statuses.includes(status)))
    throw new TypeError(`${path} has no status ${rest.closed?.join(' or ')}`);
  if (rest.closedBy !== undefined && !(rest.closed && sorts.includes(rest.closedBy)))
    throw new TypeError(`${path} has no closed items or is not sorted by ${rest.closedBy}`);
  return { summary, path, filters, sorts, ...defined({ range }), answer: 'list', item, ...rest };
};

/** Declares a query that answers one document, or 404. Its `_id` is empty when the path has no parameters. */
export const one = <Item extends TObject>(
  summary: string,
  path: string,
  item: Item,
  rest: Pick<QuerySchema, 'otherwise' | 'current' | 'position' | 'present' | 'hasHistory' | 'search'> = {},
): QuerySchema<Item> => ({
  summary,
  path,
  filters: {},
  sorts: [],
  answer: 'one',
  item,
  ...rest,
});
