import type { Collection, Index } from './catalog.ts';
import { isOperators } from './match.ts';
import type { KeyField } from './paths.ts';
import type { Access, Range } from './scans.ts';
import { type Doc, keyOf, TYPE, toNumber, truthy, typeOf } from './values.ts';

/*
 * Chooses how a query reaches its rows. A filter is a list of predicates on fields, some of which limit matches to
 * intervals of an index. Intervals are supersets: the filter is checked on each document unless `exact`.
 */

export type Plan = {
  access: Access;
  /** The ranges contain exactly the matching documents. */
  exact: boolean;
  /** Rows come in the order of the sort. */
  sorted: boolean;
};

/** The keys of a field from `low` to below `high`. */
type Interval = Pick<Range, 'low' | 'high'>;
/** `points`: every interval is the whole key of one value. `ends`: the bounds that the filter names. */
type Predicate = { path: string; intervals: Interval[]; points: boolean; exact: boolean; ends: number };
/** The usable predicates of one branch of a filter, and whether it has no others. */
type Branch = { predicates: Predicate[]; complete: boolean };

type Candidate = { index: Index | '_id_'; fields: readonly KeyField[]; multikey: boolean };

const MAX_RANGES = 5000;
const MAX_BRANCHES = 64;
/**
 * The score of an index that leads to single documents. It exceeds all other scores together, so the search can stop.
 */
const WHOLE_KEY = 100;
/**
 * The scores of an equality, a range with both bounds, the order of the sort, and a range with one bound. Statistics
 * are not kept, so these guess: a range with both bounds (a prefix, a day) has few matches, which are quick to sort.
 */
const SCORES = { equality: 4, closed: 5, sorted: 2, bounded: 1 };
const LOW = 1;
const HIGH = 2;
const CLOSED = LOW | HIGH;

/** Plans a query. `sort` is empty when any order is acceptable. */
export const plan = (collection: Collection, filter: Doc, sort: readonly KeyField[]): Plan => {
  const branches = branchesOf(filter);
  let best: { plan: Plan; score: number } | undefined;
  for (const candidate of candidates(collection)) {
    const tried = tryIndex(candidate, branches, sort);
    if (tried && tried.score > (best?.score ?? -1)) best = tried;
    if (best && best.score >= WHOLE_KEY) break;
  }
  return (
    best?.plan ?? {
      access: { index: undefined, ranges: [], reverse: false },
      exact: Object.keys(filter).length === 0,
      sorted: sort.length === 0,
    }
  );
};

const EVERYTHING: Range = { low: Buffer.alloc(0), high: Buffer.from([0xff]), point: false };

const candidates = (collection: Collection): Candidate[] => [
  { index: '_id_', fields: [['_id', 1]], multikey: false },
  ...collection.indexes
    .filter(({ ready }) => ready)
    .map((index) => ({ index, fields: index.fields, multikey: index.multikey })),
];

const tryIndex = (
  candidate: Candidate,
  branches: Branch[],
  sort: readonly KeyField[],
): { plan: Plan; score: number } | undefined => {
  const parts = branches.map((branch) => rangesFor(candidate, branch));
  const usable = parts.every(({ equalities, bounded }) => equalities > 0 || bounded);
  const constants = candidate.fields
    .map(([path]) => path)
    .filter((path, position) => parts.every((part) => position < part.equalities) && constantIn(branches, path));
  // With arrays, only `_id` has the same value in every key of a document.
  const ordered = !candidate.multikey || sort.every(([path]) => path === '_id');
  const direction = ordered ? sortDirection(candidate.fields, constants, sort) : undefined;
  if (!usable && (direction === undefined || sort.length === 0)) return undefined;
  const ranges = usable ? merge(parts.flatMap((part) => part.ranges)) : [EVERYTHING];
  if (ranges.length > MAX_RANGES) return undefined;
  const equalities = usable ? Math.min(...parts.map((part) => part.equalities)) : 0;
  const bounded = usable && parts.every((part) => part.bounded);
  const isWholeKey = candidate.index === '_id_' && equalities === 1;
  const sorted = sort.length === 0 || direction !== undefined;
  return {
    plan: {
      access: { index: candidate.index, ranges, reverse: direction === -1 },
      exact: usable && !candidate.multikey && parts.every((part) => part.exact),
      sorted,
    },
    score:
      (isWholeKey ? WHOLE_KEY : 0) +
      equalities * SCORES.equality +
      (sorted && sort.length > 0 ? SCORES.sorted : 0) +
      (bounded ? (parts.every((part) => part.closed) ? SCORES.closed : SCORES.bounded) : 0),
  };
};

/** Returns 1 or -1 for the direction of the index that gives the sort, ignoring fields with a fixed value. */
const sortDirection = (
  fields: readonly KeyField[],
  constants: string[],
  sort: readonly KeyField[],
): 1 | -1 | undefined => {
  const wanted = sort.filter(([path]) => !constants.includes(path));
  const given = fields.filter(([path]) => !constants.includes(path));
  if (wanted.length === 0) return 1;
  const direction = wanted[0]?.[1] === given[0]?.[1] ? 1 : -1;
  const unique = given.findIndex(([path]) => path === '_id');
  for (const [position, [path, way]] of wanted.entries()) {
    if (unique !== -1 && position > unique) break;
    const field = given[position];
    if (field === undefined || field[0] !== path || field[1] * direction !== way) return undefined;
  }
  return direction;
};

const constantIn = (branches: Branch[], path: string): boolean => {
  const points = branches.flatMap((branch) => {
    const predicate = branch.predicates.find((each) => each.path === path && each.points);
    return predicate ? predicate.intervals : [undefined];
  });
  const [first] = points;
  return points.every((each) => first !== undefined && each?.low.equals(first.low));
};

type BranchRanges = { ranges: Range[]; equalities: number; bounded: boolean; closed: boolean; exact: boolean };

/** Returns the key ranges of one branch: a prefix of equalities, then at most one field's intervals. */
const rangesFor = (candidate: Candidate, branch: Branch): BranchRanges => {
  let prefixes: Buffer[] = [Buffer.alloc(0)];
  let equalities = 0;
  let exact = branch.complete;
  const used = new Set<string>();
  for (const [path, direction] of candidate.fields) {
    const predicate = combined(branch, path, candidate.multikey);
    if (predicate === undefined || (candidate.multikey && sharesArray(path, used))) break;
    exact &&= predicate.exact;
    used.add(path);
    const intervals = direction === 1 ? predicate.intervals : predicate.intervals.map(invert);
    if (!predicate.points || prefixes.length * intervals.length > MAX_RANGES) {
      const ranges = prefixes.flatMap((prefix) =>
        intervals.map(({ low, high }) => ({
          low: Buffer.concat([prefix, low]),
          high: Buffer.concat([prefix, high]),
          point: false,
        })),
      );
      const closed = predicate.ends === CLOSED;
      return { ranges, equalities, bounded: true, closed, exact: exact && usesAll(branch, used) };
    }
    const keys = predicate.intervals.map(({ low }) => (direction === 1 ? low : inverted(low)));
    prefixes = prefixes.flatMap((prefix) => keys.map((key) => Buffer.concat([prefix, key])));
    equalities++;
  }
  const isPoint = candidate.index === '_id_' && equalities === 1;
  const ranges = prefixes.map((bytes) => ({ ...around(bytes), point: isPoint }));
  return { ranges, equalities, bounded: false, closed: false, exact: exact && usesAll(branch, used) };
};

/** Different elements of one array may satisfy two fields below it, and no single index key has both. */
const sharesArray = (path: string, used: Set<string>) =>
  [...used].some((other) => other.split('.')[0] === path.split('.')[0]);

const usesAll = (branch: Branch, used: Set<string>) => branch.predicates.every(({ path }) => used.has(path));

/** Combines a branch's predicates on a path. With arrays, different elements may satisfy each, so only one is used. */
const combined = (branch: Branch, path: string, multikey: boolean): Predicate | undefined => {
  const all = branch.predicates.filter((predicate) => predicate.path === path);
  if (multikey) return all.find(({ points }) => points) ?? all[0];
  const [first, ...others] = all;
  return others.reduce((known, next) => known && both(known, next), first);
};

/** Returns the intersection. Points stay points, so an equality beside a range remains an equality. */
const both = (a: Predicate, b: Predicate): Predicate => {
  const exact = a.exact && b.exact;
  const ends = a.ends | b.ends;
  if (!a.points && !b.points) return { ...a, intervals: intersect(a.intervals, b.intervals), exact, ends };
  const [points, limits] = a.points ? [a, b] : [b, a];
  const intervals = points.intervals.filter((point) =>
    limits.intervals.some(
      ({ low, high }) => Buffer.compare(low, point.low) <= 0 && Buffer.compare(point.high, high) <= 0,
    ),
  );
  return { ...points, intervals, exact };
};

/** Returns the interval in an index that has the field downwards, where the bytes of its keys are inverted. */
const invert = ({ low, high }: Interval): Interval => ({ low: behind(inverted(high)), high: behind(inverted(low)) });

const inverted = (bytes: Buffer) => Buffer.from(bytes.map((byte) => ~byte & 0xff));

/** Returns the least bytes that are after every key that begins with the given ones. */
const behind = (bytes: Buffer): Buffer => {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0xff) end--;
  const next = Buffer.from(bytes.subarray(0, end));
  if (end > 0) next[end - 1] = (next[end - 1] as number) + 1;
  return next;
};

const intersect = (a: Interval[], b: Interval[]): Interval[] =>
  a.flatMap((one) =>
    b.flatMap((other) => {
      const low = Buffer.compare(one.low, other.low) >= 0 ? one.low : other.low;
      const high = Buffer.compare(one.high, other.high) <= 0 ? one.high : other.high;
      return Buffer.compare(low, high) < 0 ? [{ low, high }] : [];
    }),
  );

/** Merges ranges in key order without overlaps, so that no row is read twice. */
const merge = (ranges: Range[]): Range[] => {
  const sorted = ranges
    .filter(({ low, high }) => Buffer.compare(low, high) < 0)
    .sort((a, b) => Buffer.compare(a.low, b.low));
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || Buffer.compare(range.low, last.high) >= 0) merged.push(range);
    else if (Buffer.compare(range.high, last.high) > 0) {
      merged[merged.length - 1] = { low: last.low, high: range.high, point: false };
    }
  }
  return merged;
};

// --- predicates of a filter
// ----------------------------------------------------------------------------------------------

/** Returns the branches of a filter: its conditions, repeated for each branch of its first `$or`. */
const branchesOf = (filter: Doc): Branch[] => {
  const common: Branch = { predicates: [], complete: true };
  let choices: Branch[] | undefined;
  const collect = (part: Doc, into: Branch, mayBranch: boolean): void => {
    for (const [name, operand] of Object.entries(part)) {
      if (name === '$and' && Array.isArray(operand)) {
        for (const each of operand) collect(each as Doc, into, mayBranch);
      } else if (name === '$or' && Array.isArray(operand) && mayBranch && !choices && operand.length <= MAX_BRANCHES) {
        choices = operand.map((each) => {
          const branch: Branch = { predicates: [], complete: true };
          collect(each as Doc, branch, false);
          return branch;
        });
      } else if (name.startsWith('$')) into.complete = false;
      else readField(name, operand, into);
    }
  };
  collect(filter, common, true);
  return (choices ?? [{ predicates: [], complete: true }]).map((choice) => ({
    predicates: [...common.predicates, ...choice.predicates],
    complete: common.complete && choice.complete,
  }));
};

const readField = (path: string, operand: unknown, into: Branch): void => {
  const conditions = isOperators(operand) ? Object.entries(operand) : [['$eq', operand] as const];
  for (const [operator, value] of conditions) {
    const predicate = readCondition(path, operator, value);
    if (predicate) into.predicates.push(predicate);
    else into.complete = false;
  }
};

const readCondition = (path: string, operator: string, value: unknown): Predicate | undefined => {
  if (operator === '$eq') return fromPoints(path, [value]);
  if (operator === '$in') return fromPoints(path, value as unknown[]);
  if (/^\$[gl]te?$/.test(operator)) return fromComparison(path, operator, value);
  if (operator === '$exists' && !truthy(value))
    return { path, intervals: [around(Buffer.from([TYPE.null]))], points: true, exact: false, ends: CLOSED };
  return undefined;
};

/** The keys that begin with these bytes. */
const around = (bytes: Buffer): Interval => ({ low: bytes, high: behind(bytes) });

const fromPoints = (path: string, values: unknown[]): Predicate | undefined => {
  if (values.some((value) => Array.isArray(value))) return undefined;
  const keys = new Map(values.map((value) => keyOf(value)).map((key) => [key.toString('latin1'), key]));
  const intervals = [...keys.values()].sort(Buffer.compare).map(around);
  return { path, intervals, points: true, exact: true, ends: CLOSED };
};

const fromComparison = (path: string, operator: string, value: unknown): Predicate | undefined => {
  const type = typeOf(value);
  if (type === TYPE.null || type === TYPE.array || Number.isNaN(toNumber(value))) return undefined;
  const key = keyOf(value);
  const whole = around(Buffer.from([type]));
  // NaN is below every number, and no comparison with a number matches it.
  if (type === TYPE.number) whole.low = keyOf(-Infinity);
  const interval: Interval = operator.startsWith('$g')
    ? { low: operator === '$gt' ? behind(key) : key, high: whole.high }
    : { low: whole.low, high: operator === '$lte' ? behind(key) : key };
  const intervals = Buffer.compare(interval.low, interval.high) < 0 ? [interval] : [];
  return { path, intervals, points: false, exact: true, ends: operator.startsWith('$g') ? LOW : HIGH };
};
