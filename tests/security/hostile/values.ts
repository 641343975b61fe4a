import type { Random } from './random.ts';

/** The parts of JSON Schema that Plaza's OpenAPI document uses. */
export type Schema = {
  $ref?: string;
  type?: string | readonly string[];
  enum?: readonly unknown[];
  anyOf?: readonly Schema[];
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  items?: Schema;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  format?: string;
  examples?: readonly unknown[];
};

/** The source of values. */
export type Source = {
  chance: Random;
  resolve(schema: Schema): Schema;
  /** Few, so that requests address resources of earlier ones. */
  ids: readonly string[];
};

export const IDS = ['lot-1', 'r-1', 'a', 'b', 'c-1', '1', 'x_y-Z', 'CUST1', '0'];

const CONTROL = '\u0000\u0001\u001f\u007f';

/** Text that often causes defects. */
export const HOSTILE_TEXT: readonly string[] = [
  '',
  ' ',
  CONTROL,
  '\ud800',
  '\u202e정자역',
  '👩‍👩‍👧‍👦',
  'e\u0301',
  '\ufeffx',
  '$where',
  '{"$gt":""}',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  "'; DROP TABLE events; --",
  '<script>alert(1)</script>',
  '{{7*7}}',
  '%00',
  'null',
  'NaN',
  '-0',
  '1e999',
  '9'.repeat(40),
  'a'.repeat(65),
  'x'.repeat(5_000),
  '가'.repeat(1_000),
];

const HOSTILE_NUMBERS: readonly number[] = [
  -1,
  0,
  -0,
  1.5,
  1e21,
  -1e308,
  Number.MAX_SAFE_INTEGER,
  Number.MAX_SAFE_INTEGER + 1,
  2 ** 31,
  2 ** 63,
  5e-324,
];

const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 ? [value] : { a: value };
  return value;
};

/** Returns any JSON value, often an unusual one. */
export const anyValue = (chance: Random): unknown => {
  switch (chance.below(9)) {
    case 0:
      return null;
    case 1:
      return chance.oneIn(2);
    case 2:
      return chance.pick(HOSTILE_NUMBERS);
    case 3:
      return [];
    case 4:
      return {};
    case 5:
      return [chance.pick(HOSTILE_TEXT), chance.pick(HOSTILE_NUMBERS), null];
    case 6:
      return JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{}},"$ne":null}');
    case 7:
      return deep(chance.pick([2, 20, 500]));
    default:
      return chance.pick(HOSTILE_TEXT);
  }
};

const TIMES = [
  '2026-01-31T09:00:00.000Z',
  '1970-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '2028-02-29T12:00:00+09:00',
];
const DAYS = ['2030-01-31', '2028-02-29', '1970-01-01', '9999-12-31'];

const textOf = (schema: Schema, { chance, ids }: Source): string => {
  const { pattern, format, minLength = 0, maxLength = 200, examples = [] } = schema;
  if (format === 'date-time') return chance.pick(TIMES);
  if (format === 'date') return chance.pick(DAYS);
  if (pattern?.startsWith('^[A-Za-z0-9_-]{1,64}$')) return chance.pick(ids);
  if (pattern?.includes('\\.')) return `${chance.pick(ids)}.${chance.pick(ids)}`;
  if (pattern && !pattern.includes('u0000')) return String(chance.pick(examples.length > 0 ? examples : ['1']));
  const length = chance.pick([Math.max(1, minLength), maxLength, Math.min(maxLength, 8)]);
  return chance.oneIn(3) && examples.length > 0
    ? String(chance.pick(examples))
    : chance.pick(['a', '정', '٣']).repeat(length);
};

const numberOf = ({ minimum = -1000, maximum = 1000 }: Schema, chance: Random): number =>
  chance.pick([minimum, maximum, minimum + Math.floor((maximum - minimum) / 2), Math.min(maximum, minimum + 1)]);

/** Returns a value that a schema allows, often at its limits. */
export const validValue = (given: Schema, source: Source): unknown => {
  const { chance, resolve } = source;
  const schema = resolve(given);
  const { type, anyOf, items, properties = {}, required = [] } = schema;
  if (schema.enum) return chance.pick(schema.enum);
  if (anyOf) return validValue(chance.pick(anyOf), source);
  if (Array.isArray(type)) return validValue({ ...schema, type: chance.pick(type) }, source);
  switch (type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(properties)
          .filter(([name]) => required.includes(name) || chance.oneIn(2))
          .map(([name, one]) => [name, validValue(one, source)]),
      );
    case 'array': {
      const { minItems = 0, maxItems = 3 } = schema;
      const length = chance.pick([minItems, Math.max(minItems, 1), Math.min(maxItems, minItems + 3)]);
      return Array.from({ length }, () => validValue(items ?? {}, source));
    }
    case 'integer':
    case 'number':
      return numberOf(schema, chance);
    case 'boolean':
      return chance.oneIn(2);
    case 'null':
      return null;
    default:
      return textOf(schema, source);
  }
};

/** Returns a value just outside a schema's limits. */
const outside = (given: Schema, source: Source): unknown => {
  const { chance, resolve } = source;
  const schema = resolve(given);
  const { minimum = 0, maximum = 1000, maxLength = 64, maxItems = 3 } = schema;
  const [type] = [schema.type].flat();
  if (type === 'integer' || type === 'number')
    return chance.pick([minimum - 1, maximum + 1, minimum + 0.5, String(minimum), ...HOSTILE_NUMBERS]);
  if (type === 'array') return Array.from({ length: maxItems + 1 }, () => validValue(schema.items ?? {}, source));
  if (type === 'string') return chance.pick(['', 'x'.repeat(maxLength + 1), ...HOSTILE_TEXT]);
  return anyValue(chance);
};

/** Returns a value with one error somewhere in it. */
export const brokenValue = (given: Schema, source: Source): unknown => {
  const { chance, resolve } = source;
  const schema = resolve(given);
  const value = validValue(schema, source);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return chance.oneIn(2) ? outside(schema, source) : anyValue(chance);
  const names = Object.keys(schema.properties ?? {});
  const copy = value as Record<string, unknown>;
  const name = names.length > 0 ? chance.pick(names) : 'x';
  switch (chance.below(6)) {
    case 0:
      delete copy[name];
      return copy;
    case 1:
      return { ...copy, [chance.pick(['unknown', '$where', 'toString', 'a.b', ''])]: anyValue(chance) };
    case 2:
      return { ...copy, [name]: null };
    case 3:
      return { ...copy, [name]: anyValue(chance) };
    case 4:
      return { ...copy, [name]: brokenValue(schema.properties?.[name] ?? {}, source) };
    default:
      return { ...copy, [name]: outside(schema.properties?.[name] ?? {}, source) };
  }
};
