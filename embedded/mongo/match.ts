import { CommandError } from './errors.ts';
import { fieldOf, partsOf, valuesAt } from './paths.ts';
import { type Doc, isDoc, keyOf, toNumber, truthy, typeOf } from './values.ts';

export type Matcher = (doc: Doc) => boolean;
/** Tests the values that a path leads to. */
type Test = (values: readonly unknown[]) => boolean;

/**
 * Compiles a query filter.
 * @throws CommandError 2 for unknown operators and operands of the wrong type, 238 for numeric paths
 */
export const compileFilter = (filter: Doc): Matcher => {
  const tests = Object.entries(filter).map(([name, operand]) =>
    name.startsWith('$') ? compileTopLevel(name, operand) : compileField(name, operand),
  );
  return (doc) => tests.every((test) => test(doc));
};

const compileTopLevel = (name: string, operand: unknown): Matcher => {
  if (name !== '$and' && name !== '$or') {
    throw new CommandError(
      2,
      `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
    );
  }
  if (!Array.isArray(operand)) throw new CommandError(2, `${name} argument must be an array`);
  if (operand.length === 0) throw new CommandError(2, `${name} argument must be a non-empty array`);
  const matchers = operand.map((entry) => {
    if (!isDoc(entry)) throw new CommandError(2, `${name} argument's entries must be objects`);
    return compileFilter(entry);
  });
  return name === '$and'
    ? (doc) => matchers.every((matches) => matches(doc))
    : (doc) => matchers.some((matches) => matches(doc));
};

const compileField = (path: string, operand: unknown): Matcher => {
  const parts = partsOf(path);
  const test = compileOperand(operand);
  return (doc) => test(valuesAt(doc, parts));
};

/** Returns whether a field's operand is a document of operators rather than a value to equal. */
export const isOperators = (operand: unknown): operand is Doc =>
  isDoc(operand) && Object.keys(operand)[0]?.startsWith('$') === true;

const compileOperand = (operand: unknown): Test => {
  if (!isOperators(operand)) return equal(operand);
  const tests = Object.entries(operand).map(([name, value]) => {
    const compile = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (compile === undefined) throw new CommandError(2, `unknown operator: ${name}`);
    return compile(value);
  });
  return (values) => tests.every((test) => test(values));
};

/** Tests a value and, if it is an array, each of its elements. */
const anyOf =
  (holds: (value: unknown) => boolean): Test =>
  (values) =>
    values.some((value) => holds(value) || (Array.isArray(value) && value.some(holds)));

const not =
  (test: Test): Test =>
  (values) =>
    !test(values);

/** Null also equals a missing value, and a path that leads nowhere because it goes through an array. */
const equal = (operand: unknown): Test => {
  if (typeof operand === 'string') return anyOf((value) => value === operand);
  if (operand !== null) {
    const key = keyOf(operand);
    return anyOf((value) => value !== undefined && keyOf(value).equals(key));
  }
  const isNull = anyOf((value) => value === null || value === undefined);
  return (values) => values.length === 0 || isNull(values);
};

const isIn =
  (name: string) =>
  (operand: unknown): Test => {
    if (!Array.isArray(operand)) throw new CommandError(2, `${name} needs an array`);
    const tests = operand.map((value) => {
      if (isOperators(value)) throw new CommandError(2, `cannot nest $ under ${name}`);
      return equal(value);
    });
    return (values) => tests.some((test) => test(values));
  };

/** Compares only within the operand's type (type bracketing). NaN and null equal themselves and have no order. */
const ordered =
  (holds: (order: number) => boolean) =>
  (operand: unknown): Test => {
    if (operand === null || Number.isNaN(toNumber(operand))) return holds(0) ? equal(operand) : () => false;
    const type = typeOf(operand);
    const key = keyOf(operand);
    return anyOf(
      (value) =>
        value !== undefined &&
        typeOf(value) === type &&
        !Number.isNaN(toNumber(value)) &&
        holds(Buffer.compare(keyOf(value), key)),
    );
  };

const exists: Test = (values) => values.some((value) => value !== undefined);

const OPERATORS: Record<string, (operand: unknown) => Test> = {
  $eq: equal,
  $ne: (operand) => not(equal(operand)),
  $in: isIn('$in'),
  $nin: (operand) => not(isIn('$nin')(operand)),
  $gt: ordered((order) => order > 0),
  $gte: ordered((order) => order >= 0),
  $lt: ordered((order) => order < 0),
  $lte: ordered((order) => order <= 0),
  $exists: (operand) => (truthy(operand) ? exists : not(exists)),
};

/** Returns the fields that a filter requires to equal a value: an upsert's document starts with them. */
export const equalities = (filter: Doc): [path: string, value: unknown][] =>
  Object.entries(filter).flatMap<[string, unknown]>(([name, operand]) => {
    if (name === '$and' && Array.isArray(operand)) return operand.flatMap((part) => equalities(part as Doc));
    if (name === '$or' && Array.isArray(operand) && operand.length === 1) return equalities(operand[0] as Doc);
    if (name.startsWith('$')) return [];
    if (!isOperators(operand)) return [[name, operand]];
    if ('$eq' in operand) return [[name, fieldOf(operand, '$eq')]];
    const only = operand.$in;
    return Array.isArray(only) && only.length === 1 ? [[name, only[0]]] : [];
  });
