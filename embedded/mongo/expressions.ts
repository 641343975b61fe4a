import { Decimal128, Double, Int32, Long, Timestamp } from 'bson';
import { Aggregator } from 'mingo';
import { CommandError, notImplemented } from './errors.ts';
import { valuesAt } from './paths.ts';
import { type Doc, isDoc, toNumber } from './values.ts';

/** What counts as true in an expression: all but false, null, missing and zero. */
export function truthy(value: unknown): boolean {
  return value !== false && value !== null && value !== undefined && toNumber(value) !== 0;
}

/**
 * The value of an aggregation expression for one document. Field paths and literals keep their BSON types; everything
 * else is computed by mingo on plain values.
 */
export function evaluate(expression: unknown, doc: Doc): unknown {
  if (typeof expression === 'string' && /^\$[^$]/.test(expression)) return fieldPath(doc, expression.slice(1));
  if (expression === '$$ROOT' || expression === '$$CURRENT') return doc;
  if (typeof expression === 'string' && expression.startsWith('$')) return compute(expression, doc);
  if (Array.isArray(expression)) return expression.map((part) => evaluate(part, doc) ?? null);
  if (!isDoc(expression)) return expression;
  const [name] = Object.keys(expression);
  if (name === '$literal') return expression.$literal;
  if (name?.startsWith('$')) return compute(expression, doc);
  const entries = Object.entries(expression).map(([key, part]) => [key, evaluate(part, doc)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** A path in an expression gives one value, or an array of them when it goes through an array. */
function fieldPath(doc: Doc, path: string): unknown {
  let value: unknown = doc;
  const parts = path.split('.');
  for (const [depth, part] of parts.entries()) {
    if (Array.isArray(value)) {
      const rest = parts.slice(depth).join('.');
      return value.filter(isDoc).flatMap((element) => {
        const found = fieldPath(element, rest);
        return found === undefined ? [] : [found];
      });
    }
    value = valuesAt(value, part)[0];
    if (value === undefined) return undefined;
  }
  return value;
}

function compute(expression: unknown, doc: Doc): unknown {
  const paths = new Set(fieldsRead(expression));
  const input = paths.has('') ? doc : Object.fromEntries(Object.entries(doc).filter(([name]) => paths.has(name)));
  try {
    const [result] = new Aggregator([{ $project: { _id: 0, value: plain(expression) } }]).run([plain(input) as Doc]);
    return typed((result as Doc | undefined)?.value);
  } catch (error) {
    throw expressionError(error);
  }
}

function expressionError(error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  const message = (error as Error).message;
  const unknown = /(?:operator|accumulator|expression) '?(\$\w+)'? is not registered/.exec(message);
  return unknown ? new CommandError(168, `Unrecognized expression '${unknown[1]}'`) : new CommandError(2, message);
}

/** The top-level fields that an expression names; '' when it names the whole document. */
function fieldsRead(expression: unknown): string[] {
  if (typeof expression === 'string') {
    if (expression.startsWith('$$')) return /^\$\$(ROOT|CURRENT)/.test(expression) ? [''] : [];
    return expression.startsWith('$') ? [expression.slice(1).split('.')[0] as string] : [];
  }
  if (Array.isArray(expression)) return expression.flatMap(fieldsRead);
  return isDoc(expression) ? Object.values(expression).flatMap(fieldsRead) : [];
}

/**
 * Plain numbers for mingo, which computes with nothing else.
 * @throws CommandError 238 for a Decimal128, or an Int64 that no double holds: a rounded answer would be a wrong one.
 */
function plain(value: unknown): unknown {
  if (value instanceof Int32 || value instanceof Double) return value.value;
  if (value instanceof Timestamp) return value;
  if (value instanceof Long) {
    const number = toNumber(value) as number;
    if (Number.isSafeInteger(number)) return number;
    throw notImplemented('an Int64 beyond 2^53 in a computed expression');
  }
  if (value instanceof Decimal128) throw notImplemented('a Decimal128 in a computed expression');
  if (Array.isArray(value)) return value.map((element) => plain(element));
  if (!isDoc(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

/** Computed numbers as the real server types them: whole ones Int32 or Int64, the rest Double. */
function typed(value: unknown): unknown {
  if (typeof value === 'number') {
    if (Number.isInteger(value) && Math.abs(value) < 2 ** 31) return new Int32(value);
    return Number.isSafeInteger(value) ? Long.fromNumber(value) : new Double(value);
  }
  if (Array.isArray(value)) return value.map(typed);
  if (!isDoc(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, typed(field)]));
}
