import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { Collection, Db, Document, Filter } from 'mongodb';
import type { TProperties } from 'typebox';
import { expressPath } from '../../platform/http/app.ts';
import { sendTaggedJson } from '../../platform/http/conditional.ts';
import type { Cursors } from '../../platform/http/cursors.ts';
import {
  type Ordering,
  type Part,
  pageParameters,
  placeOf,
  readPage,
  type Stored,
  takePage,
} from '../../platform/http/pages.ts';
import { queryOf, type ReadText, readAll, readText } from '../../platform/http/parameters.ts';
import { ProblemError, problems, sendProblem } from '../../platform/http/problem.ts';
import { valueChecker } from '../../platform/http/validation.ts';
import { admit, type Identify, isPermitted, type Permit, permitted, seenBy } from '../../platform/identity/caller.ts';
import type { Scoped } from '../../platform/identity/scope.ts';
import type { ReadStatus } from '../../platform/subscriptions/status.ts';
import { type Rule, ruleOf } from '../../schemas/access.ts';
import { parameterNames, type QuerySchema, type ViewQuery } from '../../schemas/kernel/context.ts';
import { historyView, queriesOf } from '../../schemas/kernel/history.ts';
import { MAX_COUNT } from '../../schemas/kernel/paging.ts';
import { CLOSED, FOLDED } from '../../schemas/kernel/search.ts';
import { Id } from '../../schemas/kernel/values.ts';
import type { ReadContext } from './context.ts';
import { withCurrent } from './current-fields.ts';
import { allOf, listTexts, takeChoice } from './list-filters.ts';
import { withPositions } from './place-in-order.ts';
import { type Ask, awaitPosition, fromViews, unlessGone, type Waiting } from './reading.ts';

/** The views that the routes read from. */
export type ReadModels = Waiting & {
  db: Db;
  ask: Ask;
  cursors: Cursors;
  /** The time zone of calendar days (IANA name). */
  timeZone: string;
  /** Returns the time, UTC with milliseconds. */
  now(): string;
  /** Reads the state of every projection, policy and rebuild. */
  statuses(): Promise<ReadStatus[]>;
};

/** A query with all that its route needs. */
type BoundQuery = {
  /** `parking.lots`: unique. */
  name: string;
  query: ViewQuery;
  /** The roles that may use it. */
  rule: Rule;
  context: Scoped;
  /** For a history, the query of its resource. */
  resource: ViewQuery | undefined;
};

const bindAll = ({ schema }: ReadContext): BoundQuery[] =>
  Object.entries(queriesOf(schema)).map(([name, query]) => ({
    name: `${schema.name}.${name}`,
    query,
    rule: ruleOf(schema, name),
    context: schema,
    resource: query.view === historyView(schema) ? schema.queries[name.slice(0, -'History'.length)] : undefined,
  }));

type InPath = Readonly<Record<string, string>>;

/** Compares fields with the values that a client gave. With `$eq` no value can be taken for an operator. */
const equalTo = (values: Iterable<readonly [field: string, value: unknown]>): Filter<Stored> =>
  Object.fromEntries([...values].map(([field, value]) => [field, { $eq: value }]));

/** Returns a filter for the document that a path names. */
const byPath = ({ path }: ViewQuery, inPath: InPath): Filter<Stored> => {
  const parts = parameterNames(path).map((name) => inPath[name]);
  return equalTo([['_id', parts.join('.')]]);
};

const filterOf = ({ query, resource }: BoundQuery, inPath: InPath): Filter<Stored> => {
  if (resource)
    return equalTo([['resources', resource.path.replaceAll(/\{(\w+)\}/g, (_, name) => inPath[name] ?? '')]]);
  if (query.answer === 'one') return byPath(query, inPath);
  return { ...query.only, ...equalTo(Object.entries(inPath)) };
};

const textsOf = (schemas: TProperties): Map<string, ReadText> =>
  new Map(Object.entries(schemas).map(([name, schema]) => [name, readText(schema)]));

/** Takes the fields that an item has, and that a caller may see, out of a stored document. */
export const itemOf = ({
  item: { properties },
  personal: hidden = [],
  present = (stored) => stored,
}: QuerySchema): ((document: Document, personal: Permit | undefined) => Document) => {
  const all = Object.keys(properties);
  const shown = all.filter((field) => !hidden.includes(field));
  return (stored, personal) => {
    const document: Document = present(stored);
    const item: Document = {};
    for (const field of personal && isPermitted(personal, stored) ? all : shown) {
      const value = document[field];
      if (value !== undefined) item[field] = value;
    }
    return item;
  };
};

const pathReader = ({ path, item, parameters }: QuerySchema) => {
  const schemas: TProperties = { ...item.properties, ...parameters };
  const known = textsOf(Object.fromEntries(parameterNames(path).map((name) => [name, schemas[name] ?? Id])));
  return (given: Readonly<Record<string, string | string[]>>) =>
    Object.fromEntries(readAll(Object.entries(given) as [string, string][], known)) as InPath;
};

/** Adds the positions and the current fields that a query shows. */
export const completed = async (
  { position, current }: QuerySchema,
  collection: Collection<Stored>,
  documents: Stored[],
  { db, answerWithin }: ReadModels,
): Promise<Stored[]> => {
  const placed = position ? await withPositions(collection, position, documents, answerWithin) : documents;
  return current && placed.length > 0 ? withCurrent(db, current, placed, answerWithin) : placed;
};

const viewsOf = ({ view, current = {} }: ViewQuery): string[] => [
  ...new Set([view, ...Object.values(current).map((field) => field.view)]),
];

const noParameters: ReadonlyMap<string, ReadText> = new Map();

const answerOne = (bound: BoundQuery, models: ReadModels): RequestHandler => {
  const { query, rule } = bound;
  const readPath = pathReader(query);
  const toItem = itemOf(query);
  const collection = models.db.collection<Stored>(query.view);
  const caching = cachingOf(rule, query);
  return async (req, res) => {
    const inPath = readPath(req.params);
    const wanted = filterOf(bound, inPath);
    readAll(queryOf(req.url), noParameters);
    const headers = await awaitPosition(req, res, viewsOf(query), models);
    const stored = await models.ask(async () => {
      const found = await collection.findOne(wanted, { maxTimeMS: models.answerWithin });
      return found && (await completed(query, collection, [found], models))[0];
    });
    const document = stored ?? (query.otherwise && { ...inPath, ...query.otherwise });
    const { permit, personal } = permitted(res);
    if (document && !document._deleted && isPermitted(permit, document))
      await sendTaggedJson(req, res, seenBy(permit, document, toItem(document, personal)), { ...headers, ...caching });
    else sendProblem(res, problems.notFound(), headers);
  };
};

/**
 * Limits a list to the documents that the caller may use. The path or a filter may name the caller or a value in scope;
 * otherwise the list is filtered by one of them. A history must belong to a resource that the caller may use.
 * @returns an additional filter for the documents
 * @throws ProblemError 403 when the path or a filter names somebody else; 404 for the history of a resource that the
 *   caller may not use; as {@link awaitPosition} does for that resource's view
 */
const narrow = async (
  req: Request,
  res: Response,
  permit: Permit,
  inPath: InPath,
  given: Map<string, unknown>,
  { query, resource }: BoundQuery,
  models: ReadModels,
): Promise<Filter<Stored>> => {
  const { db, ask, answerWithin } = models;
  if (permit.kind === 'all') return {};
  const { own, within } = permit;
  if (isPermitted(permit, inPath)) return {};
  if (resource) {
    await awaitPosition(req, res, [resource.view], models);
    const named = byPath(resource, inPath);
    const document = await ask(() => db.collection<Stored>(resource.view).findOne(named, { maxTimeMS: answerWithin }));
    if (!document || !isPermitted(permit, document)) throw new ProblemError(problems.notFound());
    if (within && isPermitted({ kind: 'some', within }, document))
      return { [`data.${within.field}`]: { $in: [...within.values] } };
    // An id may be used again: the events of its earlier owner name another person.
    return Object.fromEntries(own!.fields.map((field) => [`data.${field}`, { $in: [own!.id, null] }]));
  }
  const ownField = own?.fields.find((name) => Object.hasOwn(query.filters, name));
  if (own && ownField !== undefined && (!given.has(ownField) || given.get(ownField) === own.id)) {
    given.set(ownField, own.id);
    return {};
  }
  if (within && !Object.hasOwn(inPath, within.field) && Object.hasOwn(query.item.properties, within.field)) {
    if (!given.has(within.field)) return { [within.field]: { $in: [...within.values] } };
    if (within.values.includes(given.get(within.field) as string)) return {};
  }
  throw new ProblemError(problems.forbidden());
};

/** Public answers may be cached and revalidated; personal data must not stay in caches. */
const cachingOf = (rule: Rule, { personal = [] }: QuerySchema) => ({
  'Cache-Control': rule.anyone === 'all' && personal.length === 0 ? 'no-cache' : 'no-store',
});

const answerList = (bound: BoundQuery, models: ReadModels): RequestHandler => {
  const { name, query, rule, resource } = bound;
  const caching = cachingOf(rule, query);
  const readPath = pathReader(query);
  const toItem = itemOf(query);
  const collection = models.db.collection<Stored>(query.view);
  const { sorts } = query;
  const known = new Map([...pageParameters, ...listTexts(query)]);
  const checks = new Map(sorts.map((sort) => [sort, valueChecker(query.item.properties[sort]!)]));

  const orderingOf = (sort: string): Ordering => {
    // A history is sorted by position, which is its _id.
    const field = sort === '' || resource ? '_id' : sort.replace(/^-/, '');
    return { field, direction: sort.startsWith('-') ? -1 : 1 };
  };
  const isValueOf = ({ field }: Ordering) => {
    if (field === '_id') return (value: unknown) => value === null;
    if (field === CLOSED) return (value: unknown) => typeof value === (query.closedBy ? 'string' : 'boolean');
    if (field.startsWith(FOLDED)) return (value: unknown) => typeof value === 'string';
    return (value: unknown) => checks.get(field)!(value) === undefined;
  };

  return async (req, res) => {
    const inPath = readPath(req.params);
    const given = readAll(queryOf(req.url), known);
    const { permit, personal } = permitted(res);
    const narrowed = await narrow(req, res, permit, inPath, given, bound, models);
    const page = takePage(given);
    const { ways, isCounted } = takeChoice(given, query, models.timeZone);
    const { sort = ways[0].order ?? '' } = Object.fromEntries(given) as { sort?: string };
    const isSorted = given.delete('sort');
    const ordering = orderingOf(sort);
    const parts = ways.map(({ conditions, order }): Part => {
      const fields: Filter<Stored> = allOf(filterOf(bound, inPath), equalTo(given), narrowed, conditions);
      // A deleted document has no fields, so that only a list without a filter could show it.
      const filter = Object.keys(fields).length > 0 ? fields : { _deleted: { $exists: false } };
      return { filter, field: isSorted ? ordering.field : (order ?? ordering.field) };
    });
    const question = JSON.stringify([name, sort, Object.entries(parts[0]!.filter).sort()]);
    const { answerWithin, cursors } = models;
    const place = await fromViews(placeOf(cursors, question, page, isValueOf(ordering)), answerWithin);

    const headers = await awaitPosition(req, res, viewsOf(query), models);
    const counting = { limit: MAX_COUNT, maxTimeMS: answerWithin };
    const [{ documents, next }, counts] = await Promise.all([
      models.ask(() =>
        readPage(cursors, collection, {
          question,
          parts,
          direction: ordering.direction,
          limit: page.limit,
          place,
          maxTimeMS: answerWithin,
        }),
      ),
      isCounted
        ? models.ask(() => Promise.all(parts.map(({ filter }) => collection.countDocuments(filter, counting))))
        : undefined,
    ]);
    const count =
      counts &&
      Math.min(
        counts.reduce((sum, each) => sum + each, 0),
        MAX_COUNT,
      );
    const links = [res.getHeader('Link'), next && nextLink(req.originalUrl, next)].filter(Boolean);
    const link: Record<string, string> = links.length > 0 ? { Link: links.join(', ') } : {};
    const shown = await models.ask(() => completed(query, collection, documents, models));
    const items = shown.map((document) => seenBy(permit, document, toItem(document, personal)));
    await sendTaggedJson(req, res, { items, next, count }, { ...headers, ...caching, ...link });
  };
};

/** Returns a link to the same request with another cursor (RFC 8288). */
export const nextLink = (target: string, cursor: string): string => {
  const parameters = new URLSearchParams([...queryOf(target)].map(([name, text]) => [name, text]));
  const [path] = target.split('?');
  parameters.set('cursor', cursor);
  return `<${path}?${parameters}>; rel="next"`;
};

/** Returns the routes of every query of the contexts, and of the history of each of their resources. */
export const queryRoutes = (contexts: readonly ReadContext[], models: ReadModels, identify?: Identify): Router => {
  const router = Router({ caseSensitive: true });
  for (const bound of contexts.flatMap(bindAll)) {
    const answer = bound.query.answer === 'one' ? answerOne(bound, models) : answerList(bound, models);
    router.get(expressPath(bound.query.path), admit(identify, bound.rule, bound.context), (req, res, next) => {
      Promise.resolve(answer(req, res, next))
        .catch(unlessGone)
        .catch(next);
    });
  }
  return router;
};
