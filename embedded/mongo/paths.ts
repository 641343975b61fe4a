import { CommandError, notImplemented } from './errors.ts';
import { compoundKey, type Doc, EMPTY_ARRAY, isDoc } from './values.ts';

/** Returns the value of an own field; undefined when it is missing or the holder is not a document. */
export const fieldOf = (holder: unknown, name: string): unknown =>
  isDoc(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;

/**
 * Splits a dotted path.
 * @throws CommandError 238 for a part that is a whole number, which could address an element of an array
 */
export const partsOf = (path: string): string[] => {
  const parts = path.split('.');
  if (parts.length > 1 && parts.some((part) => /^\d+$/.test(part))) throw notImplemented(`the numeric path '${path}'`);
  return parts;
};

/**
 * Returns every value that a path leads to. Elements of an array on the way are followed one by one, except arrays
 * among them; undefined stands for a branch without the path. The last array is not unfolded.
 */
export const valuesAt = (value: unknown, parts: readonly string[]): unknown[] => {
  if (parts.length === 1) return [fieldOf(value, parts[0] as string)];
  const found: unknown[] = [];
  walk(value, parts, 0, found);
  return found;
};

const walk = (value: unknown, parts: readonly string[], depth: number, found: unknown[]): void => {
  const part = parts[depth];
  if (part === undefined || value === undefined) found.push(value);
  else if (!Array.isArray(value)) walk(fieldOf(value, part), parts, depth + 1, found);
  else for (const element of value) if (!Array.isArray(element)) walk(element, parts, depth, found);
};

export type KeyField = readonly [path: string, direction: 1 | -1];

/** A field's value on the way to an index key. `left`: the path below it; `unfolded`: it is already an element. */
type Step = { value: unknown; left: readonly string[]; unfolded: boolean };

/**
 * Returns the keys under which an index holds a document, without repeats, and whether an array made them (a multikey
 * index). Fields below the same array take their values from the same element.
 * @throws CommandError 171 when two fields go through different arrays
 */
export const indexKeys = (doc: Doc, fields: readonly KeyField[]): { keys: Buffer[]; multikey: boolean } => {
  const directions = fields.map(([, direction]) => direction);
  const start = fields.map(([path]): Step => ({ value: doc, left: path.split('.'), unfolded: false }));
  const rows = rowsOf(start, fields);
  const keys = rows.map(({ values }) => compoundKey(values, directions));
  return { keys: keys.length > 1 ? distinct(keys) : keys, multikey: rows.some(({ multikey }) => multikey) };
};

const distinct = (keys: Buffer[]): Buffer[] => [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];

const elementsOf = (array: unknown[]): unknown[] => (array.length === 0 ? [EMPTY_ARRAY] : array);

/** The values of the fields, once for each element of an array among them; `multikey`: there is one. */
type Row = { values: unknown[]; multikey: boolean };

const rowsOf = (steps: readonly Step[], fields: readonly KeyField[], multikey = false): Row[] => {
  const advanced = steps.map(advance);
  const stopped = advanced.filter(({ value, unfolded }) => Array.isArray(value) && !unfolded);
  const [first] = stopped;
  if (first === undefined) return [{ values: advanced.map(({ value }) => value), multikey }];
  const array = first.value as unknown[];
  const other = advanced.findIndex((step) => stopped.includes(step) && step.value !== array);
  if (other !== -1) {
    const names = [fields[advanced.indexOf(first)]?.[0], fields[other]?.[0]];
    throw new CommandError(171, `cannot index parallel arrays [${names[1]}] [${names[0]}]`);
  }
  return elementsOf(array).flatMap((element) =>
    rowsOf(
      advanced.map((step) => (stopped.includes(step) ? elementOf(step, element) : step)),
      fields,
      true,
    ),
  );
};

/** Follows the path to its end or to the first array. */
const advance = ({ value, left, unfolded }: Step): Step => {
  let [at, depth] = [value, 0];
  while (depth < left.length && !Array.isArray(at) && at !== undefined) at = fieldOf(at, left[depth++] as string);
  return { value: at, left: left.slice(depth), unfolded: unfolded && depth === 0 };
};

const elementOf = ({ left }: Step, element: unknown): Step =>
  left.length === 0
    ? { value: element, left, unfolded: true }
    : { value: isDoc(element) ? element : undefined, left, unfolded: false };

/**
 * Returns the bytes by which a sort orders a document: the least of the keys that an index of the same fields would
 * hold.
 * @throws CommandError 2 when two fields go through different arrays
 */
export const sortKey = (doc: Doc, fields: readonly KeyField[]): Buffer => {
  try {
    return indexKeys(doc, fields).keys.reduce((least, key) => (Buffer.compare(key, least) < 0 ? key : least));
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(2, 'cannot sort with keys that are parallel arrays');
  }
};
