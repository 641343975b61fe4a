import { Double, Int32, Long } from 'bson';
import { CommandError, notImplemented } from './errors.ts';
import { compileFilter } from './match.ts';
import { fieldOf, sortKey } from './paths.ts';
import { compileProjection } from './project.ts';
import { documents, HELD_BYTES, type Query, type Result, sortFields } from './query.ts';
import { type Doc, encode, isDoc, keyOf, toNumber, typeName } from './values.ts';

type Docs = AsyncIterable<Doc>;
type Stage = (input: Docs) => Docs;
export type Pipeline = { query: Query; stages: Stage[]; isCount: boolean };

/**
 * Compiles a pipeline. The leading $match, $sort and $limit are one query; the other stages follow. `isCount`: the
 * remaining stage is the $group by which drivers count documents.
 * @throws CommandError 40324 for unknown stages
 */
export const compilePipeline = (pipeline: readonly unknown[]): Pipeline => {
  const specs = pipeline.map(stageOf);
  const query: Query = { filter: {} };
  const order = ['$match', '$sort', '$limit'];
  let reached = 0;
  let taken = 0;
  for (const [name, operand] of specs) {
    const place = order.indexOf(name);
    if (place < reached) break;
    if (name === '$match') query.filter = matchOf(operand);
    if (name === '$sort') query.sort = sortOf(operand);
    if (name === '$limit') query.limit = limitOf(operand);
    reached = place + 1;
    taken++;
  }
  const rest = specs.slice(taken);
  const isCount = !query.sort && JSON.stringify(rest) === '[["$group",{"_id":1,"n":{"$sum":1}}]]';
  return { query, stages: rest.map(([name, operand]) => compileStage(name, operand)), isCount };
};

/** Runs the stages on the documents of a query. */
export const aggregate = (source: Result | undefined, stages: readonly Stage[]): Result => {
  if (source && stages.length === 0) return source;
  const input = source ? documents(source) : none();
  const iterator = stages.reduce((docs, stage) => stage(docs), input as Docs)[Symbol.asyncIterator]();
  let ended = false;
  return {
    get ended() {
      return ended;
    },
    async next(wanted) {
      const batch: Uint8Array[] = [];
      while (batch.length < wanted && !ended) {
        const { value, done } = await iterator.next();
        if (done) ended = true;
        else batch.push(encode(value));
      }
      return batch;
    },
  };
};

async function* none(): AsyncGenerator<Doc> {}

const stageOf = (stage: unknown): [name: string, operand: unknown] => {
  if (!isDoc(stage)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  const entries = Object.entries(stage);
  if (entries.length !== 1)
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  return entries[0] as [string, unknown];
};

const matchOf = (operand: unknown): Doc => {
  if (!isDoc(operand)) throw new CommandError(15959, 'the match filter must be an expression in an object');
  return operand;
};

const sortOf = (operand: unknown): Doc => {
  if (!isDoc(operand)) throw new CommandError(15973, 'the $sort key specification must be an object');
  if (Object.keys(operand).length === 0) throw new CommandError(15976, '$sort stage must have at least one sort key');
  return operand;
};

const limitOf = (operand: unknown): number => {
  const count = toNumber(operand);
  if (count === undefined || !Number.isInteger(count) || count < 0) {
    const expected = Number.isInteger(count) ? 'a non-negative number' : 'a number';
    throw new CommandError(5107201, `invalid argument to $limit stage: Expected ${expected} in: $limit: ${operand}`);
  }
  if (count === 0) throw new CommandError(15958, 'the limit must be positive');
  return count;
};

const compileStage = (name: string, operand: unknown): Stage => {
  switch (name) {
    case '$match': {
      const matches = compileFilter(matchOf(operand));
      return async function* (input) {
        for await (const doc of input) if (matches(doc)) yield doc;
      };
    }
    case '$sort': {
      const fields = sortFields(sortOf(operand));
      return (input) => sorted(input, (doc) => sortKey(doc, fields));
    }
    case '$limit': {
      const limit = limitOf(operand);
      return (input) => first(input, limit);
    }
    case '$project': {
      if (!isDoc(operand)) throw new CommandError(15969, '$project specification must be an object');
      return projected(operand);
    }
    case '$unset': {
      const paths = Array.isArray(operand) ? operand : [operand];
      if (!Array.isArray(operand) && typeof operand !== 'string')
        throw new CommandError(31002, '$unset specification must be a string or an array');
      if (paths.length === 0)
        throw new CommandError(31119, '$unset specification must be a string or an array with at least one field');
      if (!paths.every((path) => typeof path === 'string'))
        throw new CommandError(
          31120,
          '$unset specification must be a string or an array containing only string values',
        );
      return projected(Object.fromEntries(paths.map((path) => [path, false])));
    }
    case '$group':
      return group(operand);
    default:
      throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
};

async function* first(input: Docs, limit: number): Docs {
  let taken = 0;
  for await (const doc of input) {
    yield doc;
    if (++taken === limit) return;
  }
}

const projected = (spec: Doc): Stage => {
  const project = compileProjection(spec);
  if (!project)
    throw new CommandError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  return async function* (input) {
    for await (const doc of input) yield project(doc);
  };
};

async function* sorted(input: Docs, key: (doc: Doc) => Buffer): Docs {
  const docs: { key: Buffer; doc: Doc }[] = [];
  let size = 0;
  for await (const doc of input) {
    docs.push({ key: key(doc), doc });
    size += encode(doc).length;
    refuseTooMuch(size, '$sort');
  }
  docs.sort((a, b) => Buffer.compare(a.key, b.key));
  for (const { doc } of docs) yield doc;
}

const refuseTooMuch = (bytes: number, stage: string): void => {
  if (bytes > HELD_BYTES)
    throw new CommandError(292, `Exceeded memory limit for ${stage}, and the embedded store does not spill to disk`);
};

// --- $group and its expressions --------------------------------------------------------------------------------------

type Expression = (doc: Doc) => unknown;

const group = (spec: unknown): Stage => {
  if (!isDoc(spec)) throw new CommandError(15947, "a group's fields must be specified in an object");
  if (!('_id' in spec)) throw new CommandError(15955, 'a group specification must include an _id');
  const by = compileExpression(spec._id);
  const sums = Object.entries(spec)
    .filter(([name]) => name !== '_id')
    .map(([name, definition]) => ({ name, value: summed(name, definition) }));
  return async function* (input) {
    const groups = new Map<string, { _id: unknown; totals: Total[] }>();
    let size = 0;
    for await (const doc of input) {
      const _id = by(doc) ?? null;
      const key = keyOf(_id).toString('latin1');
      let found = groups.get(key);
      if (found === undefined) {
        found = { _id, totals: sums.map(createTotal) };
        groups.set(key, found);
        size += key.length + 100 * (sums.length + 1);
        refuseTooMuch(size, '$group');
      }
      for (const [at, { value }] of sums.entries()) found.totals[at]?.add(value(doc));
    }
    for (const { _id, totals } of groups.values())
      yield { _id, ...Object.fromEntries(sums.map(({ name }, at) => [name, totals[at]?.result()])) };
  };
};

type Total = { add(value: unknown): void; result(): unknown };

/**
 * Sums numbers as the real server does: whole numbers exactly, doubles with compensation (Neumaier), other values
 * ignored.
 */
const createTotal = (): Total => {
  let whole = 0n;
  let [total, lost] = [0, 0];
  let [isLong, isDouble] = [false, false];
  const addDouble = (value: number) => {
    const next = total + value;
    if (Number.isFinite(next)) lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  };
  return {
    add(value) {
      if (value instanceof Double) {
        isDouble = true;
        addDouble(value.value);
      } else if (value instanceof Int32) {
        whole += BigInt(value.value);
      } else if (value instanceof Long) {
        isLong = true;
        whole += value.toBigInt();
      }
    },
    result() {
      if (!isDouble && BigInt.asIntN(64, whole) === whole)
        return isLong || BigInt.asIntN(32, whole) !== whole ? Long.fromBigInt(whole) : new Int32(Number(whole));
      const nearest = Number(whole);
      addDouble(nearest);
      addDouble(Number(whole - BigInt(nearest)));
      return new Double(total + lost);
    },
  };
};

const summed = (name: string, definition: unknown): Expression => {
  if (name.includes('.')) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
  const [entry, ...more] = isDoc(definition) ? Object.entries(definition) : [];
  if (entry === undefined || more.length > 0)
    throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
  if (entry[0] !== '$sum') throw new CommandError(15952, `unknown group operator '${entry[0]}'`);
  return compileExpression(entry[1]);
};

/**
 * Compiles a constant or the path of a field.
 * @throws CommandError 168 for an operator, 238 for other documents and arrays
 */
const compileExpression = (expression: unknown): Expression => {
  if (typeof expression === 'string' && expression.startsWith('$')) return fieldPath(expression.slice(1));
  if (isDoc(expression)) {
    const [name = ''] = Object.keys(expression);
    if (name.startsWith('$')) throw new CommandError(168, `Unrecognized expression '${name}'`);
  }
  if (typeof expression === 'object' && /^(object|array)$/.test(typeName(expression)))
    throw notImplemented('documents and arrays as expressions');
  return () => expression;
};

const fieldPath = (path: string): Expression => {
  if (path === '') throw new CommandError(16872, "'$' by itself is not a valid FieldPath");
  if (path.startsWith('$')) throw new CommandError(17276, `Use of undefined variable: ${path.slice(1).split('.')[0]}`);
  const parts = path.split('.');
  if (parts.includes('')) throw new CommandError(15998, 'FieldPath field names may not be empty strings.');
  return (doc) => valueBelow(doc, parts);
};

/** Returns the value below a path; below an array, an array of its elements' values. */
const valueBelow = (value: unknown, [part, ...rest]: readonly string[]): unknown => {
  if (part === undefined) return value;
  if (!Array.isArray(value)) return valueBelow(fieldOf(value, part), rest);
  const found = value.filter(isDoc).map((element) => valueBelow(element, [part, ...rest]));
  return found.filter((each) => each !== undefined);
};
