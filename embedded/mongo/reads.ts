import { Int32, Long } from 'bson';
import { compilePipeline } from './aggregate.ts';
import { type Command, command, nameIn } from './command.ts';
import { CommandError } from './errors.ts';
import { fieldsOf } from './fields.ts';
import { countMatches, documents, nothing, run } from './query.ts';
import { type Doc, encode, typeName } from './values.ts';

const FIRST_BATCH = 101;

const find = command(
  {
    filter: 'object',
    projection: 'object',
    sort: 'object',
    limit: 'count',
    batchSize: 'count',
    singleBatch: 'bool',
  },
  async (call, { filter = {}, projection, sort, limit, batchSize = FIRST_BATCH, singleBatch = false }) => {
    const name = nameIn(call);
    const query = { filter, projection, sort, limit };
    const collection = call.storage.find(call.db, name);
    const result = collection ? run(call.storage, collection, query, call.pace) : nothing(query);
    return { cursor: await call.cursors.open(`${call.db}.${name}`, result, batchSize, singleBatch) };
  },
);

const getMore = command({ collection: 'string!', batchSize: 'count' }, async (call, { collection, batchSize }) => {
  if (!(call.argument instanceof Long)) {
    const type = typeName(call.argument);
    throw new CommandError(14, `BSON field 'getMore.getMore' is the wrong type '${type}', expected type 'long'`);
  }
  return { cursor: await call.cursors.more(call.argument, `${call.db}.${collection}`, batchSize || Infinity) };
});

const killCursors = command({ cursors: 'array!' }, ({ cursors }, { cursors: given }) => {
  const ids = given.filter((id) => id instanceof Long);
  const killed = ids.filter((id) => cursors.kill(id));
  const missing = ids.filter((id) => !killed.includes(id));
  return { cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] };
});

const aggregateCommand = command({ pipeline: 'array!', cursor: 'object' }, async (call, fields) => {
  const name = nameIn(call);
  if (!fields.cursor)
    throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  fieldsOf('cursor', fields.cursor, { batchSize: 'count' });
  const { query, isCount, sumUp } = compilePipeline(fields.pipeline);
  const collection = call.storage.find(call.db, name);
  let result: Doc | undefined;
  if (collection && isCount) {
    const count = await countMatches(call.storage, collection, query, call.pace);
    if (count > 0) result = { _id: new Int32(1), n: countValue(count) };
  } else {
    const source = collection ? run(call.storage, collection, query, call.pace) : nothing(query);
    result = await sumUp(documents(source));
  }
  const batch = result ? [encode(result)] : [];
  return { cursor: { id: Long.ZERO, ns: `${call.db}.${name}`, part: 'firstBatch', batch } };
});

const count = command({ query: 'object' }, async (call, { query: filter = {} }) => {
  const collection = call.storage.find(call.db, nameIn(call));
  return { n: countValue(collection ? await countMatches(call.storage, collection, { filter }, call.pace) : 0) };
});

const countValue = (count: number) => (count < 2 ** 31 ? new Int32(count) : Long.fromNumber(count));

export const READ_COMMANDS: Record<string, Command> = {
  find,
  getMore,
  killCursors,
  aggregate: aggregateCommand,
  count,
};
