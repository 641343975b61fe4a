import { Binary, Int32, Long } from 'bson';
import type { Collection, Index, IndexSpec } from './catalog.ts';
import { type Command, checkName, command, nameIn, type Reply } from './command.ts';
import { CommandError } from './errors.ts';
import { compileFilter } from './match.ts';
import { type KeyField, partsOf } from './paths.ts';
import { type Doc, encode, isDoc, toNumber, typeName } from './values.ts';

/** Creates a collection. Creating an existing one without options succeeds, as on the real server. */
const create = command({}, (call) => {
  const name = nameIn(call);
  if (!call.storage.find(call.db, name)) call.storage.create(call.db, name);
  return {};
});

const drop = command({}, (call) => {
  const name = nameIn(call);
  const collection = call.storage.find(call.db, name);
  if (collection === undefined) return {};
  const indexes = collection.indexes.length + 1;
  call.storage.drop(collection);
  return { nIndexesWas: new Int32(indexes), ns: `${call.db}.${name}` };
});

const dropDatabase = command({}, ({ storage, db }) => {
  const own = storage.collections().filter((collection) => collection.db === db);
  for (const collection of own) storage.drop(collection);
  return own.length === 0 ? {} : { dropped: db };
});

const renameCollection = command({ to: 'string!', dropTarget: 'bool' }, ({ storage, db, argument }, fields) => {
  if (db !== 'admin') throw new CommandError(13, 'renameCollection may only be run against the admin database.');
  const [fromDb, fromName] = splitNamespace(argument);
  const [toDb, toName] = splitNamespace(fields.to);
  const source = storage.find(fromDb, fromName);
  if (source === undefined) throw new CommandError(26, `Source collection ${fromDb}.${fromName} does not exist`);
  const target = storage.find(toDb, toName);
  if (target === source) throw new CommandError(20, "Can't rename a collection to itself");
  if (target && !fields.dropTarget) throw new CommandError(48, 'target namespace exists');
  storage.write(() => {
    if (target) storage.drop(target);
    storage.rename(source, toDb, toName);
  });
  return {};
});

const splitNamespace = (value: unknown): [db: string, name: string] => {
  const text = typeof value === 'string' ? value : '';
  const dot = text.indexOf('.');
  if (dot === -1) throw new CommandError(73, `Invalid namespace: ${text}`);
  const db = text.slice(0, dot);
  return [db, checkName(db, text.slice(dot + 1))];
};

const listCollections = command(
  { filter: 'object', nameOnly: 'bool', authorizedCollections: 'bool', cursor: 'object' },
  ({ storage, db }, { filter = {}, nameOnly }) => {
    const all = storage
      .collections()
      .filter((collection) => collection.db === db)
      .map(({ name, id }): Doc => {
        const uuid = new Binary(Buffer.from(id.toString(16).padStart(32, '0'), 'hex'), Binary.SUBTYPE_UUID);
        const idIndex = { v: new Int32(2), key: { _id: new Int32(1) }, name: '_id_' };
        return { name, type: 'collection', options: {}, info: { readOnly: false, uuid }, idIndex };
      })
      .filter(compileFilter(filter))
      .map((doc) => (nameOnly ? { name: doc.name, type: doc.type } : doc));
    return wholeList(`${db}.$cmd.listCollections`, all);
  },
);

const wholeList = (ns: string, docs: Doc[]): Reply => ({
  cursor: { id: Long.ZERO, ns, part: 'firstBatch', batch: docs.map(encode) },
});

const createIndexes = command({ indexes: 'array!' }, async (call, { indexes }) => {
  const { storage, db } = call;
  const name = nameIn(call);
  if (indexes.length === 0) throw new CommandError(2, 'Must specify at least one index to create');
  const specs = indexes.map(indexSpec);
  const isNew = storage.find(db, name) === undefined;
  const collection = storage.find(db, name) ?? storage.create(db, name);
  const before = collection.indexes.length + 1;
  const added: Index[] = [];
  try {
    for (const spec of specs) if (isNeeded(collection, spec)) added.push(storage.addIndex(collection, spec));
    if (added.length > 0) await storage.buildIndexes(collection, added, call.pace);
  } catch (error) {
    const left = collection.dropped ? [] : added.filter((index) => collection.indexes.includes(index));
    for (const index of left) storage.dropIndex(collection, index);
    throw error;
  }
  const after = collection.indexes.length + 1;
  return {
    numIndexesBefore: new Int32(before),
    numIndexesAfter: new Int32(after),
    ...(before === after ? { note: 'all indexes already exist' } : { createdCollectionAutomatically: isNew }),
  };
});

const indexSpec = (spec: unknown): IndexSpec => {
  if (!isDoc(spec)) throw new CommandError(14, "BSON field 'createIndexes.indexes' must contain objects");
  const refuse: (code: number, why: string) => never = (code, why) => {
    throw new CommandError(code, `Error in specification ${JSON.stringify(spec)} :: caused by :: ${why}`);
  };
  const { key, name, ...others } = spec;
  const [unknown] = Object.keys(others);
  if (unknown) refuse(197, `The field '${unknown}' is not valid for an index specification.`);
  if (!isDoc(key)) refuse(9, "The 'key' field is a required property of an index specification");
  if (typeof name !== 'string' || name === '')
    refuse(9, "The 'name' field is a required property of an index specification");
  const fields = Object.entries(key).map(([path, way]): KeyField => {
    const direction = toNumber(way);
    if (typeof way === 'string') refuse(67, `Unknown index plugin '${way}'`);
    if (direction === undefined)
      refuse(
        67,
        `Values in v:2 index key pattern cannot be of type ${typeName(way)}. Only numbers > 0, numbers < 0, and strings are allowed.`,
      );
    if (!direction) refuse(67, 'Values in the index key pattern cannot be 0.');
    const parts = partsOf(path);
    if (parts.includes('')) refuse(67, 'Index keys cannot be an empty field.');
    if (parts.some((part) => part.startsWith('$')))
      refuse(67, "Index key contains an illegal field name: field name starts with '$'.");
    return [path, direction < 0 ? -1 : 1];
  });
  if (fields.length === 0) refuse(67, 'Index keys cannot be empty.');
  if (JSON.stringify(fields) === '[["_id",-1]]') refuse(2, "The field 'key' for an _id index must be {_id: 1}");
  return { name, fields };
};

/**
 * Returns false when the same index already exists. @throws CommandError 85 or 86 when it conflicts with another one
 */
const isNeeded = (collection: Collection, spec: IndexSpec): boolean => {
  const keys = JSON.stringify(spec.fields);
  if (keys === '[["_id",1]]') return false;
  const isSame = (index: Index) => JSON.stringify(index.fields) === keys;
  const namesake = collection.indexes.find(({ name }) => name === spec.name);
  if (namesake && !isSame(namesake))
    throw new CommandError(86, `An existing index has the same name as the requested index: ${spec.name}`);
  const twin = collection.indexes.find(isSame);
  if (twin && twin !== namesake) throw new CommandError(85, `Index already exists with a different name: ${twin.name}`);
  return namesake === undefined;
};

const listIndexes = command({ cursor: 'object' }, (call) => {
  const name = nameIn(call);
  const collection = call.storage.find(call.db, name);
  if (collection === undefined) throw new CommandError(26, `ns does not exist: ${call.db}.${name}`);
  const own = collection.indexes.map((index): Doc => {
    const key = Object.fromEntries(index.fields.map(([path, direction]) => [path, new Int32(direction)]));
    return { v: new Int32(2), key, name: index.name };
  });
  return wholeList(`${call.db}.${name}`, [{ v: new Int32(2), key: { _id: new Int32(1) }, name: '_id_' }, ...own]);
});

export const COLLECTION_COMMANDS: Record<string, Command> = {
  create,
  drop,
  dropDatabase,
  renameCollection,
  listCollections,
  createIndexes,
  listIndexes,
};
