import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  Double,
  deserialize,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
  Timestamp,
} from 'bson';
import { CommandError } from './errors.ts';

/** A decoded document: numbers stay `Int32`, `Double`, `Long` or `Decimal128`, so that a rewrite keeps their types. */
export type Doc = Record<string, unknown>;

/** Decodes without promoting values: what is written back has the types that were read. */
export function decode(bytes: Uint8Array): Doc {
  return deserialize(bytes, { promoteValues: false, bsonRegExp: true });
}

/** @throws CommandError 2 for what the BSON library cannot write again, such as a document with a field `_bsontype` */
export function encode(doc: Doc): Uint8Array {
  try {
    return serialize(doc, { ignoreUndefined: false });
  } catch (error) {
    throw new CommandError(2, `the document cannot be written as BSON: ${(error as Error).message}`);
  }
}

/** Sets an own field, `__proto__` too. */
export function setField(doc: Doc, name: string, value: unknown): void {
  if (name !== '__proto__') doc[name] = value;
  else Object.defineProperty(doc, name, { value, enumerable: true, configurable: true, writable: true });
}

export function isDoc(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !('_bsontype' in value && typeof value._bsontype === 'string' && !Object.hasOwn(value, '_bsontype')) &&
    !ArrayBuffer.isView(value)
  );
}

/**
 * BSON's canonical types in comparison order, as bytes that begin an index key. Gaps are left so that a byte plus one
 * ends its type. EMPTY stands for an empty array in an index, below null.
 * Source: MongoDB manual, "BSON Types: Comparison/Sort Order".
 */
export const TYPE = {
  minKey: 0x02,
  empty: 0x06,
  null: 0x08,
  number: 0x10,
  string: 0x18,
  object: 0x20,
  array: 0x28,
  binary: 0x30,
  objectId: 0x38,
  boolean: 0x40,
  date: 0x48,
  timestamp: 0x50,
  regex: 0x58,
  code: 0x60,
  maxKey: 0x78,
} as const;

/** The marker that an index stores for an empty array. */
export const EMPTY_ARRAY = Symbol('empty array');

/** The comparison type of a value (one of {@link TYPE}); missing counts as null. */
export function typeOf(value: unknown): number {
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return TYPE.number;
    case 'string':
      return TYPE.string;
    case 'boolean':
      return TYPE.boolean;
    case 'undefined':
      return TYPE.null;
    case 'symbol':
      return TYPE.empty;
    case 'object':
      return objectType(value);
    default:
      throw new TypeError(`not a BSON value: ${typeof value}`);
  }
}

function objectType(value: object | null): number {
  if (value === null) return TYPE.null;
  if (Array.isArray(value)) return TYPE.array;
  if (value instanceof Int32 || value instanceof Double || value instanceof Decimal128) return TYPE.number;
  if (value instanceof Timestamp) return TYPE.timestamp;
  if (value instanceof Long) return TYPE.number;
  if (value instanceof ObjectId) return TYPE.objectId;
  if (value instanceof Date) return TYPE.date;
  if (value instanceof Binary || ArrayBuffer.isView(value)) return TYPE.binary;
  if (value instanceof BSONSymbol) return TYPE.string;
  if (value instanceof BSONRegExp) return TYPE.regex;
  if (value instanceof Code) return TYPE.code;
  if (value instanceof MinKey) return TYPE.minKey;
  if (value instanceof MaxKey) return TYPE.maxKey;
  return TYPE.object;
}

const ALIASES: Record<string, number> = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  javascript: 13,
  symbol: 14,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
};
const NUMBER_TYPES = [1, 16, 18, 19];

/** BSON type numbers of a `$type` operand (an alias, "number" or a number); undefined when there is no such type. */
export function bsonTypesNamed(operand: unknown): number[] | undefined {
  if (operand === 'number') return NUMBER_TYPES;
  const number = typeof operand === 'string' ? ALIASES[operand] : toNumber(operand);
  return number !== undefined && Object.values(ALIASES).includes(number) ? [number] : undefined;
}

/** The BSON element type number of a decoded value. */
export function bsonType(value: unknown): number {
  if (value instanceof Int32) return 16;
  if (value instanceof Decimal128) return 19;
  if (value instanceof BSONSymbol) return 14;
  if (value instanceof Timestamp) return 17;
  if (value instanceof Long) return 18;
  if (value === undefined) return 6;
  const byType: Record<number, number> = {
    [TYPE.minKey]: -1,
    [TYPE.null]: 10,
    [TYPE.number]: 1,
    [TYPE.string]: 2,
    [TYPE.object]: 3,
    [TYPE.array]: 4,
    [TYPE.binary]: 5,
    [TYPE.objectId]: 7,
    [TYPE.boolean]: 8,
    [TYPE.date]: 9,
    [TYPE.regex]: 11,
    [TYPE.code]: 13,
    [TYPE.maxKey]: 127,
  };
  return byType[typeOf(value)] ?? 3;
}

/** The nearest double of a BSON number, undefined of anything else. */
export function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Int32 || value instanceof Double) return value.value;
  if (value instanceof Timestamp) return undefined;
  if (value instanceof Long) return Number(value.toBigInt());
  if (value instanceof Decimal128) return Number(value.toString());
  if (typeof value === 'bigint') return Number(value);
  return undefined;
}

// --- order-preserving keys -------------------------------------------------------------------------------------------

let scratch = Buffer.allocUnsafe(4096);
let at = 0;

function room(bytes: number): void {
  if (at + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, at + bytes));
  scratch.copy(larger, 0, 0, at);
  scratch = larger;
}

function byte(value: number): void {
  room(1);
  scratch[at++] = value;
}

/**
 * The bytes of a value, such that comparing bytes compares values as BSON does, across all types and number widths, and
 * no value's bytes begin another's. Missing (undefined) is null.
 */
export function keyOf(value: unknown): Buffer {
  at = 0;
  putValue(value);
  return Buffer.from(scratch.subarray(0, at));
}

/** The bytes of a compound key; a field whose direction is -1 has its bytes inverted. */
export function compoundKey(values: readonly unknown[], directions: readonly number[]): Buffer {
  at = 0;
  for (let field = 0; field < values.length; field++) {
    const start = at;
    putValue(values[field]);
    if (directions[field] === -1) for (let i = start; i < at; i++) scratch[i] = ~(scratch[i] as number) & 0xff;
  }
  return Buffer.from(scratch.subarray(0, at));
}

function putValue(value: unknown): void {
  const type = typeOf(value);
  byte(type);
  putPayload(type, value);
}

function putPayload(type: number, value: unknown): void {
  switch (type) {
    case TYPE.number:
      putNumber(value);
      break;
    case TYPE.string:
      putText(value instanceof BSONSymbol ? value.value : (value as string));
      break;
    case TYPE.object:
      putObject(value as object);
      break;
    case TYPE.array:
      for (const element of value as unknown[]) putValue(element);
      byte(0);
      break;
    case TYPE.binary:
      putBinary(value as Binary | Uint8Array);
      break;
    case TYPE.objectId:
      room(12);
      scratch.set((value as ObjectId).id, at);
      at += 12;
      break;
    case TYPE.boolean:
      byte(value ? 1 : 0);
      break;
    case TYPE.date:
      room(8);
      scratch.writeBigInt64BE(BigInt((value as Date).getTime() || 0), at);
      scratch[at]! ^= 0x80;
      at += 8;
      break;
    case TYPE.timestamp:
      room(8);
      scratch.writeBigUInt64BE(BigInt.asUintN(64, (value as Timestamp).toBigInt()), at);
      at += 8;
      break;
    case TYPE.regex:
      putText((value as BSONRegExp).pattern);
      putText((value as BSONRegExp).options);
      break;
    case TYPE.code:
      putText((value as Code).code);
      putObject((value as Code).scope ?? {});
      break;
  }
}

/** UTF-8 with NUL escaped as 00 FF and the end written 00 00. */
function putText(text: string): void {
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
}

/** Field by field: type, then name, then value, as BSON compares objects. */
function putObject(value: object): void {
  const fields = value instanceof DBRef ? value.toJSON() : value;
  for (const [name, field] of Object.entries(fields)) {
    const type = typeOf(field);
    byte(type);
    putText(name);
    putPayload(type, field);
  }
  byte(0);
}

/** Length, then subtype, then bytes. */
function putBinary(value: Binary | Uint8Array): void {
  const bytes = value instanceof Binary ? value.value() : value;
  room(5 + bytes.length);
  scratch.writeUInt32BE(bytes.length, at);
  scratch[at + 4] = value instanceof Binary ? value.sub_type : 0;
  scratch.set(bytes, at + 5);
  at += 5 + bytes.length;
}

/**
 * The nearest double in order-preserving form, then what is left of the exact value: 80 when nothing is, else a sign, a
 * decimal exponent and decimal digits. Equal numbers of any width have equal bytes; NaN is below everything.
 */
function putNumber(value: unknown): void {
  const nearest = toNumber(value) as number;
  const limited = value instanceof Decimal128 && Number.isFinite(exponentOf(value)) ? clamp(nearest) : nearest;
  putDouble(limited);
  const exact = exactOf(value, limited);
  const rest = exact && subtract(exact, decimalOf(limited));
  if (rest === undefined || rest.digits === 0n) byte(0x80);
  else putRest(rest);
}

function clamp(value: number): number {
  return value === Infinity ? Number.MAX_VALUE : value === -Infinity ? -Number.MAX_VALUE : value;
}

function putDouble(value: number): void {
  room(8);
  if (Number.isNaN(value)) {
    scratch.fill(0, at, at + 8);
  } else {
    scratch.writeDoubleBE(value === 0 ? 0 : value, at);
    if (value < 0) for (let i = at; i < at + 8; i++) scratch[i] = ~(scratch[i] as number) & 0xff;
    else scratch[at]! ^= 0x80;
  }
  at += 8;
}

/** digits × 10^exponent. */
export type Exact = { digits: bigint; exponent: number };

function exponentOf(value: Decimal128): number {
  const text = value.toString();
  return /^-?(\d|\.)/.test(text) ? 0 : Number.NaN;
}

/** The exact value where it may differ from its nearest double. */
function exactOf(value: unknown, nearest: number): Exact | undefined {
  if (!Number.isFinite(nearest)) return undefined;
  if (value instanceof Decimal128) return parseDecimal(value);
  if (value instanceof Long && !Number.isSafeInteger(nearest)) return { digits: value.toBigInt(), exponent: 0 };
  if (typeof value === 'bigint') return { digits: value, exponent: 0 };
  return undefined;
}

/** The exact value of a finite Decimal128. */
export function parseDecimal(value: Decimal128): Exact {
  const [, sign, whole, fraction = '', power = '0'] = /^(-?)(\d*)\.?(\d*)(?:E([+-]?\d+))?$/.exec(
    value.toString(),
  ) as unknown as [string, string, string, string?, string?];
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, exponent: Number(power) - fraction.length };
}

/** The exact decimal expansion of a finite double. */
export function decimalOf(value: number): Exact {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const raw = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & 0xfffffffffffffn) | (raw === 0 ? 0n : 1n << 52n);
  const power = (raw === 0 ? 1 : raw) - 1075;
  const signed = value < 0 ? -mantissa : mantissa;
  return power >= 0
    ? { digits: signed << BigInt(power), exponent: 0 }
    : { digits: signed * 5n ** BigInt(-power), exponent: power };
}

function subtract(a: Exact, b: Exact): Exact {
  return add(a, { digits: -b.digits, exponent: b.exponent });
}

export function add(a: Exact, b: Exact): Exact {
  const exponent = Math.min(a.exponent, b.exponent);
  return {
    digits: a.digits * 10n ** BigInt(a.exponent - exponent) + b.digits * 10n ** BigInt(b.exponent - exponent),
    exponent,
  };
}

function putRest({ digits, exponent }: Exact): void {
  const negative = digits < 0n;
  const text = (negative ? -digits : digits).toString();
  const start = at;
  room(text.length + 4);
  scratch[at++] = 0x81;
  at = scratch.writeUInt16BE(0x8000 + text.length + exponent, at);
  at += scratch.write(text.replace(/0+$/, ''), at, 'latin1');
  scratch[at++] = 0;
  if (negative) for (let i = start; i < at; i++) scratch[i] = ~(scratch[i] as number) & 0xff;
}

/** Compares two values as BSON does: below zero, zero or above zero. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'string' && typeof b === 'string' && a === b) return 0;
  const x = plainNumber(a);
  if (x !== undefined) {
    const y = plainNumber(b);
    if (y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  }
  const typeA = typeOf(a);
  const typeB = typeOf(b);
  if (typeA !== typeB) return typeA - typeB;
  if (typeA === TYPE.date) return (a as Date).getTime() - (b as Date).getTime();
  return Buffer.compare(keyOf(a), keyOf(b));
}

function plainNumber(value: unknown): number | undefined {
  const number =
    typeof value === 'number' ? value : value instanceof Int32 || value instanceof Double ? value.value : undefined;
  return Number.isNaN(number) ? undefined : number;
}
