import { Binary, Int32, Long } from 'bson';
import { aggregate, splitPipeline } from './aggregate.ts';
import type { Cursors } from './cursors.ts';
import { CommandError, notImplemented } from './errors.ts';
import { truthy } from './expressions.ts';
import { buildIndexes } from './index-build.ts';
import { compileFilter } from './match.ts';
import { type KeyField, valuesAt } from './paths.ts';
import { plainReplacement } from './plain.ts';
import { compileProjection } from './project.ts';
import { countMatches, documents, type Query, run, sortFields } from './query.ts';
import type { Collection, Index, IndexSpec, Storage } from './storage.ts';
import { compileUpdate, isReplacement } from './update.ts';
import { type Doc, decode, encode, isDoc, keyOf, toNumber } from './values.ts';
import { type CursorBatch, MAX_DOCUMENT_BYTES, MAX_MESSAGE_BYTES } from './wire.ts';
import { bulk, changeAll, changeFirst, insertOne, insertUpserted, replacePlain, updateRow } from './writes.ts';

export type Context = { storage: Storage; cursors: Cursors; log: (line: string) => void };
export type Reply = { doc: Doc } | { cursor: CursorBatch };

type Handler = (context: Context, db: string, command: Doc) => Reply | Doc | Promise<Reply | Doc>;

/** What a command is answered with, once what it wrote is on disk. @throws CommandError */
export async function execute(context: Context, command: Doc): Promise<Reply> {
  const name = Object.keys(command)[0] ?? '';
  const db = command.$db;
  if (typeof db !== 'string') throw new CommandError(40571, 'OP_MSG requests require a $db argument');
  const handler = Object.hasOwn(HANDLERS, name) ? HANDLERS[name] : undefined;
  if (handler === undefined) throw new CommandError(59, `no such command: '${name}'`);
  if ('txnNumber' in command || 'startTransaction' in command || 'autocommit' in command) {
    throw new CommandError(20, 'Transaction numbers are only allowed on a replica set member or mongos');
  }
  if ('collation' in command) throw notImplemented('collation');
  const failures = context.storage.failures();
  const reply = await context.storage.atWorkOn(() => handler(context, db, command));
  await context.storage.settled(failures);
  return 'cursor' in reply && isBatch(reply.cursor)
    ? { cursor: reply.cursor }
    : { doc: { ...('doc' in reply && Object.keys(reply).length === 1 ? (reply.doc as Doc) : reply), ok: 1 } };
}

const isBatch = (value: unknown): value is CursorBatch => isDoc(value) && 'part' in value && 'batch' in value;

// --- arguments -------------------------------------------------------------------------------------------------------

function nameIn(db: string, command: Doc): string {
  const name = command[Object.keys(command)[0] as string];
  if (typeof name !== 'string') throw new CommandError(73, 'collection name has invalid type');
  return checkName(db, name);
}

function checkName(db: string, name: string): string {
  if (db === '' || db.length > 63 || /[/\\. "$*<>:|?\0]/.test(db))
    throw new CommandError(73, `Invalid namespace specified '${db}.${name}'`);
  if (name === '' || name.length > 200 || /[$\0]|^\.|\.$/.test(name) || name.startsWith('system.')) {
    throw new CommandError(73, `Invalid namespace specified '${db}.${name}'`);
  }
  return name;
}

function docArgument(command: Doc, name: string): Doc | undefined {
  const value = command[name];
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw new CommandError(14, `BSON field '${name}' is the wrong type, expected type 'object'`);
  return value;
}

function numberArgument(command: Doc, name: string, otherwise: number): number {
  const value = command[name];
  if (value === undefined) return otherwise;
  const number = toNumber(value);
  if (number === undefined) throw new CommandError(14, `BSON field '${name}' is the wrong type, expected a number`);
  if (!Number.isInteger(number) || number < 0)
    throw new CommandError(2, `BSON field '${name}' value must be >= 0, actual value '${number}'`);
  return number;
}

function listArgument(command: Doc, name: string): unknown[] {
  const value = command[name];
  if (!Array.isArray(value)) throw new CommandError(40414, `BSON field '${name}' is missing but a required field`);
  if (value.length === 0)
    throw new CommandError(16, `Write batch sizes must be between 1 and 100000. Got 0 operations.`);
  return value;
}

function queryOf(command: Doc, filter = 'filter'): Query {
  return {
    filter: docArgument(command, filter) ?? {},
    sort: docArgument(command, 'sort'),
    skip: numberArgument(command, 'skip', 0),
    limit: numberArgument(command, 'limit', 0),
    hint: command.hint,
    maxTimeMS: numberArgument(command, 'maxTimeMS', 0),
  };
}

function refuse(command: Doc, names: string[]): void {
  const given = names.find((name) => command[name] !== undefined && command[name] !== false);
  if (given) throw notImplemented(`the option ${given}`);
}

// --- reading ---------------------------------------------------------------------------------------------------------

const FIRST_BATCH = 101;

async function find(context: Context, db: string, command: Doc): Promise<Reply> {
  const name = nameIn(db, command);
  refuse(command, ['tailable', 'awaitData', 'min', 'max', 'returnKey', 'showRecordId', 'let']);
  const query: Query = { ...queryOf(command), projection: docArgument(command, 'projection') };
  const collection = context.storage.find(db, name);
  const result = collection ? run(context.storage, collection, query) : nothing(query);
  const size = numberArgument(command, 'batchSize', FIRST_BATCH);
  return { cursor: await context.cursors.open(`${db}.${name}`, result, size, command.singleBatch === true) };
}

/** A query of a collection that is not there is still checked. */
function nothing(query: Query) {
  compileFilter(query.filter);
  sortFields(query.sort);
  if (query.projection) compileProjection(query.projection);
  return { ended: true, next: async () => [] };
}

async function getMore(context: Context, db: string, command: Doc): Promise<Reply> {
  if (!(command.getMore instanceof Long)) throw new CommandError(14, "BSON field 'getMore' must be of type long");
  const size = numberArgument(command, 'batchSize', 0) || Infinity;
  return { cursor: await context.cursors.more(command.getMore, `${db}.${String(command.collection)}`, size) };
}

function killCursors(context: Context, _db: string, command: Doc): Doc {
  const ids = listArgument(command, 'cursors').filter((id) => id instanceof Long);
  const killed = ids.filter((id) => context.cursors.kill(id));
  const missing = ids.filter((id) => !killed.includes(id));
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] };
}

async function aggregateCommand(context: Context, db: string, command: Doc): Promise<Reply> {
  if (!Array.isArray(command.pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array");
  const [first] = command.pipeline;
  if (isDoc(first) && '$changeStream' in first)
    throw new CommandError(40573, 'The $changeStream stage is only supported on replica sets');
  if (command.aggregate === 1 || command.aggregate instanceof Int32)
    throw notImplemented('an aggregation without a collection');
  const name = nameIn(db, command);
  if (command.explain) throw notImplemented('explain as an option of aggregate');
  if (!isDoc(command.cursor))
    throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  refuse(command, ['let']);
  const collection = context.storage.find(db, name);
  const lookup = (other: string) => context.storage.find(db, other);
  const counted = collection && (await countOnly(context, collection, command));
  const maxTimeMS = numberArgument(command, 'maxTimeMS', 0);
  const result =
    counted ?? aggregate({ storage: context.storage, lookup }, collection, command.pipeline, maxTimeMS, command.hint);
  const size = numberArgument(command.cursor, 'batchSize', FIRST_BATCH);
  return { cursor: await context.cursors.open(`${db}.${name}`, result, size, false) };
}

/** The pipeline of the drivers' countDocuments, answered without holding a document. */
async function countOnly({ storage }: Context, collection: Collection, command: Doc) {
  const { query, rest } = splitPipeline(command.pipeline as unknown[]);
  const asSent = JSON.stringify(rest);
  if (query.sort || asSent !== '[{"$group":{"_id":1,"n":{"$sum":1}}}]') return undefined;
  const count = await countMatches(storage, collection, {
    ...query,
    hint: command.hint,
    maxTimeMS: numberArgument(command, 'maxTimeMS', 0),
  });
  return count === 0 ? { ended: true, next: async () => [] } : single({ _id: new Int32(1), n: countValue(count) });
}

function single(doc: Doc) {
  let ended = false;
  return {
    get ended() {
      return ended;
    },
    async next() {
      ended = true;
      return [encode(doc)];
    },
  };
}

const countValue = (count: number) => (count < 2 ** 31 ? new Int32(count) : Long.fromNumber(count));

async function count({ storage }: Context, db: string, command: Doc): Promise<Doc> {
  const collection = storage.find(db, nameIn(db, command));
  const limit = Math.abs(toNumber(command.limit) ?? 0);
  const query = queryOf({ ...command, limit: new Int32(limit) }, 'query');
  compileFilter(query.filter);
  return { n: countValue(collection ? await countMatches(storage, collection, query) : 0) };
}

async function distinct({ storage }: Context, db: string, command: Doc): Promise<Doc> {
  const collection = storage.find(db, nameIn(db, command));
  const path = command.key;
  if (typeof path !== 'string')
    throw new CommandError(14, "BSON field 'distinct.key' is the wrong type, expected type 'string'");
  const query = queryOf(command, 'query');
  compileFilter(query.filter);
  const values = new Map<string, unknown>();
  let bytes = 0;
  if (collection) {
    for await (const doc of documents(run(storage, collection, query))) {
      for (const value of valuesAt(doc, path).flatMap((found) => (Array.isArray(found) ? found : [found]))) {
        const key = keyOf(value).toString('latin1');
        if (value === undefined || values.has(key)) continue;
        values.set(key, value);
        bytes += key.length;
        if (bytes > MAX_DOCUMENT_BYTES) throw new CommandError(17217, 'distinct too big, 16mb cap');
      }
    }
  }
  return { values: [...values.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value) };
}

async function explain(context: Context, db: string, command: Doc): Promise<Doc> {
  const inner = docArgument(command, 'explain') ?? {};
  const [name] = Object.keys(inner);
  if (name !== 'find' && name !== 'count' && name !== 'aggregate') throw notImplemented(`explain of ${name}`);
  const collectionName = checkName(db, String(inner[name]));
  const query =
    name === 'aggregate'
      ? splitPipeline(inner.pipeline as unknown[]).query
      : queryOf(inner, name === 'find' ? 'filter' : 'query');
  const collection = context.storage.find(db, collectionName);
  const namespace = `${db}.${collectionName}`;
  if (collection === undefined) return { queryPlanner: { namespace, winningPlan: { stage: 'EOF' } } };
  const query1 = run(context.storage, collection, query);
  const { access, sorted } = query1.plan;
  const source =
    access.index === undefined
      ? { stage: 'COLLSCAN', direction: access.reverse ? 'backward' : 'forward' }
      : {
          stage: 'FETCH',
          inputStage: {
            stage: 'IXSCAN',
            indexName: access.index === '_id_' ? '_id_' : access.index.name,
            keyPattern: access.index === '_id_' ? { _id: 1 } : Object.fromEntries(access.index.fields),
            isMultiKey: access.index !== '_id_' && access.index.multikey,
            direction: access.reverse ? 'backward' : 'forward',
          },
        };
  const winningPlan = sorted ? source : { stage: 'SORT', inputStage: source };
  const reply: Doc = { explainVersion: '1', queryPlanner: { namespace, winningPlan, rejectedPlans: [] } };
  if (command.verbosity === 'queryPlanner') return reply;
  let returned = 0;
  while (!query1.ended) returned += (await query1.next(256)).length;
  const { keysExamined, docsExamined } = query1.scan;
  return {
    ...reply,
    executionStats: {
      executionSuccess: true,
      nReturned: returned,
      totalKeysExamined: keysExamined,
      totalDocsExamined: docsExamined,
    },
  };
}

// --- writing ---------------------------------------------------------------------------------------------------------

function targetOf({ storage }: Context, db: string, name: string): Collection {
  return storage.find(db, name) ?? storage.create(db, name);
}

function refuseWriteOptions(command: Doc): void {
  const concern = docArgument(command, 'writeConcern');
  const w = concern && toNumber(concern.w);
  if (w !== undefined && w > 1) throw new CommandError(2, "cannot use 'w' > 1 when a host is not replicated");
  if (command.bypassDocumentValidation === true) return;
}

async function insert(context: Context, db: string, command: Doc): Promise<Doc> {
  const name = nameIn(db, command);
  refuseWriteOptions(command);
  const documentsToInsert = listArgument(command, 'documents') as Uint8Array[];
  const collection = targetOf(context, db, name);
  const writeErrors = await bulk(documentsToInsert, command.ordered !== false, (bytes) =>
    insertOne(context.storage, collection.dropped ? targetOf(context, db, name) : collection, bytes),
  );
  const done =
    command.ordered === false || writeErrors.length === 0
      ? documentsToInsert.length - writeErrors.length
      : (writeErrors[0]?.index as number);
  return withErrors({ n: new Int32(done) }, writeErrors);
}

function withErrors(reply: Doc, writeErrors: Doc[]): Doc {
  return writeErrors.length === 0 ? reply : { ...reply, writeErrors };
}

async function update(context: Context, db: string, command: Doc): Promise<Doc> {
  const name = nameIn(db, command);
  refuseWriteOptions(command);
  refuse(command, ['let']);
  const { storage } = context;
  const upserted: Doc[] = [];
  let matched = 0;
  let modified = 0;
  const statements = listArgument(command, 'updates') as (Doc | Buffer)[];
  const applyPlain = (bytes: Buffer): boolean => {
    const replacement = plainReplacement(bytes);
    const collection = replacement && storage.find(db, name);
    const done = collection && replacePlain(storage, collection, replacement);
    matched += done?.matched ?? 0;
    modified += done?.modified ?? 0;
    return done !== undefined;
  };
  const apply = async (statement: unknown, index: number) => {
    if (!isDoc(statement)) throw new CommandError(14, "BSON field 'update.updates' entries must be objects");
    refuse(statement, ['arrayFilters', 'collation', 'c', 'sort']);
    const filter = docArgument(statement, 'q') ?? {};
    const compiled = compileUpdate(statement.u);
    compileFilter(filter);
    const isMulti = statement.multi === true;
    if (isMulti && isReplacement(statement.u))
      throw new CommandError(9, 'multi update is not supported for replacement-style update');
    const upsert = statement.upsert === true;
    const collection = upsert ? targetOf(context, db, name) : storage.find(db, name);
    if (collection === undefined) return;
    const query: Query = { filter, hint: statement.hint };
    const insertNew = () => {
      if (!upsert) return;
      const doc = insertUpserted(storage, collection, filter, statement.u, compiled);
      upserted.push({ index, _id: doc._id });
      matched++;
    };
    const change = (row: { rid: number; bytes: Uint8Array }, doc: Doc) => {
      const { changed } = updateRow(storage, collection, row, doc, compiled);
      matched++;
      if (changed) modified++;
    };
    if (!isMulti) return changeFirst(storage, collection, query, change, insertNew);
    const before = matched;
    await changeAll(storage, collection, query, change);
    if (matched === before) insertNew();
  };
  const writeErrors = await bulk(statements, command.ordered !== false, (statement, index) => {
    if (!Buffer.isBuffer(statement)) return apply(statement, index);
    return applyPlain(statement) ? undefined : apply(decode(statement), index);
  });
  const reply: Doc = { n: new Int32(matched), nModified: new Int32(modified) };
  return withErrors(upserted.length === 0 ? reply : { ...reply, upserted }, writeErrors);
}

async function remove(context: Context, db: string, command: Doc): Promise<Doc> {
  const name = nameIn(db, command);
  refuseWriteOptions(command);
  const { storage } = context;
  let removed = 0;
  const writeErrors = await bulk(
    listArgument(command, 'deletes') as Doc[],
    command.ordered !== false,
    async (statement) => {
      if (!isDoc(statement)) throw new CommandError(14, "BSON field 'delete.deletes' entries must be objects");
      refuse(statement, ['collation']);
      const filter = docArgument(statement, 'q') ?? {};
      compileFilter(filter);
      const limit = toNumber(statement.limit);
      if (limit !== 0 && limit !== 1)
        throw new CommandError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
      const collection = storage.find(db, name);
      if (collection === undefined) return;
      const change = (row: { rid: number }, doc: Doc) => {
        storage.remove(collection, row.rid, doc);
        removed++;
      };
      const query: Query = { filter, hint: statement.hint };
      if (limit === 1) return changeFirst(storage, collection, query, change, () => {});
      await changeAll(storage, collection, query, change);
    },
  );
  return withErrors({ n: new Int32(removed) }, writeErrors);
}

async function findAndModify(context: Context, db: string, command: Doc): Promise<Doc> {
  const name = nameIn(db, command);
  refuseWriteOptions(command);
  refuse(command, ['arrayFilters', 'let']);
  const { storage } = context;
  const removing = command.remove === true;
  const upsert = command.upsert === true;
  const wantsNew = command.new === true;
  if (removing && (command.update !== undefined || wantsNew || upsert))
    throw new CommandError(9, "Cannot specify both an update and remove=true, or 'new' or 'upsert' with remove=true");
  if (!removing && command.update === undefined)
    throw new CommandError(9, 'Either an update or remove=true must be specified');
  const query = queryOf(command, 'query');
  const compiled = removing ? undefined : compileUpdate(command.update);
  const project = compileProjection(docArgument(command, 'fields') ?? {}) ?? ((doc: Doc) => doc);
  compileFilter(query.filter);
  const collection = upsert ? targetOf(context, db, name) : storage.find(db, name);
  const missing = {
    lastErrorObject: { n: new Int32(0), ...(removing ? {} : { updatedExisting: false }) },
    value: null,
  };
  if (collection === undefined) return missing;
  return changeFirst<Doc>(
    storage,
    collection,
    query,
    (row, before) => {
      if (compiled === undefined) {
        storage.remove(collection, row.rid, before);
        return { lastErrorObject: { n: new Int32(1) }, value: project(before) };
      }
      const { after } = updateRow(storage, collection, row, before, compiled);
      return { lastErrorObject: { n: new Int32(1), updatedExisting: true }, value: project(wantsNew ? after : before) };
    },
    () => {
      if (!upsert || compiled === undefined) return missing;
      const made = insertUpserted(storage, collection, query.filter, command.update, compiled);
      return {
        lastErrorObject: { n: new Int32(1), updatedExisting: false, upserted: made._id },
        value: wantsNew ? project(made) : null,
      };
    },
  );
}

// --- collections and indexes -----------------------------------------------------------------------------------------

function create({ storage }: Context, db: string, command: Doc): Doc {
  const name = nameIn(db, command);
  refuse(command, [
    'capped',
    'timeseries',
    'viewOn',
    'validator',
    'clusteredIndex',
    'expireAfterSeconds',
    'changeStreamPreAndPostImages',
    'encryptedFields',
  ]);
  if (storage.find(db, name)) throw new CommandError(48, `Collection ${db}.${name} already exists.`);
  storage.create(db, name);
  return {};
}

function drop({ storage }: Context, db: string, command: Doc): Doc {
  const name = nameIn(db, command);
  const collection = storage.find(db, name);
  if (collection === undefined) return { ns: `${db}.${name}` };
  const indexes = collection.indexes.length + 1;
  storage.drop(collection);
  return { nIndexesWas: new Int32(indexes), ns: `${db}.${name}` };
}

function dropDatabase({ storage }: Context, db: string): Doc {
  const own = storage.collections().filter((collection) => collection.db === db);
  for (const collection of own) storage.drop(collection);
  return own.length === 0 ? {} : { dropped: db };
}

function renameCollection({ storage }: Context, db: string, command: Doc): Doc {
  if (db !== 'admin') throw new CommandError(13, 'renameCollection may only be run against the admin database.');
  const [fromDb, fromName] = splitNamespace(command.renameCollection);
  const [toDb, toName] = splitNamespace(command.to);
  const source = storage.find(fromDb, fromName);
  if (source === undefined) throw new CommandError(26, `Source collection ${fromDb}.${fromName} does not exist`);
  const target = storage.find(toDb, toName);
  if (target === source) throw new CommandError(20, "Can't rename a collection to itself");
  if (target && command.dropTarget !== true) throw new CommandError(48, 'target namespace exists');
  storage.write(() => {
    if (target) storage.drop(target);
    storage.rename(source, toDb, toName);
  });
  return {};
}

function splitNamespace(value: unknown): [db: string, name: string] {
  const text = typeof value === 'string' ? value : '';
  const dot = text.indexOf('.');
  const db = text.slice(0, dot);
  return [db, checkName(db, text.slice(dot + 1))];
}

function listCollections({ storage }: Context, db: string, command: Doc): Reply {
  const matches = compileFilter(docArgument(command, 'filter') ?? {});
  const all = storage
    .collections()
    .filter((collection) => collection.db === db)
    .map(({ name, id }): Doc => {
      const uuid = new Binary(Buffer.from(id.toString(16).padStart(32, '0'), 'hex'), Binary.SUBTYPE_UUID);
      const idIndex = { v: new Int32(2), key: { _id: new Int32(1) }, name: '_id_' };
      return { name, type: 'collection', options: {}, info: { readOnly: false, uuid }, idIndex };
    })
    .filter(matches)
    .map((doc) => (command.nameOnly === true ? { name: doc.name, type: doc.type } : doc));
  return whole(`${db}.$cmd.listCollections`, all);
}

function whole(ns: string, docs: Doc[]): Reply {
  return { cursor: { id: Long.ZERO, ns, part: 'firstBatch', batch: docs.map(encode) } };
}

function listDatabases({ storage }: Context, db: string, command: Doc): Doc {
  if (db !== 'admin') throw new CommandError(13, 'listDatabases may only be run against the admin database.');
  const names = [...new Set(storage.collections().map((collection) => collection.db))].sort();
  const matches = compileFilter(docArgument(command, 'filter') ?? {});
  const size = Long.fromNumber(storage.sizeOnDisk());
  const databases = names.map((name): Doc => ({ name, sizeOnDisk: size, empty: false })).filter(matches);
  if (command.nameOnly === true) return { databases: databases.map(({ name }) => ({ name })) };
  return { databases, totalSize: size };
}

const INDEX_OPTIONS = ['v', 'key', 'name', 'ns', 'unique', 'sparse', 'partialFilterExpression', 'background'];

function indexSpec(spec: unknown): IndexSpec {
  if (!isDoc(spec) || !isDoc(spec.key)) throw new CommandError(9, 'The index specification needs a key');
  const other = Object.keys(spec).find((option) => !INDEX_OPTIONS.includes(option) && truthy(spec[option]));
  if (other) throw new CommandError(67, `the index option ${other} is not supported by the embedded store`);
  const fields = Object.entries(spec.key).map(([path, way]): KeyField => {
    const direction = toNumber(way);
    if (typeof way === 'string')
      throw new CommandError(67, `an index of type ${way} is not supported by the embedded store`);
    if (!direction)
      throw new CommandError(
        67,
        'Values in v:2 index key pattern cannot be of that type. Only numbers > 0, numbers < 0, and strings are allowed.',
      );
    if (path === '' || path.split('.').some((part) => part === '' || part.startsWith('$')))
      throw new CommandError(67, `Index keys cannot be an empty field or contain '$': ${path}`);
    return [path, direction < 0 ? -1 : 1];
  });
  if (fields.length === 0) throw new CommandError(67, 'Index keys cannot be empty.');
  if (typeof spec.name !== 'string' || spec.name === '')
    throw new CommandError(9, "The 'name' field is a required property of an index specification");
  const partial = docArgument(spec, 'partialFilterExpression');
  if (partial) compileFilter(partial);
  return { name: spec.name, fields, unique: truthy(spec.unique), sparse: truthy(spec.sparse), partial };
}

async function createIndexes({ storage }: Context, db: string, command: Doc): Promise<Doc> {
  const name = nameIn(db, command);
  const specs = listArgument(command, 'indexes').map(indexSpec);
  const isNew = storage.find(db, name) === undefined;
  const collection = storage.find(db, name) ?? storage.create(db, name);
  const before = collection.indexes.length + 1;
  const added: Index[] = [];
  try {
    for (const spec of specs) if (needed(collection, spec)) added.push(storage.addIndex(collection, spec));
    if (added.length > 0) await buildIndexes(storage, collection, added);
  } catch (error) {
    const left = collection.dropped ? [] : added.filter((index) => collection.indexes.includes(index));
    for (const index of left) storage.dropIndex(collection, index);
    throw error;
  }
  const after = collection.indexes.length + 1;
  const note = before === after ? { note: 'all indexes already exist' } : {};
  return {
    numIndexesBefore: new Int32(before),
    numIndexesAfter: new Int32(after),
    createdCollectionAutomatically: isNew,
    ...note,
  };
}

/** False when the same index is there already. @throws CommandError 85 or 86 when another one is in its way */
function needed(collection: Collection, spec: IndexSpec): boolean {
  const shape = (index: IndexSpec) => JSON.stringify([index.fields, index.unique, index.sparse, index.partial ?? null]);
  const keys = JSON.stringify(spec.fields);
  if (keys === '[["_id",1]]') return false;
  const namesake = collection.indexes.find((index) => index.name === spec.name);
  if (namesake && JSON.stringify(namesake.fields) !== keys) {
    throw new CommandError(86, `An existing index has the same name as the requested index: ${spec.name}`);
  }
  if (namesake && shape(namesake) !== shape(spec))
    throw new CommandError(
      86,
      `An existing index has the same name as the requested index but other options: ${spec.name}`,
    );
  const twin = collection.indexes.find((index) => shape(index) === shape(spec));
  if (twin && twin.name !== spec.name)
    throw new CommandError(85, `Index already exists with a different name: ${twin.name}`);
  return namesake === undefined;
}

function listIndexes({ storage }: Context, db: string, command: Doc): Reply {
  const name = nameIn(db, command);
  const collection = storage.find(db, name);
  if (collection === undefined) throw new CommandError(26, `ns does not exist: ${db}.${name}`);
  const own = collection.indexes.map(
    ({ name: indexName, fields, unique, sparse, partial }): Doc => ({
      v: new Int32(2),
      key: Object.fromEntries(fields.map(([path, direction]) => [path, new Int32(direction)])),
      name: indexName,
      ...(unique && { unique }),
      ...(sparse && { sparse }),
      ...(partial && { partialFilterExpression: partial }),
    }),
  );
  return whole(`${db}.${name}`, [{ v: new Int32(2), key: { _id: new Int32(1) }, name: '_id_' }, ...own]);
}

function dropIndexes({ storage }: Context, db: string, command: Doc): Doc {
  const name = nameIn(db, command);
  const collection = storage.find(db, name);
  if (collection === undefined) throw new CommandError(26, `ns not found ${db}.${name}`);
  const before = collection.indexes.length + 1;
  const wanted = Array.isArray(command.index) ? command.index : [command.index];
  const chosen = wanted.flatMap((each) => indexesNamed(collection, each));
  for (const index of chosen) storage.dropIndex(collection, index);
  return { nIndexesWas: new Int32(before) };
}

function indexesNamed(collection: Collection, wanted: unknown): Index[] {
  if (wanted === '*') return [...collection.indexes];
  const keys = isDoc(wanted) ? JSON.stringify(sortFields(wanted)) : undefined;
  if (wanted === '_id_' || keys === '[["_id",1]]') throw new CommandError(72, 'cannot drop _id index');
  const found = collection.indexes.filter((index) => index.name === wanted || JSON.stringify(index.fields) === keys);
  if (found.length === 0) throw new CommandError(27, `index not found with name [${String(keys ?? wanted)}]`);
  return found;
}

function collStats({ storage }: Context, db: string, command: Doc): Doc {
  const name = nameIn(db, command);
  const collection = storage.find(db, name);
  return {
    ns: `${db}.${name}`,
    count: new Int32(collection ? storage.count(collection) : 0),
    nindexes: new Int32(collection ? collection.indexes.length + 1 : 0),
  };
}

function dbStats({ storage }: Context, db: string): Doc {
  const own = storage.collections().filter((collection) => collection.db === db);
  return {
    db,
    collections: new Int32(own.length),
    objects: Long.fromNumber(own.reduce((total, collection) => total + storage.count(collection), 0)),
    indexes: new Int32(own.reduce((total, { indexes }) => total + indexes.length + 1, 0)),
  };
}

// --- the connection --------------------------------------------------------------------------------------------------

const VERSION = '7.0.0';

function hello(_context: Context, _db: string, command: Doc): Doc {
  const legacy = 'hello' in command ? { isWritablePrimary: true } : { ismaster: true, helloOk: true };
  return {
    ...legacy,
    maxBsonObjectSize: new Int32(MAX_DOCUMENT_BYTES),
    maxMessageSizeBytes: new Int32(MAX_MESSAGE_BYTES),
    maxWriteBatchSize: new Int32(100_000),
    localTime: new Date(),
    logicalSessionTimeoutMinutes: new Int32(30),
    minWireVersion: new Int32(0),
    maxWireVersion: new Int32(21),
    readOnly: false,
  };
}

const buildInfo: Handler = () => ({
  version: VERSION,
  versionArray: VERSION.split('.')
    .map((part) => new Int32(Number(part)))
    .concat(new Int32(0)),
  modules: [],
  storageEngines: ['plaza-sqlite'],
  maxBsonObjectSize: new Int32(MAX_DOCUMENT_BYTES),
});

const notOnStandalone: Handler = () => {
  throw new CommandError(20, 'Transaction numbers are only allowed on a replica set member or mongos');
};

const HANDLERS: Record<string, Handler> = {
  hello,
  ismaster: hello,
  isMaster: hello,
  ping: () => ({}),
  buildInfo,
  buildinfo: buildInfo,
  endSessions: () => ({}),
  insert,
  update,
  delete: remove,
  find,
  getMore,
  killCursors,
  findAndModify,
  findandmodify: findAndModify,
  aggregate: aggregateCommand,
  count,
  distinct,
  explain,
  create,
  drop,
  dropDatabase,
  renameCollection,
  listCollections,
  listDatabases,
  createIndexes,
  listIndexes,
  dropIndexes,
  deleteIndexes: dropIndexes,
  collStats,
  dbStats,
  commitTransaction: notOnStandalone,
  abortTransaction: notOnStandalone,
};
