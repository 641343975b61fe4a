import { type Db, MongoBulkWriteError, MongoNetworkError, MongoServerError } from 'mongodb';
import { compileFilter, equalities } from '../../../embedded/mongo/match.ts';
import { compileProjection } from '../../../embedded/mongo/project.ts';
import { type Doc, keyOf } from '../../../embedded/mongo/values.ts';
import type { Network } from '../network.ts';
import type { Process } from '../scheduler.ts';
import type { World } from '../world.ts';
import { frozen } from './frozen.ts';

/** Documents in memory, with the embedded store's filters, orders and projections. They survive every process. */
export type SimulatedDocuments = {
  /** Returns a database for a process; its calls travel through the network. */
  dbFor(process: Process): Db;
  /** Returns the documents of a collection in the order of `_id`. */
  read(collection: string): Doc[];
  /** Returns the documents of every collection. */
  readAll(): Doc[];
  /**
   * Copies everything except the keys of personal data, which have backups of their own.
   * @returns a function that goes back to the copy; the documents do not answer meanwhile
   */
  copy(): (awayFor: number) => void;
  /** Sets the store's clock ahead of the world's. */
  setClock(ahead: number): void;
};

/** A collection; its documents are frozen. */
type Collection = { id: number; documents: Map<unknown, Doc> };

const DUPLICATE_KEY = 11000;
const NAMESPACE_NOT_FOUND = 26;

type Update = Readonly<Record<string, Doc>>;

const MODIFIERS: Readonly<Record<string, (document: Doc, name: string, operand: unknown, isNew: boolean) => void>> = {
  $set: (document, name, operand) => {
    document[name] = operand;
  },
  $setOnInsert: (document, name, operand, isNew) => {
    if (isNew) document[name] = operand;
  },
  $unset: (document, name) => {
    delete document[name];
  },
  $inc: (document, name, operand) => {
    document[name] = ((document[name] as number | undefined) ?? 0) + (operand as number);
  },
};

const modify = (document: Doc, update: Update, isNew: boolean): Doc => {
  for (const [operator, fields] of Object.entries(update)) {
    const modifier = MODIFIERS[operator];
    if (!modifier) throw new Error(`the simulated documents know no ${operator}`);
    for (const [name, operand] of Object.entries(fields)) {
      if (name.includes('.')) throw new Error(`the simulated documents do not update the path ${name}`);
      modifier(document, name, operand, isNew);
    }
  }
  return document;
};

const serverError = (code: number, message: string) => new MongoServerError({ message, errmsg: message, code });

type Counts = { insertedCount: number; matchedCount: number; deletedCount: number; upsertedCount: number };
type Options = { upsert?: boolean; ordered?: boolean; projection?: Doc };
type Order = Readonly<Record<string, 1 | -1>>;
type Wanted = { filter: Doc; projection: Doc; order: Order; skip: number; limit: number };

export const createDocuments = (world: World, network: Network): SimulatedDocuments => {
  const collections = new Map<string, Collection>();
  let made = 0;
  let awayUntil = 0;
  let ahead = 0;

  const of = (name: string): Collection => {
    const found = collections.get(name) ?? { id: ++made, documents: new Map() };
    collections.set(name, found);
    return found;
  };

  /** Returns the documents that a filter matches: those of one or several ids without a look at the others. */
  const matching = (name: string, filter: Doc): Doc[] => {
    const found = collections.get(name)?.documents;
    if (!found) return [];
    const { _id, ...others } = filter;
    const ids = typeof _id === 'string' ? [_id] : (_id as { $in?: unknown[] } | undefined)?.$in;
    const candidates = ids
      ? ids.map((id) => found.get(id)).filter((document) => document !== undefined)
      : [...found.values()];
    for (const _field in ids ? others : filter) return candidates.filter(compileFilter(filter));
    return candidates;
  };

  const find = (name: string, { filter, projection, order, skip, limit }: Wanted): Doc[] => {
    const found = matching(name, filter);
    const fields = Object.entries(order);
    if (fields.length > 0)
      found.sort((a, b) => {
        for (const [field, way] of fields) {
          const compared = Buffer.compare(keyOf(a[field]), keyOf(b[field]));
          if (compared !== 0) return compared * way;
        }
        return 0;
      });
    const shown = compileProjection(projection);
    const page = found.slice(skip, limit > 0 ? skip + limit : undefined);
    return shown ? page.map(shown) : page;
  };

  const insert = (name: string, given: Doc): void => {
    const { documents } = of(name);
    const { _id = `${++made}` } = given;
    if (documents.has(_id)) throw serverError(DUPLICATE_KEY, `E11000 duplicate key in ${name}`);
    documents.set(_id, Object.freeze({ ...given, _id }));
  };

  const update = (
    name: string,
    filter: Doc,
    change: Doc,
    { upsert = false }: Options,
    many: boolean,
  ): Partial<Counts> => {
    const isReplacement = !Object.keys(change)[0]?.startsWith('$');
    const found = matching(name, filter);
    const changed = many ? found : found.slice(0, 1);
    for (const document of changed) {
      const { documents } = of(name);
      const { _id } = document;
      const after = isReplacement ? { ...change, _id } : modify({ ...document }, change as Update, false);
      documents.set(_id, Object.freeze(after));
    }
    if (changed.length > 0 || !upsert) return { matchedCount: changed.length };
    const begun = Object.fromEntries(equalities(filter));
    insert(name, isReplacement ? { ...begun, ...change } : modify(begun, change as Update, true));
    return { upsertedCount: 1 };
  };

  const remove = (name: string, filter: Doc, many: boolean): Partial<Counts> => {
    const found = matching(name, filter);
    const removed = many ? found : found.slice(0, 1);
    for (const { _id } of removed) collections.get(name)?.documents.delete(_id);
    return { deletedCount: removed.length };
  };

  type Operation = Readonly<
    Record<string, { filter?: Doc; update?: Doc; replacement?: Doc; document?: Doc } & Options>
  >;

  const write = (name: string, operation: Operation): Partial<Counts> => {
    const [[kind, given]] = Object.entries(operation) as [[string, Operation[string]]];
    const { filter = {}, document = {}, replacement = {}, update: change = {} } = given;
    switch (kind) {
      case 'insertOne':
        insert(name, document);
        return { insertedCount: 1 };
      case 'updateOne':
      case 'updateMany':
        return update(name, filter, change, given, kind === 'updateMany');
      case 'replaceOne':
        return update(name, filter, replacement, given, false);
      case 'deleteOne':
      case 'deleteMany':
        return remove(name, filter, kind === 'deleteMany');
      default:
        throw new Error(`the simulated documents know no ${kind}`);
    }
  };

  const writeAll = (name: string, operations: readonly Operation[], { ordered = true }: Options): Counts => {
    const counts: Counts = { insertedCount: 0, matchedCount: 0, deletedCount: 0, upsertedCount: 0 };
    const writeErrors: { code: number; index: number }[] = [];
    for (const [index, operation] of operations.entries()) {
      try {
        const done = write(name, operation);
        for (const kind of Object.keys(done) as (keyof Counts)[]) counts[kind] += done[kind] ?? 0;
      } catch (error) {
        if (!(error instanceof MongoServerError)) throw error;
        writeErrors.push({ code: error.code as number, index });
        if (ordered) break;
      }
    }
    const [first] = writeErrors;
    if (!first) return counts;
    const failure = { message: 'E11000 duplicate key', code: first.code, writeErrors };
    throw new MongoBulkWriteError(failure as never, counts as never);
  };

  const dbFor = (process: Process): Db => {
    const call = <Answer>(what: string, execute: () => Answer): Promise<Answer> =>
      network.call(
        process,
        what,
        () => {
          if (world.time < awayUntil) throw new MongoNetworkError('stopped');
          return execute();
        },
        () => new MongoNetworkError('simulated'),
      );

    const cursor = (name: string, wanted: Wanted) => {
      let read: Promise<Doc[]> | undefined;
      const all = () => {
        read ??= call(`find ${name}`, () => find(name, wanted));
        return read;
      };
      const next = (change: Partial<Wanted>) => cursor(name, { ...wanted, ...change });
      return {
        sort: (order: Order) => next({ order }),
        limit: (limit: number) => next({ limit }),
        skip: (skip: number) => next({ skip }),
        project: (projection: Doc) => next({ projection }),
        batchSize: () => next({}),
        toArray: all,
        next: async () => (await all()).shift() ?? null,
        async *[Symbol.asyncIterator]() {
          yield* await all();
        },
      };
    };

    const updating =
      (kind: string, many: boolean) =>
      (name: string) =>
      (filter: Doc, change: Doc, options: Options = {}) => {
        const [wanted, sent] = frozen([filter, change] as const);
        return call(`${kind} ${name}`, () => ({ ...NOTHING, ...update(name, wanted, sent, options, many) }));
      };
    const [updateOne, updateMany, replaceOne] = [
      updating('update', false),
      updating('update', true),
      updating('replace', false),
    ];

    const collection = (name: string) => ({
      collectionName: name,
      find: (filter: Doc = {}, { projection = {} }: Options = {}) =>
        cursor(name, { filter: frozen(filter), projection, order: {}, skip: 0, limit: 0 }),
      findOne: async (filter: Doc = {}, { projection = {} }: Options = {}) =>
        (await cursor(name, { filter: frozen(filter), projection, order: {}, skip: 0, limit: 1 }).next()) ?? null,
      countDocuments: (filter: Doc = {}) => call(`count ${name}`, () => matching(name, filter).length),
      insertOne: (document: Doc) => {
        const sent = frozen(document);
        return call(`insert ${name}`, () => insert(name, sent));
      },
      insertMany: (documents: Doc[], options: Options = {}) => {
        const sent = documents.map((document) => ({ insertOne: { document: frozen(document) } }));
        return call(`insert ${name}`, () => writeAll(name, sent, options));
      },
      updateOne: updateOne(name),
      updateMany: updateMany(name),
      replaceOne: replaceOne(name),
      deleteOne: (filter: Doc) => call(`delete ${name}`, () => remove(name, filter, false)),
      deleteMany: (filter: Doc) => call(`delete ${name}`, () => remove(name, filter, true)),
      bulkWrite: (operations: Operation[], options: Options = {}) => {
        const sent = frozen(operations);
        return call(`bulk ${name}`, () => writeAll(name, sent, options));
      },
      createIndex: async () => '',
      createIndexes: async () => [],
      indexes: async () => [],
      dropIndex: async () => {},
    });

    const client = {};
    const db = {
      client,
      databaseName: 'plaza',
      collection,
      command: (given: Doc) =>
        call(Object.keys(given)[0]!, () => ({ ok: 1, localTime: new Date(world.now() + ahead) })),
      createCollection: (name: string) => call(`create ${name}`, () => void of(name)),
      dropCollection: (name: string) => call(`drop ${name}`, () => collections.delete(name)),
      renameCollection: (from: string, to: string, { dropTarget = false } = {}) =>
        call(`rename ${from}`, () => {
          const found = collections.get(from);
          if (!found) throw serverError(NAMESPACE_NOT_FOUND, `${from} does not exist`);
          if (collections.has(to) && !dropTarget) throw serverError(48, 'target namespace exists');
          collections.delete(from);
          collections.set(to, found);
        }),
      listCollections: () => ({
        toArray: () =>
          call('list collections', () =>
            [...collections].map(([name, { id }]) => ({
              name,
              type: 'collection',
              info: { uuid: { toString: () => `${id}` } },
            })),
          ),
      }),
    };
    return db as unknown as Db;
  };

  const isCopied = (name: string) => !name.endsWith('_keys');

  return {
    dbFor,
    copy() {
      const copied = [...collections]
        .filter(([name]) => isCopied(name))
        .map(([name, { id, documents }]) => [name, { id, documents: new Map(documents) }] as const);
      return (awayFor) => {
        awayUntil = world.time + awayFor;
        for (const name of [...collections.keys()].filter(isCopied)) collections.delete(name);
        for (const [name, { id, documents }] of copied) collections.set(name, { id, documents: new Map(documents) });
      };
    },
    setClock(milliseconds) {
      world.note(`the clock of the documents is ${milliseconds.toFixed()} ms ahead`);
      ahead = milliseconds;
    },
    readAll: () => [...collections.values()].flatMap(({ documents }) => [...documents.values()]),
    read: (name) => find(name, { filter: {}, projection: {}, order: { _id: 1 }, skip: 0, limit: 0 }),
  };
};

const NOTHING: Counts = { insertedCount: 0, matchedCount: 0, deletedCount: 0, upsertedCount: 0 };
