import { BSONRegExp } from 'bson';
import { CommandError, notImplemented } from './errors.ts';
import { evaluate, truthy } from './expressions.ts';
import { fieldOf, valuesAt } from './paths.ts';
import { bsonType, bsonTypesNamed, compareValues, type Doc, isDoc, TYPE, toNumber, typeOf } from './values.ts';

export type Matcher = (doc: Doc) => boolean;
/** A test of the values that a path leads to; `single` when an array among them counts as itself, not as its elements. */
type Test = (values: unknown[], single?: boolean) => boolean;

/**
 * Compiles a query filter.
 * @throws CommandError 2 (BadValue) for unknown operators and operands of the wrong type, as the real server does.
 */
export function compileFilter(filter: Doc): Matcher {
  const tests = Object.entries(filter).map(([name, operand]) =>
    name.startsWith('$') ? compileTopLevel(name, operand) : compileField(name, operand),
  );
  return (doc) => tests.every((test) => test(doc));
}

function compileTopLevel(name: string, operand: unknown): Matcher {
  switch (name) {
    case '$and': {
      const all = compileList(name, operand);
      return (doc) => all.every((matches) => matches(doc));
    }
    case '$or': {
      const any = compileList(name, operand);
      return (doc) => any.some((matches) => matches(doc));
    }
    case '$nor': {
      const none = compileList(name, operand);
      return (doc) => !none.some((matches) => matches(doc));
    }
    case '$expr':
      return (doc) => truthy(evaluate(operand, doc));
    case '$comment':
      return () => true;
    default:
      throw new CommandError(
        2,
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function compileList(name: string, operand: unknown): Matcher[] {
  if (!Array.isArray(operand)) throw new CommandError(2, `${name} must be an array`);
  if (operand.length === 0) throw new CommandError(2, '$and/$or/$nor must be a nonempty array');
  return operand.map((entry) => {
    if (!isDoc(entry)) throw new CommandError(2, '$or/$and/$nor entries need to be full objects');
    return compileFilter(entry);
  });
}

function compileField(path: string, operand: unknown): Matcher {
  const test = compileOperand(operand);
  return (doc) => test(valuesAt(doc, path));
}

/** True when a field's operand is a document of operators rather than a value to equal. */
export function isOperators(operand: unknown): operand is Doc {
  if (!isDoc(operand)) return false;
  const first = Object.keys(operand)[0];
  return first?.startsWith('$') === true && !['$ref', '$id', '$db'].includes(first);
}

function compileOperand(operand: unknown): Test {
  if (operand instanceof BSONRegExp) return compileRegex(operand);
  if (!isOperators(operand)) return equal(operand);
  const tests = Object.entries(operand).map(([name, value]) => compileOperator(name, value, operand));
  return (values, single) => tests.every((test) => test(values, single));
}

function compileOperator(name: string, operand: unknown, all: Doc): Test {
  switch (name) {
    case '$eq':
      return equal(operand);
    case '$ne':
      return not(equal(operand));
    case '$gt':
      return compared(operand, (order) => order > 0, false);
    case '$gte':
      return compared(operand, (order) => order >= 0, true);
    case '$lt':
      return compared(operand, (order) => order < 0, false);
    case '$lte':
      return compared(operand, (order) => order <= 0, true);
    case '$in':
      return compileIn(name, operand);
    case '$nin':
      return not(compileIn(name, operand));
    case '$exists':
      return truthy(operand) ? exists : not(exists);
    case '$type':
      return compileType(operand);
    case '$not':
      if (!(operand instanceof BSONRegExp) && !isOperators(operand)) {
        throw new CommandError(2, '$not needs a regex or a document');
      }
      return not(compileOperand(operand));
    case '$regex':
      return compileRegex(operand, all.$options);
    case '$options':
      if (!('$regex' in all)) throw new CommandError(2, '$options needs a $regex');
      return () => true;
    case '$all':
      return compileAll(operand);
    case '$elemMatch':
      return compileElemMatch(operand);
    case '$size':
      return compileSize(operand);
    case '$mod':
      return compileMod(operand);
    default:
      throw new CommandError(2, `unknown operator: ${name}`);
  }
}

const not =
  (test: Test): Test =>
  (values, single) =>
    !test(values, single);

const exists: Test = (values) => values.some((value) => value !== undefined);

/** A test that holds for a value or, where it is an array, for one of its elements. */
function anyOf(holds: (value: unknown) => boolean): Test {
  return (values, single = false) =>
    values.some((value) => holds(value) || (!single && Array.isArray(value) && value.some(holds)));
}

function equal(operand: unknown): Test {
  if (operand === null || operand === undefined) {
    const isNull = anyOf((value) => value === null || value === undefined);
    return (values, single) => values.length === 0 || isNull(values, single);
  }
  return anyOf((value) => value !== undefined && compareValues(value, operand) === 0);
}

/** Compares within the operand's type only (type bracketing); MinKey and MaxKey compare with every type. */
function compared(operand: unknown, holds: (order: number) => boolean, orEqual: boolean): Test {
  if (operand instanceof BSONRegExp) throw new CommandError(2, "Can't have RegEx as arg to predicate over field");
  const type = typeOf(operand);
  if (type === TYPE.null) return orEqual ? equal(null) : () => false;
  if (Number.isNaN(toNumber(operand))) return orEqual ? equal(operand) : () => false;
  const everyType = type === TYPE.minKey || type === TYPE.maxKey;
  return anyOf((value) => {
    if (!everyType && (typeOf(value) !== type || value === undefined)) return false;
    if (Number.isNaN(toNumber(value))) return everyType && holds(compareValues(value, operand));
    return holds(compareValues(value, operand));
  });
}

function compileIn(name: string, operand: unknown): Test {
  if (!Array.isArray(operand)) throw new CommandError(2, `${name} needs an array`);
  const tests = operand.map((value) => {
    if (isOperators(value)) throw new CommandError(2, `cannot nest $ under ${name}`);
    return value instanceof BSONRegExp ? compileRegex(value) : equal(value);
  });
  return (values, single) => tests.some((test) => test(values, single));
}

function compileType(operand: unknown): Test {
  const names = Array.isArray(operand) ? operand : [operand];
  const types = names.flatMap((name) => {
    const found = bsonTypesNamed(name);
    if (found === undefined) throw new CommandError(2, `Unknown type name alias: ${String(name)}`);
    return found;
  });
  return anyOf((value) => value !== undefined && types.includes(bsonType(value)));
}

/** The JavaScript expression of a BSON one; options i, m and s. */
function toRegExp(pattern: string, options: string): RegExp {
  if (/[^imsu]/.test(options)) {
    if (/^[imsux]*$/.test(options)) throw notImplemented('the regular expression option x');
    throw new CommandError(51108, ` invalid flag in regex options: ${options}`);
  }
  try {
    return new RegExp(pattern, [...new Set(`${options.replace('u', '')}u`)].join(''));
  } catch {
    try {
      return new RegExp(pattern, options.replace('u', ''));
    } catch (error) {
      throw new CommandError(51091, `Regular expression is invalid: ${(error as Error).message}`);
    }
  }
}

function compileRegex(operand: unknown, given?: unknown): Test {
  const own = operand instanceof BSONRegExp ? operand : undefined;
  if (own === undefined && typeof operand !== 'string') throw new CommandError(2, '$regex has to be a string');
  if (given !== undefined && typeof given !== 'string') throw new CommandError(2, '$options has to be a string');
  const pattern = own?.pattern ?? (operand as string);
  const options = given ?? own?.options ?? '';
  const expression = toRegExp(pattern, options);
  return anyOf((value) =>
    value instanceof BSONRegExp
      ? value.pattern === pattern && value.options === options
      : typeof value === 'string' && expression.test(value),
  );
}

function compileAll(operand: unknown): Test {
  if (!Array.isArray(operand)) throw new CommandError(2, '$all needs an array');
  const tests = operand.map((entry) => {
    if (!isOperators(entry)) return entry instanceof BSONRegExp ? compileRegex(entry) : equal(entry);
    if (Object.keys(entry)[0] !== '$elemMatch') throw new CommandError(2, 'no $ expressions in $all');
    return compileOperand(entry);
  });
  return (values, single) => tests.length > 0 && tests.every((test) => test(values, single));
}

function compileElemMatch(operand: unknown): Test {
  if (!isDoc(operand)) throw new CommandError(2, '$elemMatch needs an Object');
  const logical = ['$and', '$or', '$nor', '$expr'].includes(Object.keys(operand)[0] ?? '');
  if (isOperators(operand) && !logical) {
    const test = compileElement(operand);
    return (values) => values.some((value) => Array.isArray(value) && value.some(test));
  }
  const matches = compileFilter(operand);
  const element = (value: unknown) => (isDoc(value) ? matches(value) : Array.isArray(value) && matches({ ...value }));
  return (values) => values.some((value) => Array.isArray(value) && value.some(element));
}

/** A test of one element of an array, by operators or a regular expression. */
export function compileElement(operand: unknown): (element: unknown) => boolean {
  const test = compileOperand(operand);
  return (element) => test([element], true);
}

function compileSize(operand: unknown): Test {
  const size = toNumber(operand);
  if (size === undefined || !Number.isInteger(size))
    throw new CommandError(2, `Failed to parse $size. Expected an integer`);
  if (size < 0) throw new CommandError(2, `Failed to parse $size. Expected a non-negative number in: $size: ${size}`);
  return (values) => values.some((value) => Array.isArray(value) && value.length === size);
}

function compileMod(operand: unknown): Test {
  const [divisor, remainder] = Array.isArray(operand) ? operand.map(toNumber) : [];
  if (divisor === undefined || remainder === undefined || !Array.isArray(operand) || operand.length !== 2) {
    throw new CommandError(2, 'malformed mod, not enough elements');
  }
  if (Math.trunc(divisor) === 0) throw new CommandError(2, 'divisor cannot be 0');
  return anyOf((value) => {
    const number = toNumber(value);
    return (
      number !== undefined &&
      Number.isFinite(number) &&
      Math.trunc(number) % Math.trunc(divisor) === Math.trunc(remainder)
    );
  });
}

/** The fields that a filter holds equal to a value: what an upsert begins its document with. */
export function equalities(filter: Doc): [path: string, value: unknown][] {
  return Object.entries(filter).flatMap<[string, unknown]>(([name, operand]) => {
    if (name === '$and' && Array.isArray(operand)) return operand.flatMap((part) => equalities(part as Doc));
    if (name === '$or' && Array.isArray(operand) && operand.length === 1) return equalities(operand[0] as Doc);
    if (name.startsWith('$') || operand instanceof BSONRegExp) return [];
    if (!isOperators(operand)) return [[name, operand]];
    if ('$eq' in operand) return [[name, fieldOf(operand, '$eq')]];
    const only = operand.$in;
    return Array.isArray(only) && only.length === 1 ? [[name, only[0]]] : [];
  });
}
