import { Decimal128, Double, Int32, Long } from 'bson';
import { CommandError } from './errors.ts';
import { add as addExact, decimalOf, type Exact, parseDecimal, toNumber } from './values.ts';

const MAX_LONG = 2n ** 63n - 1n;
const MIN_LONG = -(2n ** 63n);

const isWhole = (value: unknown): value is Int32 | Long => value instanceof Int32 || value instanceof Long;
const whole = (value: Int32 | Long): bigint => (value instanceof Long ? value.toBigInt() : BigInt(value.value));

/** True for Int32, Int64, Double and Decimal128. */
export function isNumber(value: unknown): boolean {
  return toNumber(value) !== undefined;
}

/** A sum typed as the real server types it: the wider of both; an Int32 that overflows becomes an Int64. */
export function sum(a: unknown, b: unknown): unknown {
  return combine(
    a,
    b,
    (x, y) => x + y,
    (x, y) => x + y,
    addExact,
  );
}

/** A product, typed like {@link sum}. */
export function multiply(a: unknown, b: unknown): unknown {
  return combine(
    a,
    b,
    (x, y) => x * y,
    (x, y) => x * y,
    (x, y) => ({
      digits: x.digits * y.digits,
      exponent: x.exponent + y.exponent,
    }),
  );
}

function combine(
  a: unknown,
  b: unknown,
  integers: (x: bigint, y: bigint) => bigint,
  doubles: (x: number, y: number) => number,
  exacts: (x: Exact, y: Exact) => Exact,
): unknown {
  if (a instanceof Decimal128 || b instanceof Decimal128) return decimals(a, b, exacts, doubles);
  if (!isWhole(a) || !isWhole(b)) return new Double(doubles(toNumber(a) as number, toNumber(b) as number));
  const result = integers(whole(a), whole(b));
  if (a instanceof Int32 && b instanceof Int32 && BigInt.asIntN(32, result) === result)
    return new Int32(Number(result));
  if (result > MAX_LONG || result < MIN_LONG) {
    throw new CommandError(
      2,
      'Failed to apply $inc or $mul operations: the result is out of range of a 64-bit integer',
    );
  }
  return Long.fromBigInt(result);
}

function decimals(
  a: unknown,
  b: unknown,
  exacts: (x: Exact, y: Exact) => Exact,
  doubles: (x: number, y: number) => number,
): Decimal128 {
  const x = exactOf(a);
  const y = exactOf(b);
  if (x === undefined || y === undefined) {
    return Decimal128.fromString(String(doubles(toNumber(a) as number, toNumber(b) as number)));
  }
  const { digits, exponent } = exacts(x, y);
  return Decimal128.fromStringWithRounding(`${digits}E${exponent}`);
}

function exactOf(value: unknown): Exact | undefined {
  const nearest = toNumber(value) as number;
  if (value instanceof Decimal128) return /\d/.test(value.toString()) ? parseDecimal(value) : undefined;
  if (isWhole(value)) return { digits: whole(value), exponent: 0 };
  if (!Number.isFinite(nearest)) return undefined;
  const rounded = Decimal128.fromString(nearest.toPrecision(15));
  return Number.isInteger(nearest) ? decimalOf(nearest) : parseDecimal(rounded);
}
