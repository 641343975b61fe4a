import { CommandError } from './errors.ts';
import { compareValues, compoundKey, type Doc, EMPTY_ARRAY, isDoc } from './values.ts';

/** The value of an own field; undefined when it is missing or the holder is no document. */
export function fieldOf(holder: unknown, name: string): unknown {
  return isDoc(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
}

/**
 * Every value that a dotted path leads to. An array on the way is walked element by element, and a numeric part also
 * picks that element; undefined stands for a branch where the path is missing. The last array is not unfolded.
 */
export function valuesAt(value: unknown, path: string): unknown[] {
  if (!path.includes('.')) return [fieldOf(value, path)];
  const found: unknown[] = [];
  walk(value, path.split('.'), 0, found);
  return found;
}

function walk(value: unknown, parts: readonly string[], depth: number, found: unknown[]): void {
  const part = parts[depth];
  if (part === undefined) {
    found.push(value);
    return;
  }
  if (!Array.isArray(value)) {
    const next = fieldOf(value, part);
    if (next === undefined) found.push(undefined);
    else walk(next, parts, depth + 1, found);
    return;
  }
  const index = /^\d+$/.test(part) ? Number(part) : -1;
  if (index >= 0 && index < value.length) walk(value[index], parts, depth + 1, found);
  for (const element of value) if (isDoc(element)) walk(element, parts, depth, found);
}

/** True when a path goes through or ends in an array in this document. */
function isMany(doc: Doc, path: string): boolean {
  let value: unknown = doc;
  for (const part of path.split('.')) {
    value = fieldOf(value, part);
    if (Array.isArray(value)) return true;
  }
  return false;
}

export type KeyField = readonly [path: string, direction: 1 | -1];

/**
 * The keys under which an index holds a document, without repeats, and whether an array made them (a multikey index).
 * @throws CommandError 171 when two fields of one index are arrays.
 */
export function indexKeys(doc: Doc, fields: readonly KeyField[]): { keys: Buffer[]; multikey: boolean } {
  const directions = fields.map(([, direction]) => direction);
  const values = plainValues(doc, fields);
  if (values) return { keys: [compoundKey(values, directions)], multikey: false };
  const texts = textKeys(doc, fields, directions);
  if (texts) return { keys: texts, multikey: true };
  const arrays = fields.filter(([path]) => isMany(doc, path));
  if (arrays.length === 0) {
    return {
      keys: [
        compoundKey(
          fields.map(([path]) => valuesAt(doc, path)[0]),
          directions,
        ),
      ],
      multikey: false,
    };
  }
  if (arrays.length > 1) return { keys: siblingKeys(doc, fields, arrays), multikey: true };
  const columns = fields.map(([path]) => unfold(valuesAt(doc, path)));
  return { keys: distinct(product(columns).map((values) => compoundKey(values, directions))), multikey: true };
}

/** The fields' values when none is an array or below another field, as in most indexes; undefined otherwise. */
function plainValues(doc: Doc, fields: readonly KeyField[]): unknown[] | undefined {
  const values: unknown[] = [];
  for (const [path] of fields) {
    const value = fieldOf(doc, path);
    if (Array.isArray(value) || path.includes('.')) return undefined;
    values.push(value);
  }
  return values;
}

/** The keys when one field is an array of texts, the others are plain, and none is below another field. */
function textKeys(doc: Doc, fields: readonly KeyField[], directions: readonly number[]): Buffer[] | undefined {
  const values: unknown[] = [];
  let many = -1;
  for (const [path] of fields) {
    const value = fieldOf(doc, path);
    if (path.includes('.')) return undefined;
    if (Array.isArray(value)) {
      if (many >= 0 || value.length === 0 || !value.every((each) => typeof each === 'string')) return undefined;
      many = values.length;
    }
    values.push(value);
  }
  if (many < 0) return undefined;
  const texts = values[many] as string[];
  const different = texts.filter((text, at) => texts.indexOf(text) === at);
  return different.map((text) => compoundKey(values.with(many, text), directions));
}

/** Several fields below one top-level array: each of its elements gives its own keys. */
function siblingKeys(doc: Doc, fields: readonly KeyField[], arrays: readonly KeyField[]): Buffer[] {
  const holders = new Set(arrays.map(([path]) => path.split('.')[0] as string));
  const [holder] = holders;
  const elements = holder === undefined ? undefined : doc[holder];
  if (holder === undefined || holders.size > 1 || !Array.isArray(elements)) {
    throw new CommandError(171, `cannot index parallel arrays [${arrays[0]?.[0]}] [${arrays[1]?.[0]}]`);
  }
  const each = elements.length === 0 ? [undefined] : elements;
  return distinct(each.flatMap((element) => indexKeys({ ...doc, [holder]: element }, fields).keys));
}

function unfold(values: unknown[]): unknown[] {
  if (values.length === 0) return [undefined];
  return values.flatMap((value) => {
    if (!Array.isArray(value)) return [value];
    return value.length === 0 ? [EMPTY_ARRAY] : value;
  });
}

function product(columns: unknown[][]): unknown[][] {
  return columns.reduce<unknown[][]>(
    (rows, column) => rows.flatMap((row) => column.map((value) => [...row, value])),
    [[]],
  );
}

function distinct(keys: Buffer[]): Buffer[] {
  const seen = new Map(keys.map((key) => [key.toString('latin1'), key]));
  return [...seen.values()];
}

/** The bytes by which a sort orders a document: of an array the least element, or the greatest where it descends. */
export function sortKey(doc: Doc, fields: readonly KeyField[]): Buffer {
  const values = fields.map(([path, direction]) => {
    const all = unfold(valuesAt(doc, path));
    return all.reduce((best, value) => (compareValues(value, best) * direction < 0 ? value : best));
  });
  return compoundKey(
    values,
    fields.map(([, direction]) => direction),
  );
}
