import { BSONRegExp, Int32, Timestamp } from 'bson';
import { CommandError, notImplemented } from './errors.ts';
import { compileElement, compileFilter, isOperators } from './match.ts';
import { isNumber, multiply, sum } from './numbers.ts';
import { type KeyField, sortKey } from './paths.ts';
import { compareValues, type Doc, isDoc, setField, toNumber } from './values.ts';

/** Applies an update to a decoded document, which it may change, and returns the result. */
export type Update = (doc: Doc, inserting: boolean) => Doc;

/**
 * Compiles an update: operators, or a whole replacement.
 * @throws CommandError 9 for unknown modifiers, 2 or 14 for wrong operands, 40 for two operators on one path.
 */
export function compileUpdate(update: unknown): Update {
  if (Array.isArray(update)) throw notImplemented('an update by an aggregation pipeline');
  if (!isDoc(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  const names = Object.keys(update);
  if (!names[0]?.startsWith('$')) return replacement(update);
  const steps = names.flatMap((name) => compileModifier(name, update[name]));
  refuseConflicts(steps.map(({ path }) => path));
  return (doc, inserting) => {
    for (const { path, apply } of steps) apply(doc, path, inserting);
    return doc;
  };
}

export function isReplacement(update: unknown): boolean {
  return isDoc(update) && !Object.keys(update)[0]?.startsWith('$');
}

function replacement(update: Doc): Update {
  const dollar = Object.keys(update).find((name) => name.startsWith('$'));
  if (dollar)
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${dollar}' is not allowed in the context of an update's replacement document.`,
    );
  const { _id: given, ...rest } = update;
  return (doc) => {
    if (given !== undefined && doc._id !== undefined && compareValues(given, doc._id) !== 0) throw idChanged();
    const id = doc._id ?? given;
    return id === undefined ? { ...rest } : { _id: id, ...rest };
  };
}

/** The refusal of an update that would give a document another `_id`. */
export function idChanged(): CommandError {
  return new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
}

type Apply = (doc: Doc, path: string, inserting: boolean) => void;
type Step = { path: string; apply: Apply };

function compileModifier(name: string, operand: unknown): Step[] {
  const compile = MODIFIERS[name];
  if (compile === undefined) {
    throw new CommandError(
      9,
      `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`,
    );
  }
  if (!isDoc(operand))
    throw new CommandError(
      9,
      `Modifiers operate on fields but we found type another value instead. For example: {$mod: {<field>: ...}} not {${name}: ...}`,
    );
  return Object.entries(operand).flatMap(([path, value]) => {
    checkPath(path);
    const step = { path, apply: compile(value, path) };
    if (name !== '$rename') return [step];
    checkPath(String(value));
    return [step, { path: String(value), apply: () => {} }];
  });
}

function checkPath(path: string): void {
  const parts = path.split('.');
  if (path === '') throw new CommandError(56, 'An empty update path is not valid.');
  if (parts.includes(''))
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  if (parts.some((part) => part === '$' || part.startsWith('$['))) throw notImplemented('a positional update path');
  if (parts[0]?.startsWith('$'))
    throw new CommandError(
      52,
      `The dollar ($) prefixed field '${parts[0]}' in '${path}' is not allowed in the context of an update.`,
    );
}

function refuseConflicts(paths: string[]): void {
  const sorted = [...paths].sort();
  for (const [index, path] of sorted.entries()) {
    const next = sorted.slice(index + 1).find((other) => other === path || other.startsWith(`${path}.`));
    if (next !== undefined)
      throw new CommandError(40, `Updating the path '${next}' would create a conflict at '${path}'`);
  }
}

const MODIFIERS: Record<string, (operand: unknown, path: string) => Apply> = {
  $set: (operand) => (doc, path) => write(doc, path, operand),
  $setOnInsert: (operand) => (doc, path, inserting) => {
    if (inserting) write(doc, path, operand);
  },
  $unset: () => (doc, path) => remove(doc, path),
  $inc: arithmetic('$inc', sum, (operand) => operand),
  $mul: arithmetic('$mul', multiply, () => new Int32(0)),
  $min: (operand) => (doc, path) => {
    const { found, value } = read(doc, path);
    if (!found || compareValues(operand, value) < 0) write(doc, path, operand);
  },
  $max: (operand) => (doc, path) => {
    const { found, value } = read(doc, path);
    if (!found || compareValues(operand, value) > 0) write(doc, path, operand);
  },
  $rename: (operand) => {
    if (typeof operand !== 'string') throw new CommandError(2, "The 'to' field for $rename must be a string");
    return (doc, path) => {
      const { found, value } = read(doc, path);
      if (!found) return;
      remove(doc, path);
      write(doc, operand, value);
    };
  },
  $currentDate: (operand) => {
    const timestamp = isDoc(operand) && operand.$type === 'timestamp';
    if (operand !== true && !(isDoc(operand) && (timestamp || operand.$type === 'date'))) {
      throw new CommandError(2, "$currentDate needs true or { $type: 'date' | 'timestamp' }");
    }
    return (doc, path) =>
      write(doc, path, timestamp ? new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 }) : new Date());
  },
  $push: compilePush,
  $addToSet: (operand) => {
    const each = isDoc(operand) && '$each' in operand;
    if (each && Object.keys(operand).length > 1)
      throw new CommandError(2, 'Found unexpected fields after $each in $addToSet');
    const values = each ? listOf(operand.$each, '$each') : [operand];
    return changeArray('$addToSet', (array) => {
      const result = [...array];
      for (const value of values) if (!result.some((member) => compareValues(member, value) === 0)) result.push(value);
      return result;
    });
  },
  $pull: (operand) => {
    const matches = pullTest(operand);
    return changeArray('$pull', (array) => array.filter((member) => !matches(member)), false);
  },
  $pullAll: (operand) => {
    const values = listOf(operand, '$pullAll');
    return changeArray(
      '$pullAll',
      (array) => array.filter((member) => !values.some((value) => compareValues(member, value) === 0)),
      false,
    );
  },
  $pop: (operand) => {
    const end = toNumber(operand);
    if (end !== 1 && end !== -1) throw new CommandError(9, '$pop expects 1 or -1');
    return changeArray('$pop', (array) => (end === 1 ? array.slice(0, -1) : array.slice(1)), false);
  },
};

function arithmetic(
  name: string,
  combine: (a: unknown, b: unknown) => unknown,
  missing: (operand: unknown) => unknown,
) {
  return (operand: unknown, field: string): Apply => {
    if (!isNumber(operand))
      throw new CommandError(
        14,
        `Cannot ${name === '$inc' ? 'increment' : 'multiply'} with non-numeric argument: {${field}: ...}`,
      );
    return (doc, path) => {
      const { found, value } = read(doc, path);
      if (found && !isNumber(value)) {
        throw new CommandError(
          14,
          `Cannot apply ${name} to a value of non-numeric type. The field '${path}' is not a number`,
        );
      }
      write(doc, path, found ? combine(value, operand) : missing(operand));
    };
  };
}

function listOf(value: unknown, name: string): unknown[] {
  if (!Array.isArray(value)) throw new CommandError(2, `The argument to ${name} must be an array`);
  return value;
}

function changeArray(name: string, change: (array: unknown[]) => unknown[], create = true): Apply {
  return (doc, path) => {
    const { found, value } = read(doc, path);
    if (!found && !create) return;
    if (found && !Array.isArray(value)) {
      throw new CommandError(
        2,
        `The field '${path}' must be an array but is of another type: ${name} cannot be applied`,
      );
    }
    write(doc, path, change(found ? (value as unknown[]) : []));
  };
}

function compilePush(operand: unknown): Apply {
  if (!isDoc(operand) || !('$each' in operand)) return changeArray('$push', (array) => [...array, operand]);
  const unknown = Object.keys(operand).find((name) => !['$each', '$slice', '$sort', '$position'].includes(name));
  if (unknown) throw new CommandError(2, `Unrecognized clause in $push: ${unknown}`);
  const values = listOf(operand.$each, '$each');
  const position = wholeNumber(operand.$position, '$position');
  const slice = wholeNumber(operand.$slice, '$slice');
  const order = operand.$sort === undefined ? undefined : elementOrder(operand.$sort);
  return changeArray('$push', (array) => {
    const result = [...array];
    result.splice(position ?? result.length, 0, ...values);
    if (order) result.sort(order);
    if (slice === undefined) return result;
    return slice === 0 ? [] : slice > 0 ? result.slice(0, slice) : result.slice(slice);
  });
}

function wholeNumber(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  const number = toNumber(value);
  if (number === undefined || !Number.isInteger(number))
    throw new CommandError(2, `The value for ${name} must be an integer value`);
  return number;
}

function elementOrder(sort: unknown): (a: unknown, b: unknown) => number {
  if (!isDoc(sort)) {
    const direction = toNumber(sort);
    if (direction !== 1 && direction !== -1)
      throw new CommandError(2, 'The $sort element value must be either 1 or -1');
    return (a, b) => compareValues(a, b) * direction;
  }
  const fields = Object.entries(sort).map(([path, way]): KeyField => [path, toNumber(way) === -1 ? -1 : 1]);
  const key = (value: unknown) => sortKey(isDoc(value) ? value : {}, fields);
  return (a, b) => Buffer.compare(key(a), key(b));
}

function pullTest(operand: unknown): (member: unknown) => boolean {
  if (isOperators(operand) || operand instanceof BSONRegExp) return compileElement(operand);
  if (!isDoc(operand)) return (member) => compareValues(member, operand) === 0;
  const matches = compileFilter(operand);
  return (member) => isDoc(member) && matches(member);
}

// --- paths -----------------------------------------------------------------------------------------------------------

function read(doc: Doc, path: string): { found: boolean; value: unknown } {
  let value: unknown = doc;
  for (const part of path.split('.')) {
    if (
      Array.isArray(value)
        ? !(/^\d+$/.test(part) && Number(part) < value.length)
        : !isDoc(value) || !Object.hasOwn(value, part)
    ) {
      return { found: false, value: undefined };
    }
    value = (value as Doc)[part];
  }
  return { found: true, value };
}

const MAX_PADDING = 1_500_000;

function write(doc: Doc, path: string, value: unknown): void {
  const parts = path.split('.');
  let holder: unknown = doc;
  for (const [depth, part] of parts.entries()) {
    const last = depth === parts.length - 1;
    if (Array.isArray(holder)) holder = writeElement(holder, part, last, value, path);
    else if (isDoc(holder)) holder = writeField(holder, part, last, value);
    else throw new CommandError(28, `Cannot create field '${part}' in element {${parts[depth - 1]}: ...}`);
  }
}

function writeField(holder: Doc, name: string, last: boolean, value: unknown): unknown {
  const next = last ? value : Object.hasOwn(holder, name) ? holder[name] : {};
  setField(holder, name, next);
  return next;
}

function writeElement(holder: unknown[], part: string, last: boolean, value: unknown, path: string): unknown {
  if (!/^\d+$/.test(part)) throw new CommandError(28, `Cannot create field '${part}' in element of '${path}'`);
  const index = Number(part);
  if (index > holder.length + MAX_PADDING)
    throw new CommandError(2, `can't backfill more than ${MAX_PADDING} elements`);
  while (holder.length < index) holder.push(null);
  const next = last ? value : (holder[index] ?? {});
  holder[index] = next;
  return next;
}

function remove(doc: Doc, path: string): void {
  const parts = path.split('.');
  const name = parts.pop() as string;
  const { found, value } = parts.length === 0 ? { found: true, value: doc } : read(doc, parts.join('.'));
  if (!found) return;
  if (Array.isArray(value)) {
    if (/^\d+$/.test(name) && Number(name) < value.length) value[Number(name)] = null;
  } else if (isDoc(value)) delete value[name];
}
