import { Int32, Long } from 'bson';
import { aggregate, compilePipeline } from './aggregate.ts';
import { type Command, command, nameIn } from './command.ts';
import { CommandError } from './errors.ts';
import { fieldsOf } from './fields.ts';
import { countMatches, nothing, type Result, run } from './query.ts';
import { encode, typeName } from './values.ts';

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
  const { batchSize = FIRST_BATCH } = fieldsOf('cursor', fields.cursor, { batchSize: 'count' });
  const { query, stages, isCount } = compilePipeline(fields.pipeline);
  const collection = call.storage.find(call.db, name);
  let result: Result;
  if (collection && isCount) {
    const count = await countMatches(call.storage, collection, query, call.pace);
    result = count === 0 ? nothing(query) : one(encode({ _id: new Int32(1), n: countValue(count) }));
  } else {
    const source = collection ? run(call.storage, collection, query, call.pace) : nothing(query);
    result = aggregate(source, stages);
  }
  return { cursor: await call.cursors.open(`${call.db}.${name}`, result, batchSize, false) };
});

const one = (bytes: Uint8Array): Result => {
  let ended = false;
  return {
    get ended() {
      return ended;
    },
    async next() {
      ended = true;
      return [bytes];
    },
  };
};

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
