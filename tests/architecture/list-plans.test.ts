import { expect, test } from 'vitest';
import type { Collection } from '../../embedded/mongo/catalog.ts';
import { plan } from '../../embedded/mongo/plan.ts';
import { contextSchemas, projectionsOf } from '../../programs/contexts.ts';
import { takeChoice } from '../../read-api/kernel/list-filters.ts';
import { parameterNames, type ViewQuery } from '../../schemas/kernel/context.ts';
import { prefixParameter } from '../../schemas/kernel/paging.ts';
import { beginsWith, foldedPath, searchedTexts } from '../../schemas/kernel/search.ts';

const projections = await projectionsOf(
  contextSchemas.map(({ name }) => name),
  'Asia/Seoul',
);
const lists = contextSchemas
  .flatMap(({ queries }): ViewQuery[] => Object.values(queries))
  .filter(({ answer }) => answer === 'list');

const collectionOf = (view: string): Collection => {
  const { indexes = [] } = projections.find(({ name }) => name === view) ?? {};
  const made = indexes.map((index, id) => ({
    name: Object.keys(index).join(),
    fields: Object.entries(index),
    id,
    multikey: false,
    ready: true,
    stagedLeft: undefined,
  }));
  return { id: 1, db: 'plaza', name: view, indexes: made, dropped: false };
};

/** The requests of a list: no filter, each filter, with each order, and with the range and each prefix. */
const requestsOf = ({ filters, sorts, range, prefix }: ViewQuery): Record<string, string>[] => {
  const ranges = range === undefined ? [] : [{ from: '2026-01-31T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' }];
  const chosen: Record<string, string>[] = [
    {},
    ...ranges,
    // Initial consonants look in every text of a name.
    ...(prefix === undefined ? [] : [{ [prefixParameter(prefix)]: '10더' }, { [prefixParameter(prefix)]: 'ㅍㄱ' }]),
  ];
  const filtered = [{}, ...Object.keys(filters).map((name) => ({ [name]: 'x' }))];
  const orders = [{}, ...sorts.map((sort) => ({ sort }))];
  return filtered.flatMap((filter) =>
    orders.flatMap((order) => chosen.map((choice) => ({ ...filter, ...order, ...choice }))),
  );
};

/** Returns the plan of each way to the documents of a request. */
const plansOf = (query: ViewQuery, request: Record<string, string>) => {
  const given = new Map<string, unknown>(Object.entries(request));
  const { ways } = takeChoice(given, query, 'Asia/Seoul');
  const asked = given.get('sort') as string | undefined;
  given.delete('sort');
  const equal = [...parameterNames(query.path).map((name) => [name, 'x']), ...given];
  return ways.map(({ conditions, order }) => {
    const filter = { ...query.only, ...Object.fromEntries(equal), ...conditions };
    const sort = [...new Set([asked ?? order ?? '_id', '_id'])].map((field): [string, 1] => [field, 1]);
    const { access, sorted } = plan(collectionOf(query.view), filter, sort);
    const isBounded = access.ranges.every(({ low }) => low.length > 0);
    return { index: access.index !== undefined, isBounded, sorted };
  });
};

test.each(lists.map((query) => [query.path, query] as const))(
  '%s reads an index for every filter, order, range and prefix',
  (_, query) => {
    const requests = requestsOf(query);
    expect(requests.length).toBeGreaterThan(0);
    for (const request of requests) {
      const { sort, ...narrowing } = request;
      const words = JSON.stringify(request);
      const isNarrowed =
        Object.keys(narrowing).length + parameterNames(query.path).length + Object.keys(query.only ?? {}).length > 0;
      // A prefix or a range with both bounds has few matches, which may be sorted, and so have the names within a
      // resource, like a shop's menu. Nothing else is sorted.
      const isPrefixed = Object.keys(narrowing).some((name) => name.endsWith('Prefix'));
      const isClosed = 'from' in narrowing || isPrefixed;
      const isWithin = isPrefixed && query.byWords && parameterNames(query.path).length > 0;
      for (const { index, isBounded, sorted } of plansOf(query, request)) {
        expect(index, words).toBe(true);
        if (isNarrowed) expect(isBounded, words).toBe(true);
        if (!isClosed || (sort === undefined && !isWithin)) expect(sorted, words).toBe(true);
      }
    }
  },
);

const searched = contextSchemas.flatMap(({ queries }) =>
  Object.values<ViewQuery>(queries).flatMap(({ view, search = {} }) =>
    Object.entries(search).flatMap(([field, kind]) =>
      searchedTexts(field, kind).map(({ name }) => [view, name] as const),
    ),
  ),
);

test.each(searched)('the search reads an index of %s for %s, in its order', (view, name) => {
  const path = foldedPath(name);
  const { access, sorted } = plan(collectionOf(view), { [path]: beginsWith('10더') }, [
    [path, 1],
    ['_id', 1],
  ]);
  expect(access.index).toBeDefined();
  expect(access.ranges.every(({ low }) => low.length > 0)).toBe(true);
  expect(sorted).toBe(true);
});
