import type { Document } from 'mongodb';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { START, type StoredEvent } from '../../platform/event-store/types.ts';
import { startTestStores, storedEvent } from '../../platform/subscriptions/testing.ts';
import { contextSchemas, projectionsOf, writeSidesOf } from '../../programs/contexts.ts';
import { exampleOf } from '../../schemas/kernel/examples.ts';
import { documentName, historyView } from '../../schemas/kernel/history.ts';
import { CUSTOMER_ERASED } from '../../schemas/kernel/personal.ts';
import { FOLDED } from '../../schemas/kernel/search.ts';
import { policyWorld } from '../../write-side/policies/testing.ts';
import { pastOf } from './as-of.ts';
import { projected } from './events.ts';
import type { AnyEvent, Projection } from './projection.ts';
import { buildAt } from './rebuild.ts';
import { fold, type ViewDocument } from './writer.ts';

const COMMANDS = 12_000;
/** Commands after which other resources take the place of those that were closed. */
const EPOCH = 400;
const POINTS = 1_000;
/** Points at which all views are built, and the events before the last one; `POINTS=1000` for a long run. */
const BUILDS = Number(process.env.POINTS ?? 2);
const STORED = BUILDS > 2 ? 1_500 : 250;

type Message = { type: string; data: object };

/** Always the same numbers, unless SEED is another. */
const seed = Number(process.env.SEED ?? 1);
let state = seed;
const below = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const oneOf = <Item>(items: readonly Item[]): Item => items[below(items.length)]!;

let epoch = 0;
const someId = (kind: string): string => `${kind}-${epoch}-${below(3)}`;

/** Few ids, so that commands meet. */
const filled = (name: string, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((each) => filled(name, each));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([field, part]) => [field, filled(field, part)]));
  if (name === 'couponId') return `${someId('lot')}.${someId('reservation')}`;
  return typeof value === 'string' && name.endsWith('Id') ? someId(name.slice(0, -2)) : value;
};

/** The events of random commands in all contexts, and of the policies and timers that react to them. */
const randomHistory = async () => {
  const names = contextSchemas.map(({ name }) => name);
  const contexts = await writeSidesOf(names);
  const policies = contexts.flatMap((context) => context.policies);
  const timers = contexts.flatMap(({ timers: own = [] }) => own);
  const world = policyWorld(contexts, policies, timers);
  const commands = contexts.flatMap(({ schema, deciders }) =>
    deciders.flatMap((decider) => decider.commands.map((type) => ({ type, schema: schema.commands[type]!.data }))),
  );
  for (let count = 0; count < COMMANDS; count++) {
    epoch = Math.floor(count / EPOCH);
    const { type, schema } = oneOf(commands);
    try {
      world.give({ type, data: filled('', exampleOf(schema)) as object });
    } catch {
      // It needs values that its steps prepare.
    }
    if (below(20) === 0) world.settle();
    world.pass(below(60_000));
  }
  world.settle();
  return world.log;
};

let projections: readonly Projection[];
let events: { context: string; event: AnyEvent }[];
let foldingViews: readonly Projection[];

beforeAll(async () => {
  projections = await projectionsOf(
    contextSchemas.map(({ name }) => name),
    'Asia/Seoul',
  );
  foldingViews = projections.filter(({ evolve }) => evolve !== undefined);
  const owners = new Map(contextSchemas.flatMap((schema) => Object.keys(schema.events).map((type) => [type, schema])));
  events = (await randomHistory()).map(({ type, data, stream, revision, time }: Message & Document, at) => {
    const schema = owners.get(type)!;
    // As the store and MongoDB keep it.
    const stored = storedEvent(10 * (at + 1), type, JSON.parse(JSON.stringify(data)), stream);
    const metadata = { ...stored.metadata, time, schemaVersion: schema.events[type]!.version };
    return { context: schema.name, event: projected(schema, { ...stored, revision, metadata }) };
  });
}, 120_000);

/** An event that the view cannot handle is parked: random commands of policies are not always possible. */
const after = (view: Projection, key: string, before: ViewDocument | undefined, event: AnyEvent) => {
  try {
    return fold(view, key, before, [event]);
  } catch {
    return before;
  }
};

describe('a document as of an earlier moment', () => {
  test(`equals a replay that stopped there, at ${POINTS} random points of a random history (SEED=${seed})`, () => {
    expect(events.length).toBeGreaterThan(POINTS * 2);
    expect(new Set(events.map(({ event }) => event.type)).size).toBeGreaterThan(50);
    const { fold: foldEntries } = pastOf(projections);
    const histories = new Map(projections.map((projection) => [projection.name, projection]));
    const replayed = new Map<string, { view: string; key: string; document: ViewDocument | undefined }>();
    const entries = new Map<string, Document[]>();
    const points = new Set<number>();
    while (points.size < POINTS) points.add(below(events.length));
    const seen = new Set<string>();
    for (const [at, { context, event }] of events.entries()) {
      const changed: string[] = [];
      for (const view of foldingViews) {
        if (view.context.name !== context || !view.events.includes(event.type)) continue;
        const key = view.key!(event);
        if (key === null) continue;
        const name = documentName(view.name, key);
        replayed.set(name, { view: view.name, key, document: after(view, key, replayed.get(name)?.document, event) });
        changed.push(name);
      }
      const entry = JSON.parse(JSON.stringify(histories.get(historyView({ name: context }))!.document!(event)));
      for (const name of entry.documents) entries.set(name, [...(entries.get(name) ?? []), entry]);
      if (!points.has(at)) continue;
      const others = Array.from({ length: 20 }, () => oneOf([...replayed.keys()]));
      for (const name of new Set([...changed, ...others])) {
        const { view, key, document } = replayed.get(name)!;
        if (view.endsWith('.activity') || view.endsWith('.report')) continue;
        expect(foldEntries(view, key, entries.get(name) ?? []), `${name} at ${event.position.commit}`).toEqual(
          document,
        );
        seen.add(view);
      }
    }
    expect(seen.size).toBeGreaterThan(15);
  });
});

describe('views that are built up to an earlier moment', () => {
  type Documents = Map<string, Map<string, ViewDocument>>;

  /** Applies an event to the documents of every view. @throws what a view throws, before anything has changed */
  const apply = (documents: Documents, event: AnyEvent): void => {
    const changes = foldingViews.flatMap((view) => {
      const key = view.events.includes(event.type) ? view.key!(event) : null;
      return key === null ? [] : [{ view, key, next: fold(view, key, documents.get(view.name)?.get(key), [event]) }];
    });
    for (const { view, key, next } of changes) if (next) documents.get(view.name)!.set(key, next);
  };
  const noDocuments = (): Documents => new Map(foldingViews.map(({ name }) => [name, new Map()]));

  /** Returns events that every view can handle: a build fails at others. */
  const possible = (): AnyEvent[] => {
    const documents = noDocuments();
    const found: AnyEvent[] = [];
    for (const { event } of events) {
      if (found.length === STORED) break;
      if (event.type === CUSTOMER_ERASED) continue;
      try {
        apply(documents, event);
        found.push(event);
      } catch {}
    }
    return found;
  };

  test(`have every document of a replay that stopped there, at ${BUILDS} random points (POINTS=1000, SEED=${seed})`, {
    timeout: 120_000 + BUILDS * 30_000,
  }, async () => {
    const { client, append, newDb, stop } = await startTestStores();
    onTestFinished(stop);
    const { signal } = new AbortController();
    const schemas = new Map(
      contextSchemas.flatMap((schema) => Object.keys(schema.events).map((type) => [type, schema])),
    );
    for (const { stream, type, data } of possible())
      await append(stream, { type, data: data as object, schemaVersion: schemas.get(type)!.events[type]!.version });
    const stored: StoredEvent[] = [];
    for await (const { events: some, live } of pullBatches({ client, from: START, maxBatch: 1_000, signal })) {
      stored.push(...some);
      if (live) break;
    }
    expect(stored).toHaveLength(STORED);

    const points = new Set([STORED - 1]);
    while (points.size < BUILDS) points.add(below(STORED));
    const documents = noDocuments();
    const seen = new Set<string>();
    for (const [at, event] of stored.entries()) {
      apply(documents, projected(schemas.get(event.type)!, event));
      if (!points.has(at)) continue;
      const db = newDb();
      const position = event.position.commit;
      const built = await buildAt({ client, db, projections: foldingViews, signal }, position);
      for (const { view, collection } of built!) {
        const found = await db.collection<ViewDocument>(collection).find().toArray();
        const plain = found.map(({ [FOLDED]: _texts, ...document }) => [document._id, document] as const);
        expect(new Map(plain), `${view} at ${position}`).toEqual(documents.get(view));
        if (plain.length > 1) seen.add(view);
      }
      await db.dropDatabase();
    }
    expect(seen.size).toBeGreaterThan(15);
  });
});
