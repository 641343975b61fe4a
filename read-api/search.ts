import { Router } from 'express';
import type { Document, Filter } from 'mongodb';
import { sendTaggedJson } from '../platform/http/conditional.ts';
import { pageParameters, placeOf, readPage, type Stored, takePage } from '../platform/http/pages.ts';
import { queryOf, readAll, readText } from '../platform/http/parameters.ts';
import { ProblemError, problems } from '../platform/http/problem.ts';
import { wrongAt } from '../platform/http/validation.ts';
import { type Admitted, permitted } from '../platform/identity/caller.ts';
import { ruleOf } from '../schemas/access.ts';
import { type ContextSchema, parameterNames, type ViewQuery } from '../schemas/kernel/context.ts';
import { type Found, SEARCH, SearchText } from '../schemas/kernel/found.ts';
import { beginsWith, FOLDED, type FoldedText, folded, foldedPath, searchedTexts } from '../schemas/kernel/search.ts';
import { completed, itemOf, nextLink, type ReadModels } from './kernel/queries.ts';
import { awaitPosition, unlessLeft } from './kernel/reading.ts';
import { type Sight, sightOf } from './kernel/scope.ts';

/** A text of the documents of a query: its matches are in the order of an index. */
type Source = {
  schema: ContextSchema;
  name: string;
  query: ViewQuery;
  text: FoldedText;
  /** The texts of the same documents that are searched before it. */
  before: readonly FoldedText[];
};

/** Names come first, then plates, then phone numbers, then ids. */
const KINDS = ['name', 'plate', 'phone', 'id'] as const;

const sourcesOf = (contexts: readonly ContextSchema[]): Source[] =>
  KINDS.flatMap((kind) =>
    contexts.flatMap((schema) =>
      Object.entries(schema.queries).flatMap(([name, query]) => {
        const fields = Object.entries(query.search ?? {}).sort(
          ([, one], [, other]) => KINDS.indexOf(one) - KINDS.indexOf(other),
        );
        const texts = fields.flatMap(([field, its]) => searchedTexts(field, its).map((text) => ({ text, its })));
        return texts.flatMap(({ text, its }, at) =>
          its === kind ? [{ schema, name, query, text, before: texts.slice(0, at).map((each) => each.text) }] : [],
        );
      }),
    ),
  );

/** Returns the filter for the matches of a source that a caller sees; undefined for none. */
const filterOf = (
  { schema, name, text }: Source,
  typed: string,
  sight: Sight,
  caller: Admitted['caller'],
): Filter<Stored> | undefined => {
  const rule = ruleOf(schema, name);
  const seen = sight.filter(schema.name);
  const isAllowed = !caller || rule.anyone === 'all' || caller.roles.some((role) => rule[role] === 'all');
  const prefix = text.asked(typed);
  if (!seen || !isAllowed || prefix === undefined) return undefined;
  return { ...seen, [foldedPath(text.name)]: beginsWith(prefix) } as Filter<Stored>;
};

/** Returns the documents that none of the earlier texts has found. */
const newOf = ({ before }: Source, typed: string, documents: Stored[]): Stored[] => {
  const earlier = before.flatMap(({ name, asked }) => {
    const prefix = asked(typed);
    return prefix === undefined ? [] : [{ name, prefix }];
  });
  return documents.filter(
    ({ [FOLDED]: texts }) => !earlier.some(({ name, prefix }) => texts?.[name]?.startsWith(prefix)),
  );
};

const pathOf = ({ path }: ViewQuery, item: Document): string =>
  parameterNames(path).reduce((filled, name) => filled.replace(`{${name}}`, encodeURIComponent(item[name])), path);

/** A cursor is the number of the source in which a page begins and, within it, the cursor of the page. */
const CURSOR = /^(\d{1,3})(?:-(.+))?$/;

/**
 * GET /control-center/search: documents of every context by the beginning of a word of a name, a plate, a phone number
 * or an id, one text after the other. Each is stored with its document by the projection of its view, so that a replay
 * makes it again and an erasure of the document takes it away.
 */
export const searchRoutes = (contexts: readonly ContextSchema[], models: ReadModels): Router => {
  const router = Router({ caseSensitive: true });
  const sources = sourcesOf(contexts);
  const views = [...new Set(sources.map(({ query }) => query.view))];
  const { db, ask, cursors, answerWithin } = models;
  const known = new Map([
    ...pageParameters,
    ['q', readText(SearchText)] as const,
    ['context', (text: string) => (contexts.some(({ name }) => name === text) ? { value: text } : UNKNOWN)] as const,
  ]);

  const foundBy = async ({ schema, name, query }: Source, documents: Stored[]): Promise<Found[]> => {
    const toItem = itemOf(query);
    const whole = await completed(query, db.collection<Stored>(query.view), documents, models);
    return whole.map((document) => {
      const item = toItem(document, { kind: 'all' });
      return { context: schema.name, kind: name, path: pathOf(query, item), item };
    });
  };

  router.get(
    SEARCH,
    unlessLeft(async (req, res) => {
      const given = readAll(queryOf(req.url), known);
      const page = takePage(given);
      const { q, context } = Object.fromEntries(given) as { q?: string; context?: string };
      if (q === undefined) throw new ProblemError(problems.invalid([wrongAt(['q'], 'is required')]));
      if (folded(q) === '') throw new ProblemError(problems.invalid([wrongAt(['q'], 'must not be blank')]));
      const [, first, within] = CURSOR.exec(page.cursor ?? '0') ?? [];
      if (first === undefined) throw new ProblemError(problems.invalid([wrongAt(['cursor'], 'is not a cursor')]));
      const headers = await awaitPosition(req, res, views, models, true);
      const sight = sightOf(res, contexts);
      const { caller } = permitted(res);
      const items: Found[] = [];
      let next: string | undefined;
      await ask(async () => {
        for (let at = Number(first); at < sources.length && next === undefined; at++) {
          const source = sources[at]!;
          if (context !== undefined && source.schema.name !== context) continue;
          const filter = filterOf(source, q, sight, caller);
          if (!filter) continue;
          const limit = page.limit - items.length;
          const collection = db.collection<Stored>(source.query.view);
          if (limit === 0) {
            if (await collection.findOne(filter, { maxTimeMS: answerWithin })) next = String(at);
            continue;
          }
          const question = JSON.stringify([SEARCH, folded(q), context, at]);
          const cursor = at === Number(first) ? within : undefined;
          const place = await placeOf(cursors, question, { limit, cursor }, (value) => typeof value === 'string');
          const found = await readPage(cursors, collection, {
            question,
            parts: [{ filter, field: foldedPath(source.text.name) }],
            direction: 1,
            limit,
            place,
            maxTimeMS: answerWithin,
          });
          items.push(...(await foundBy(source, newOf(source, q, found.documents))));
          if (found.next !== undefined) next = `${at}-${found.next}`;
        }
      });
      const link: Record<string, string> = next === undefined ? {} : { Link: nextLink(req.originalUrl, next) };
      await sendTaggedJson(req, res, { items, next }, { ...headers, 'Cache-Control': 'no-store', ...link });
    }),
  );
  return router;
};

const UNKNOWN = { wrong: 'must be the name of a context' };
