import { Binary, Double, deserialize, Int32, Long, ObjectId, serialize } from 'bson';
import { CommandError } from './errors.ts';

/** A decoded document. Numbers stay `Int32`, `Double` or `Long`, so that a rewrite keeps their types. */
export type Doc = Record<string, unknown>;

/** Decodes without promoting values, so that a rewritten document keeps its types. */
export const decode = (bytes: Uint8Array): Doc => deserialize(bytes, { promoteValues: false });

/** @throws CommandError 2 for a document that the BSON library cannot write, such as one with a field `_bsontype` */
export const encode = (doc: Doc): Uint8Array => {
  try {
    return serialize(doc, { ignoreUndefined: false });
  } catch (error) {
    throw new CommandError(2, `the document cannot be written as BSON: ${(error as Error).message}`);
  }
};

/** Sets an own field, also `__proto__`. */
export const setField = (doc: Doc, name: string, value: unknown): void => {
  if (name !== '__proto__') doc[name] = value;
  else Object.defineProperty(doc, name, { value, enumerable: true, configurable: true, writable: true });
};

export const isDoc = (value: unknown): value is Doc =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Date) &&
  !('_bsontype' in value && typeof value._bsontype === 'string' && !Object.hasOwn(value, '_bsontype')) &&
  !ArrayBuffer.isView(value);

/**
 * The types in BSON's comparison order, as the bytes that begin an index key, named as in MongoDB's messages. The gaps
 * leave room for the types that are not supported; a byte plus one ends its type. `empty` stands for an empty array in
 * an index, below null. Source: MongoDB manual, "BSON Types: Comparison/Sort Order". Data files contain these numbers.
 */
export const TYPE = {
  empty: 0x06,
  null: 0x08,
  number: 0x10,
  string: 0x18,
  object: 0x20,
  array: 0x28,
  binData: 0x30,
  objectId: 0x38,
  bool: 0x40,
  date: 0x48,
} as const;

/** The marker that an index stores for an empty array. */
export const EMPTY_ARRAY = Symbol('empty array');

/** Returns the comparison type of a value (one of {@link TYPE}); a missing one counts as null. */
export const typeOf = (value: unknown): number => {
  if (value === null || value === undefined) return TYPE.null;
  if (typeof value === 'string') return TYPE.string;
  if (typeof value === 'number' || value instanceof Int32 || value instanceof Double || value instanceof Long)
    return TYPE.number;
  if (typeof value === 'boolean') return TYPE.bool;
  if (value instanceof Date) return TYPE.date;
  if (Array.isArray(value)) return TYPE.array;
  if (value instanceof ObjectId) return TYPE.objectId;
  if (value instanceof Binary) return TYPE.binData;
  return value === EMPTY_ARRAY ? TYPE.empty : TYPE.object;
};

const NAMES = new Map<number, string>(Object.entries(TYPE).map(([name, type]) => [type, name]));

/** Returns the name of a value's type as MongoDB's messages spell it. */
export const typeName = (value: unknown): string => {
  if (value === undefined) return 'missing';
  const type = typeOf(value);
  if (type !== TYPE.number) return NAMES.get(type)!;
  return value instanceof Long ? 'long' : value instanceof Int32 ? 'int' : 'double';
};

/** Returns the nearest double of a BSON number, undefined of anything else. */
export const toNumber = (value: unknown): number | undefined => {
  if (typeof value === 'number') return value;
  if (value instanceof Int32 || value instanceof Double) return value.value;
  return value instanceof Long ? Number(value.toBigInt()) : undefined;
};

/** Interprets a flag: false, null, a missing value and zero are false; all else is true. */
export const truthy = (value: unknown): boolean =>
  value !== false && value !== null && value !== undefined && toNumber(value) !== 0;

const MAX_LONG = 2n ** 63n - 1n;

/**
 * Adds two BSON numbers. The sum has the wider type of both, and an Int32 that overflows becomes a Long.
 * @throws CommandError 2 when the sum of two whole numbers does not fit 64 bits
 */
export const sum = (a: unknown, b: unknown): unknown => {
  if (a instanceof Double || b instanceof Double) return new Double((toNumber(a) as number) + (toNumber(b) as number));
  const total = whole(a) + whole(b);
  if (a instanceof Int32 && b instanceof Int32 && BigInt.asIntN(32, total) === total) return new Int32(Number(total));
  if (total > MAX_LONG || total < -MAX_LONG - 1n)
    throw new CommandError(2, 'Failed to apply $inc operations to current value: the result exceeds 64 bits');
  return Long.fromBigInt(total);
};

const whole = (value: unknown): bigint => (value instanceof Long ? value.toBigInt() : BigInt((value as Int32).value));

// --- order-preserving keys -------------------------------------------------------------------------------------------

let scratch = Buffer.allocUnsafe(4096);
let at = 0;

const room = (bytes: number): void => {
  if (at + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes));
  scratch.copy(larger, 0, 0, at);
  scratch = larger;
};

const byte = (value: number): void => {
  room(1);
  scratch[at++] = value;
};

/**
 * Returns the bytes of a value. Comparing bytes compares values as BSON does, across all types and number widths, and
 * no value's bytes begin another's. A missing value is null.
 */
export const keyOf = (value: unknown): Buffer => {
  at = 0;
  putValue(value);
  return Buffer.from(scratch.subarray(0, at));
};

/** Returns the bytes of a compound key. A field whose direction is -1 has its bytes inverted. */
export const compoundKey = (values: readonly unknown[], directions: readonly number[]): Buffer => {
  at = 0;
  for (let field = 0; field < values.length; field++) {
    const start = at;
    putValue(values[field]);
    if (directions[field] === -1) invertFrom(start);
  }
  return Buffer.from(scratch.subarray(0, at));
};

const invertFrom = (start: number): void => {
  for (let i = start; i < at; i++) scratch[i] = ~(scratch[i] as number) & 0xff;
};

const putValue = (value: unknown): void => {
  const type = typeOf(value);
  byte(type);
  putPayload(type, value);
};

const putPayload = (type: number, value: unknown): void => {
  switch (type) {
    case TYPE.number:
      putNumber(value);
      break;
    case TYPE.string:
      putText(value as string);
      break;
    case TYPE.object:
      for (const [name, field] of Object.entries(value as Doc)) {
        // BSON compares a field's type first, then its name, then its value.
        const fieldType = typeOf(field);
        byte(fieldType);
        putText(name);
        putPayload(fieldType, field);
      }
      byte(0);
      break;
    case TYPE.array:
      for (const element of value as unknown[]) putValue(element);
      byte(0);
      break;
    case TYPE.binData:
      putBinary(value as Binary);
      break;
    case TYPE.objectId:
      room(12);
      scratch.set((value as ObjectId).id, at);
      at += 12;
      break;
    case TYPE.bool:
      byte(value ? 1 : 0);
      break;
    case TYPE.date:
      room(8);
      scratch.writeBigInt64BE(BigInt((value as Date).getTime() || 0), at);
      scratch[at]! ^= 0x80;
      at += 8;
      break;
  }
};

/** Writes UTF-8 with NUL escaped as 00 FF, ended by 00 00. */
const putText = (text: string): void => {
  room(text.length * 3 + 2);
  const start = at;
  at += scratch.write(text, at);
  if (text.includes('\0')) {
    const escaped = [...scratch.subarray(start, at)].flatMap((b) => (b === 0 ? [0, 0xff] : [b]));
    at = start;
    room(escaped.length + 2);
    scratch.set(escaped, at);
    at += escaped.length;
  }
  room(2);
  scratch[at++] = 0;
  scratch[at++] = 0;
};

/** Writes length, then subtype, then bytes. */
const putBinary = (value: Binary): void => {
  const bytes = value.value();
  room(5 + bytes.length);
  scratch.writeUInt32BE(bytes.length, at);
  scratch[at + 4] = value.sub_type;
  scratch.set(bytes, at + 5);
  at += 5 + bytes.length;
};

/**
 * Writes the nearest double in order-preserving form, then the rest of the exact value: 80 when there is none, else the
 * difference. Equal numbers of any width have equal bytes; NaN is below everything.
 */
const putNumber = (value: unknown): void => {
  const nearest = toNumber(value) as number;
  room(8);
  if (Number.isNaN(nearest)) {
    scratch.fill(0, at, at + 8);
  } else {
    scratch.writeDoubleBE(nearest === 0 ? 0 : nearest, at);
    if (nearest < 0) for (let i = at; i < at + 8; i++) scratch[i] = ~(scratch[i] as number) & 0xff;
    else scratch[at]! ^= 0x80;
  }
  at += 8;
  const rest = value instanceof Long && !Number.isSafeInteger(nearest) ? value.toBigInt() - BigInt(nearest) : 0n;
  if (rest === 0n) byte(0x80);
  else putRest(rest);
};

/**
 * Writes a whole number of few digits: 81, the number of digits, the digits without zeros at the end; all inverted
 * below zero.
 */
const putRest = (rest: bigint): void => {
  const digits = (rest < 0n ? -rest : rest).toString();
  const start = at;
  room(digits.length + 4);
  scratch[at++] = 0x81;
  at = scratch.writeUInt16BE(0x8000 + digits.length, at);
  at += scratch.write(digits.replace(/0+$/, ''), at, 'latin1');
  scratch[at++] = 0;
  if (rest < 0n) invertFrom(start);
};
