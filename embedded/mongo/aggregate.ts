import { Int32 } from 'bson';
import { CommandError, notImplemented } from './errors.ts';
import { fieldOf } from './paths.ts';
import type { Query } from './query.ts';
import { type Doc, isDoc, sum, toNumber, typeName } from './values.ts';

type Expression = (doc: Doc) => unknown;

/** A pipeline: sums over the documents of a query, as one document. */
export type Pipeline = {
  query: Query;
  /** Whether it is the one by which drivers count documents. */
  isCount: boolean;
  /** Returns the document of the sums; undefined when there were no documents. */
  sumUp(documents: AsyncIterable<Doc>): Promise<Doc | undefined>;
};

/**
 * Compiles a pipeline: any number of $match, then a $limit or none, then a $group of everything.
 * @throws CommandError 40324 for other stages, 238 for a pipeline of another form
 */
export const compilePipeline = (pipeline: readonly unknown[]): Pipeline => {
  const stages = pipeline.map(stageOf);
  const unknown = stages.find(([name]) => !['$match', '$limit', '$group'].includes(name));
  if (unknown) throw new CommandError(40324, `Unrecognized pipeline stage name: '${unknown[0]}'`);
  const names = stages.map(([name]) => name).join(' ');
  if (!/^(\$match )*(\$limit )?\$group$/.test(names)) throw notImplemented(`a pipeline of the form ${names}`);
  const operands = (wanted: string) => stages.flatMap(([name, operand]) => (name === wanted ? [operand] : []));
  const filters = operands('$match').map(matchOf);
  const [limit] = operands('$limit').map(limitOf);
  const [spec] = operands('$group');
  const { _id, sums } = groupOf(spec);
  const filter = filters.length === 1 ? (filters[0] as Doc) : filters.length === 0 ? {} : { $and: filters };
  return {
    query: { filter, limit },
    isCount: JSON.stringify(spec) === '{"_id":1,"n":{"$sum":1}}',
    async sumUp(documents) {
      const totals: unknown[] = sums.map(() => new Int32(0));
      let isEmpty = true;
      for await (const doc of documents) {
        isEmpty = false;
        for (const [at, { value }] of sums.entries()) totals[at] = added(totals[at], value(doc));
      }
      if (isEmpty) return undefined;
      return { _id, ...Object.fromEntries(sums.map(({ name }, at) => [name, totals[at]])) };
    },
  };
};

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

const limitOf = (operand: unknown): number => {
  const count = toNumber(operand);
  if (count === undefined || !Number.isInteger(count) || count < 0) {
    const expected = Number.isInteger(count) ? 'a non-negative number' : 'a number';
    throw new CommandError(5107201, `invalid argument to $limit stage: Expected ${expected} in: $limit: ${operand}`);
  }
  if (count === 0) throw new CommandError(15958, 'the limit must be positive');
  return count;
};

const groupOf = (spec: unknown): { _id: unknown; sums: { name: string; value: Expression }[] } => {
  if (!isDoc(spec)) throw new CommandError(15947, "a group's fields must be specified in an object");
  if (!('_id' in spec)) throw new CommandError(15955, 'a group specification must include an _id');
  const { _id, ...fields } = spec;
  compileExpression(_id);
  if (typeof _id === 'string' && _id.startsWith('$')) throw notImplemented('a $group by a field');
  return { _id, sums: Object.entries(fields).map(([name, definition]) => ({ name, value: summed(name, definition) })) };
};

/**
 * Adds a value to a sum. Values that are no numbers do not count.
 * @throws CommandError 238 for a fraction, which the real server adds with compensation for its errors
 */
const added = (total: unknown, value: unknown): unknown => {
  const number = toNumber(value);
  if (number === undefined) return total;
  if (!Number.isInteger(number)) throw notImplemented('sums of fractions');
  return sum(total, value);
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
 * Compiles a constant or a field.
 * @throws CommandError 168 for an operator, 238 for other documents, arrays and paths
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
  if (path.includes('.')) throw notImplemented('the path of a sum');
  return (doc) => fieldOf(doc, path);
};
