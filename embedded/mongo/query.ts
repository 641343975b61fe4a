import type { Collection } from './catalog.ts';
import { CommandError, notImplemented } from './errors.ts';
import { compileFilter } from './match.ts';
import { type Pace, pacer } from './pace.ts';
import { type KeyField, partsOf, sortKey } from './paths.ts';
import { plan } from './plan.ts';
import { compileProjection } from './project.ts';
import type { Row, Scan } from './scans.ts';
import type { Storage } from './storage.ts';
import { type Doc, decode, encode, isDoc, toNumber } from './values.ts';

export type Query = {
  filter: Doc;
  sort?: Doc | undefined;
  projection?: Doc | undefined;
  /** 0: no limit. */
  limit?: number | undefined;
};

/** The documents of a query as BSON, read on demand. */
export type Result = {
  /** Returns up to that many documents; fewer only at the end. */
  next(documents: number): Promise<Uint8Array[]>;
  readonly ended: boolean;
};

const SCAN_ROWS = 256;
/** The most bytes that a sort may hold. */
const HELD_BYTES = 100 * 1024 * 1024;

/** Reads `{ a: 1, b: -1 }`. @throws CommandError 15974, 15975 or 17312 for other directions */
export const sortFields = (sort: Doc | undefined): KeyField[] =>
  Object.entries(sort ?? {}).map(([path, way]): KeyField => {
    if (path.startsWith('$')) throw notImplemented(`sorting by ${path}`);
    partsOf(path);
    if (isDoc(way)) throw new CommandError(17312, '$meta is the only expression supported by $sort right now');
    const direction = toNumber(way);
    if (direction === undefined) throw new CommandError(15974, `Illegal key in $sort specification: ${path}: ${way}`);
    if (direction !== 1 && direction !== -1)
      throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    return [path, direction];
  });

/** Compiles a query for a missing collection, which must refuse the same queries. */
export const nothing = ({ filter, sort, projection }: Query): Result => {
  compileFilter(filter);
  sortFields(sort);
  if (projection) compileProjection(projection);
  return { ended: true, next: async () => [] };
};

/** Starts a query. Nothing is read before the first `next`. */
export const run = (storage: Storage, collection: Collection, query: Query, pace = pacer()): Result => {
  const matches = compileFilter(query.filter);
  const fields = sortFields(query.sort);
  const chosen = plan(collection, query.filter, fields);
  const scan = storage.scan(collection, chosen.access);
  const project = query.projection && compileProjection(query.projection);
  const shape = (bytes: Uint8Array) => (project ? encode(project(decode(bytes))) : bytes);
  const isMatch = chosen.exact ? () => true : (row: Row) => matches(decode(row.bytes));

  let pending: Uint8Array[] = [];
  let left = query.limit || Infinity;
  let exhausted = false;
  let isSorted = chosen.sorted;

  const fill = async (wanted: number): Promise<void> => {
    while (pending.length < wanted && left > 0 && !exhausted) {
      const missing = Math.min(wanted - pending.length, left);
      // At most the wanted rows when every row matches; otherwise enough to make a read worthwhile.
      const rows = scan.next(Math.min(chosen.exact ? missing : Math.max(missing, 32), SCAN_ROWS));
      if (rows.length === 0) exhausted = true;
      for (const row of rows) {
        if (left === 0 || !isMatch(row)) continue;
        left--;
        pending.push(row.bytes);
      }
      await pace();
    }
  };

  return {
    get ended() {
      return pending.length === 0 && (left <= 0 || exhausted);
    },
    async next(documents) {
      pace.resume();
      if (isSorted) {
        await fill(documents);
      } else {
        pending = await sortAll(scan, isMatch, fields, left, pace);
        isSorted = true;
        exhausted = true;
      }
      pace.pause();
      const batch = pending.slice(0, documents);
      pending = pending.slice(documents);
      return batch.map(shape);
    },
  };
};

/** Returns the first `keep` matches in order. @throws CommandError 292 when they take more than {@link HELD_BYTES} */
const sortAll = async (
  scan: Scan,
  isMatch: (row: Row) => boolean,
  fields: KeyField[],
  keep: number,
  pace: Pace,
): Promise<Uint8Array[]> => {
  let kept: { key: Buffer; bytes: Uint8Array; rid: number }[] = [];
  let size = 0;
  const settle = () => {
    kept.sort((a, b) => Buffer.compare(a.key, b.key) || a.rid - b.rid);
    if (kept.length > keep) kept = kept.slice(0, keep);
    size = kept.reduce((total, { key, bytes }) => total + key.length + bytes.length, 0);
  };
  for (let rows = scan.next(SCAN_ROWS); rows.length > 0; rows = scan.next(SCAN_ROWS)) {
    for (const row of rows) {
      if (!isMatch(row)) continue;
      const key = sortKey(decode(row.bytes), fields);
      kept.push({ key, ...row });
      size += key.length + row.bytes.length;
    }
    if (kept.length > 2 * keep + SCAN_ROWS || size > HELD_BYTES) settle();
    if (size > HELD_BYTES) {
      throw new CommandError(
        292,
        `Sort exceeded memory limit of ${HELD_BYTES} bytes, and the embedded store does not sort on disk`,
      );
    }
    await pace();
  }
  settle();
  return kept.map(({ bytes }) => bytes);
};

/** Yields every document of a query, one after the other. */
export async function* documents(result: Result): AsyncGenerator<Doc> {
  while (!result.ended) for (const bytes of await result.next(SCAN_ROWS)) yield decode(bytes);
}

/** Counts the documents that a filter matches; from the index alone when it contains exactly the matches. */
export const countMatches = async (
  storage: Storage,
  collection: Collection,
  { filter, limit }: Query,
  pace: Pace,
): Promise<number> => {
  const matches = compileFilter(filter);
  const { access, exact } = plan(collection, filter, []);
  const most = limit || Infinity;
  let count = 0;
  if (exact) {
    for (const some of storage.counts(collection, access)) {
      count += some;
      if (count >= most) break;
      await pace();
    }
    return Math.min(count, most);
  }
  const scan = storage.scan(collection, access);
  for (let rows = scan.next(SCAN_ROWS); rows.length > 0 && count < most; rows = scan.next(SCAN_ROWS)) {
    for (const row of rows) if (matches(decode(row.bytes))) count++;
    await pace();
  }
  return Math.min(count, most);
};
