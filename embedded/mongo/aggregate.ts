import { Double, Int32 } from 'bson';
import { CommandError, notImplemented } from './errors.ts';
import { evaluate } from './expressions.ts';
import { compileFilter } from './match.ts';
import { isNumber, sum } from './numbers.ts';
import { sortKey, valuesAt } from './paths.ts';
import { compileProjection } from './project.ts';
import { documents, type Query, type Result, run, sortFields } from './query.ts';
import type { Collection, Storage } from './storage.ts';
import { compareValues, type Doc, encode, isDoc, keyOf, setField, toNumber } from './values.ts';

type Docs = AsyncIterable<Doc>;
type Context = { storage: Storage; lookup: (name: string) => Collection | undefined };
type Stage = (input: Docs, context: Context) => Docs;

const HELD_BYTES = 100 * 1024 * 1024;

/** The part of a pipeline that is one query (a leading $match, $sort, $skip, $limit), and the stages after it. */
export function splitPipeline(pipeline: unknown[]): { query: Query; rest: unknown[] } {
  const query: Query = { filter: {} };
  const order = ['$match', '$sort', '$skip', '$limit'];
  let reached = 0;
  let taken = 0;
  for (const stage of pipeline) {
    const [name, operand] = stageOf(stage);
    const place = order.indexOf(name);
    if (place < reached || place === -1) break;
    if (name === '$match') query.filter = docOf(name, operand);
    if (name === '$sort') query.sort = docOf(name, operand);
    if (name === '$skip') query.skip = countOf(name, operand);
    if (name === '$limit') query.limit = countOf(name, operand);
    reached = place + 1;
    taken++;
  }
  return { query, rest: pipeline.slice(taken) };
}

/**
 * Runs a pipeline; what leads it is pushed down like a query.
 * @throws CommandError 40324 for unknown stages, 40573 for a change stream, 238 for stages that are left out
 */
export function aggregate(
  context: Context,
  collection: Collection | undefined,
  pipeline: unknown[],
  maxTimeMS: number,
  hint: unknown,
): Result {
  const { query, rest } = splitPipeline(pipeline);
  const stages = rest.map(compileStage);
  const source = collection && run(context.storage, collection, { ...query, maxTimeMS, hint });
  compileFilter(query.filter);
  sortFields(query.sort);
  if (source && stages.length === 0) return source;
  const input = source ? documents(source) : none();
  return resultOf(stages.reduce<Docs>((docs, stage) => stage(docs, context), input));
}

async function* none(): AsyncGenerator<Doc> {}

function resultOf(docs: Docs): Result {
  const iterator = docs[Symbol.asyncIterator]();
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
}

function stageOf(stage: unknown): [name: string, operand: unknown] {
  const entries = isDoc(stage) ? Object.entries(stage) : [];
  const [entry] = entries;
  if (entry === undefined || entries.length !== 1) {
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  return entry;
}

function docOf(name: string, operand: unknown): Doc {
  if (!isDoc(operand)) throw new CommandError(15959, `the ${name} specification must be an object`);
  return operand;
}

function countOf(name: '$limit' | '$skip', operand: unknown): number {
  const count = toNumber(operand);
  if (count === undefined || !Number.isInteger(count) || count < 0) {
    const expected = count === undefined || !Number.isInteger(count) ? 'an integer' : 'a non-negative number';
    throw new CommandError(
      name === '$limit' ? 5107201 : 5107200,
      `invalid argument to ${name} stage: Expected ${expected} in: ${name}: ${String(operand)}`,
    );
  }
  if (name === '$limit' && count === 0) throw new CommandError(15958, 'the limit must be positive');
  return count;
}

const LEFT_OUT = [
  '$bucketAuto',
  '$collStats',
  '$currentOp',
  '$densify',
  '$documents',
  '$fill',
  '$geoNear',
  '$graphLookup',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$merge',
  '$out',
  '$planCacheStats',
  '$redact',
  '$sample',
  '$search',
  '$setWindowFields',
  '$unionWith',
  '$bucket',
];

function compileStage(stage: unknown): Stage {
  const [name, operand] = stageOf(stage);
  switch (name) {
    case '$match': {
      const matches = compileFilter(docOf(name, operand));
      return (input) => filter(input, matches);
    }
    case '$sort': {
      const fields = sortFields(docOf(name, operand));
      return (input) => sorted(input, (doc) => sortKey(doc, fields));
    }
    case '$skip': {
      const count = countOf(name, operand);
      return (input) => slice(input, count, Infinity);
    }
    case '$limit': {
      const count = countOf(name, operand);
      return (input) => slice(input, 0, count);
    }
    case '$count':
      if (typeof operand !== 'string' || operand === '' || /[$.]/.test(operand)) {
        throw new CommandError(40157, 'the count field must be a non-empty string without $ and dots');
      }
      return (input) => counted(input, operand);
    case '$project': {
      const spec = docOf(name, operand);
      if (Object.keys(spec).length === 0)
        throw new CommandError(
          51272,
          'Invalid $project :: caused by :: projection specification must have at least one field',
        );
      const project = compileProjection(spec) as (doc: Doc) => Doc;
      return (input) => map(input, project);
    }
    case '$addFields':
    case '$set': {
      const fields = Object.entries(docOf(name, operand));
      const nested = fields.find(([path]) => path.includes('.'));
      if (nested) throw notImplemented(`a dotted path in ${name}`);
      return (input) => map(input, (doc) => addFields(doc, fields));
    }
    case '$unset': {
      const paths = Array.isArray(operand) ? operand : [operand];
      if (paths.length === 0 || paths.some((path) => typeof path !== 'string' || path === '')) {
        throw new CommandError(31119, '$unset specification must be a string or an array of strings');
      }
      const project = compileProjection(Object.fromEntries(paths.map((path) => [path, new Int32(0)]))) as (
        doc: Doc,
      ) => Doc;
      return (input) => map(input, project);
    }
    case '$replaceRoot':
      return replaceRoot(docOf(name, operand).newRoot);
    case '$replaceWith':
      return replaceRoot(operand);
    case '$unwind':
      return unwind(operand);
    case '$group':
      return group(docOf(name, operand));
    case '$sortByCount': {
      const grouped = group({ _id: operand, count: { $sum: new Int32(1) } });
      return (input, context) => sorted(grouped(input, context), (doc) => sortKey(doc, [['count', -1]]));
    }
    case '$facet':
      return facet(docOf(name, operand));
    case '$lookup':
      return lookup(docOf(name, operand));
    case '$changeStream':
      throw new CommandError(40573, 'The $changeStream stage is only supported on replica sets');
    default:
      if (LEFT_OUT.includes(name)) throw notImplemented(`the stage ${name}`);
      throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  }
}

async function* filter(input: Docs, keep: (doc: Doc) => boolean): Docs {
  for await (const doc of input) if (keep(doc)) yield doc;
}

async function* map(input: Docs, change: (doc: Doc) => Doc): Docs {
  for await (const doc of input) yield change(doc);
}

async function* slice(input: Docs, skip: number, limit: number): Docs {
  let position = 0;
  for await (const doc of input) {
    if (position++ < skip) continue;
    yield doc;
    if (position >= skip + limit) return;
  }
}

async function* counted(input: Docs, field: string): Docs {
  let count = 0;
  for await (const _doc of input) count++;
  if (count > 0) yield { [field]: new Int32(count) };
}

/** Documents that a stage has to hold all at once. @throws CommandError 292 above 100 MB */
async function held(input: Docs, stage: string): Promise<Doc[]> {
  const docs: Doc[] = [];
  let size = 0;
  for await (const doc of input) {
    docs.push(doc);
    size += encode(doc).length;
    refuseTooMuch(size, stage);
  }
  return docs;
}

function refuseTooMuch(bytes: number, stage: string): void {
  if (bytes > HELD_BYTES)
    throw new CommandError(292, `Exceeded memory limit for ${stage}, and the embedded store does not spill to disk`);
}

async function* sorted(input: Docs, key: (doc: Doc) => Buffer): Docs {
  const docs = (await held(input, '$sort')).map((doc) => ({ key: key(doc), doc }));
  docs.sort((a, b) => Buffer.compare(a.key, b.key));
  for (const { doc } of docs) yield doc;
}

function addFields(doc: Doc, fields: [string, unknown][]): Doc {
  const made = fields.map(([name, expression]) => [name, evaluate(expression, doc)] as const);
  return { ...doc, ...Object.fromEntries(made.filter(([, value]) => value !== undefined)) };
}

function replaceRoot(expression: unknown): Stage {
  return (input) =>
    map(input, (doc) => {
      const root = evaluate(expression, doc);
      if (!isDoc(root)) throw new CommandError(40228, "'newRoot' expression must evaluate to an object");
      return root;
    });
}

function unwind(operand: unknown): Stage {
  const options = isDoc(operand) ? operand : { path: operand };
  const unknown = Object.keys(options).find(
    (name) => !['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(name),
  );
  if (unknown) throw new CommandError(28811, `unrecognized option to $unwind stage: ${unknown}`);
  const { path } = options;
  if (typeof path !== 'string' || !/^\$[^$]/.test(path))
    throw new CommandError(28818, "path option to $unwind stage should be prefixed with a '$'");
  const name = path.slice(1);
  if (name.includes('.')) throw notImplemented('a dotted path in $unwind');
  const index = options.includeArrayIndex;
  const preserve = options.preserveNullAndEmptyArrays === true;
  const withIndex = (doc: Doc, at: number | null) =>
    typeof index === 'string' ? { ...doc, [index]: at === null ? null : new Int32(at) } : doc;
  return async function* (input) {
    for await (const doc of input) {
      const value = doc[name];
      if (Array.isArray(value) && value.length > 0) {
        for (const [at, element] of value.entries()) yield withIndex({ ...doc, [name]: element }, at);
      } else if (value !== undefined && value !== null && !Array.isArray(value)) {
        yield withIndex(doc, null);
      } else if (preserve) {
        const { [name]: _gone, ...rest } = doc;
        yield withIndex(Array.isArray(value) ? rest : doc, null);
      }
    }
  };
}

// --- $group ----------------------------------------------------------------------------------------------------------

type Accumulator = { add(value: unknown): void; result(): unknown };

const ACCUMULATORS: Record<string, () => Accumulator> = {
  $sum() {
    let total: unknown = new Int32(0);
    return {
      add: (value) => {
        if (isNumber(value)) total = sum(total, value);
      },
      result: () => total,
    };
  },
  $count() {
    let count = 0;
    return {
      add: () => {
        count++;
      },
      result: () => new Int32(count),
    };
  },
  $avg() {
    let total = 0;
    let count = 0;
    return {
      add(value) {
        if (!isNumber(value)) return;
        if (!(value instanceof Int32) && !(value instanceof Double) && !Number.isSafeInteger(toNumber(value)))
          throw notImplemented('$avg of a Decimal128 or of an Int64 beyond 2^53');
        total += toNumber(value) as number;
        count++;
      },
      result: () => (count === 0 ? null : new Double(total / count)),
    };
  },
  $min: () => extreme(-1),
  $max: () => extreme(1),
  $first() {
    let value: unknown;
    let isSet = false;
    return {
      add: (next) => {
        if (!isSet) value = next;
        isSet = true;
      },
      result: () => value ?? null,
    };
  },
  $last() {
    let value: unknown;
    return {
      add: (next) => {
        value = next;
      },
      result: () => value ?? null,
    };
  },
  $push() {
    const values: unknown[] = [];
    return {
      add: (value) => {
        if (value !== undefined) values.push(value);
      },
      result: () => values,
    };
  },
  $addToSet() {
    const values = new Map<string, unknown>();
    return {
      add: (value) => {
        if (value !== undefined) values.set(keyOf(value).toString('latin1'), value);
      },
      result: () => [...values.values()],
    };
  },
};

function extreme(direction: 1 | -1): Accumulator {
  let best: unknown;
  return {
    add(value) {
      if (value === undefined || value === null) return;
      if (best === undefined || compareValues(value, best) * direction > 0) best = value;
    },
    result: () => best ?? null,
  };
}

function group(spec: Doc): Stage {
  if (!('_id' in spec)) throw new CommandError(15955, 'a group specification must include an _id');
  const { _id: by, ...fields } = spec;
  const outputs = Object.entries(fields).map(([name, definition]) => {
    if (name.includes('.')) throw new CommandError(40235, `The field name '${name}' cannot contain '.'`);
    const entries = isDoc(definition) ? Object.entries(definition) : [];
    const [entry] = entries;
    if (entry === undefined || entries.length !== 1)
      throw new CommandError(40234, `The field '${name}' must be an accumulator object`);
    const [accumulator, expression] = entry;
    const make = Object.hasOwn(ACCUMULATORS, accumulator) ? ACCUMULATORS[accumulator] : undefined;
    if (make === undefined) throw new CommandError(15952, `unknown group operator '${accumulator}'`);
    return { name, expression, make };
  });
  return async function* (input) {
    const groups = new Map<string, { id: unknown; accumulators: Accumulator[] }>();
    const collects = outputs.some(({ make }) => make === ACCUMULATORS.$push || make === ACCUMULATORS.$addToSet);
    let size = 0;
    for await (const doc of input) {
      const id = evaluate(by, doc) ?? null;
      const key = keyOf(id).toString('latin1');
      let found = groups.get(key);
      if (found === undefined) {
        found = { id, accumulators: outputs.map(({ make }) => make()) };
        groups.set(key, found);
        size += key.length + 100 * (outputs.length + 1);
      }
      for (const [position, accumulator] of found.accumulators.entries()) {
        const value = evaluate(outputs[position]?.expression, doc);
        if (collects && value !== undefined) size += encode({ value }).length;
        accumulator.add(value);
      }
      refuseTooMuch(size, '$group');
    }
    for (const { id, accumulators } of groups.values()) {
      yield { _id: id, ...Object.fromEntries(outputs.map(({ name }, at) => [name, accumulators[at]?.result()])) };
    }
  };
}

function facet(spec: Doc): Stage {
  const facets = Object.entries(spec).map(([name, pipeline]) => {
    if (!Array.isArray(pipeline)) throw new CommandError(40169, `arguments to $facet must be arrays, ${name} is not`);
    return { name, stages: pipeline.map(compileStage) };
  });
  return async function* (input, context) {
    const docs = await held(input, '$facet');
    const result: Doc = {};
    for (const { name, stages } of facets) {
      const output = stages.reduce<Docs>((some, stage) => stage(some, context), each(docs));
      setField(result, name, await held(output, '$facet'));
    }
    yield result;
  };
}

async function* each(docs: Doc[]): Docs {
  for (const doc of docs) yield { ...doc };
}

function lookup(spec: Doc): Stage {
  const { from, localField, foreignField, as, ...others } = spec;
  if (Object.keys(others).length > 0) throw notImplemented(`$lookup with ${Object.keys(others).join(' and ')}`);
  const names = [from, localField, foreignField, as];
  if (!names.every((name) => typeof name === 'string'))
    throw new CommandError(9, '$lookup needs from, localField, foreignField and as, all strings');
  const [fromName, local, foreign, into] = names as string[];
  return async function* (input, context) {
    const collection = context.lookup(fromName as string);
    for await (const doc of input) {
      const values = valuesAt(doc, local as string).flatMap((value) =>
        Array.isArray(value) ? value : [value ?? null],
      );
      const query = { filter: { [foreign as string]: { $in: values } } };
      const found = collection ? await held(documents(run(context.storage, collection, query)), '$lookup') : [];
      yield { ...doc, [into as string]: found };
    }
  };
}
