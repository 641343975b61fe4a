import { setImmediate as nextTurn } from 'node:timers/promises';
import { CommandError } from './errors.ts';
import { compileFilter } from './match.ts';
import { type KeyField, sortKey } from './paths.ts';
import { type Plan, plan } from './plan.ts';
import { compileProjection } from './project.ts';
import type { Collection, Row, Scan, Storage } from './storage.ts';
import { type Doc, decode, encode, isDoc, toNumber } from './values.ts';

export type Query = {
  filter: Doc;
  sort?: Doc | undefined;
  projection?: Doc | undefined;
  skip?: number | undefined;
  /** 0 is no limit. */
  limit?: number | undefined;
  hint?: unknown;
  /** Milliseconds after which the query fails with code 50; 0 is never. */
  maxTimeMS?: number | undefined;
};

/** The documents that a query gives, as BSON, read as they are asked for. */
export type Result = {
  /** Up to so many documents; fewer only at the end. */
  next(documents: number): Promise<Uint8Array[]>;
  readonly ended: boolean;
};

/** What `explain` tells. */
export type Run = Result & { readonly plan: Plan; readonly scan: Scan };

const SLICE_MS = 8;
const SCAN_ROWS = 256;
const SORT_BYTES = 100 * 1024 * 1024;

/** Lets other connections have their turn when this one has worked for a while, and enforces a time limit. */
export function pacer(maxTimeMS = 0): () => Promise<void> | undefined {
  const deadline = maxTimeMS > 0 ? performance.now() + maxTimeMS : Infinity;
  let since = performance.now();
  return () => {
    const now = performance.now();
    if (now > deadline) throw new CommandError(50, 'operation exceeded time limit');
    if (now - since < SLICE_MS) return undefined;
    return nextTurn().then(() => {
      since = performance.now();
    });
  };
}

/** `{ a: 1, b: -1 }` as fields. @throws CommandError 15975 for other directions */
export function sortFields(sort: Doc | undefined): KeyField[] {
  return Object.entries(sort ?? {}).map(([path, way]): KeyField => {
    if (isDoc(way)) throw new CommandError(238, '$meta sorts are not supported by the embedded store');
    const direction = toNumber(way);
    if (direction !== 1 && direction !== -1) {
      throw new CommandError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
    }
    return [path, direction];
  });
}

export function planFor(collection: Collection, query: Query): Plan {
  return plan(collection, query.filter, sortFields(query.sort), hintName(collection, query.hint));
}

function hintName(collection: Collection, hint: unknown): string | undefined {
  if (hint === undefined || (isDoc(hint) && Object.keys(hint).length === 0)) return undefined;
  if (isDoc(hint) && '$natural' in hint) return '$natural';
  const wanted = isDoc(hint) ? JSON.stringify(sortFields(hint)) : undefined;
  const name =
    wanted === '[["_id",1]]' || hint === '_id_'
      ? '_id_'
      : collection.indexes.find((index) => index.name === hint || JSON.stringify(index.fields) === wanted)?.name;
  if (name === undefined)
    throw new CommandError(2, 'error processing query: hint provided does not correspond to an existing index');
  return name;
}

/** Starts a query. Nothing is read before the first `next`. */
export function run(storage: Storage, collection: Collection, query: Query): Run {
  const matches = compileFilter(query.filter);
  const chosen = planFor(collection, query);
  const scan = storage.scan(collection, chosen.access);
  const pace = pacer(query.maxTimeMS);
  const limit = query.limit || Infinity;
  const skip = query.skip ?? 0;
  const project = query.projection && compileProjection(query.projection);
  const shape = (bytes: Uint8Array) => (project ? encode(project(decode(bytes))) : bytes);
  const isMatch = chosen.exact ? () => true : (row: Row) => matches(decode(row.bytes));

  let pending: Uint8Array[] = [];
  let toSkip = skip;
  let left = limit;
  let exhausted = false;
  let sorted: Uint8Array[] | undefined;

  /** No more than are wanted where every row matches; else enough to be worth a read. */
  const rowsToRead = (missing: number) => Math.min(chosen.exact ? missing : Math.max(missing, 32), SCAN_ROWS);

  async function fill(wanted: number): Promise<void> {
    while (pending.length < wanted && left > 0 && !exhausted) {
      const rows = scan.next(rowsToRead(Math.min(wanted - pending.length, left) + toSkip));
      if (rows.length === 0) exhausted = true;
      for (const row of rows) {
        if (!isMatch(row)) continue;
        if (toSkip > 0) toSkip--;
        else if (left > 0) {
          left--;
          pending.push(row.bytes);
        }
      }
      await pace();
    }
  }

  return {
    plan: chosen,
    scan,
    get ended() {
      return pending.length === 0 && (left <= 0 || exhausted);
    },
    async next(documents) {
      if (chosen.sorted) {
        await fill(documents);
      } else if (sorted === undefined) {
        sorted = await sortAll(scan, isMatch, sortFields(query.sort), skip + limit, pace);
        pending = sorted.slice(skip);
        exhausted = true;
      }
      const batch = pending.slice(0, documents);
      pending = pending.slice(documents);
      return batch.map(shape);
    },
  };
}

/** The first `keep` matches in order. @throws CommandError 292 when they take more than 100 MB */
async function sortAll(
  scan: Scan,
  isMatch: (row: Row) => boolean,
  fields: KeyField[],
  keep: number,
  pace: () => Promise<void> | undefined,
): Promise<Uint8Array[]> {
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
    if (kept.length > 2 * keep + SCAN_ROWS || size > SORT_BYTES) settle();
    if (size > SORT_BYTES) {
      throw new CommandError(
        292,
        'Sort exceeded memory limit of 104857600 bytes, and the embedded store does not sort on disk',
      );
    }
    await pace();
  }
  settle();
  return kept.map(({ bytes }) => bytes);
}

/** Every document of a query, one after the other. */
export async function* documents(result: Result): AsyncGenerator<Doc> {
  while (!result.ended) for (const bytes of await result.next(SCAN_ROWS)) yield decode(bytes);
}

/** How many documents a filter matches; from the index alone where that holds exactly the matches. */
export async function countMatches(storage: Storage, collection: Collection, query: Query): Promise<number> {
  const matches = compileFilter(query.filter);
  const { access, exact } = planFor(collection, query);
  const bounded = (count: number) => Math.min(Math.max(count - (query.skip ?? 0), 0), query.limit || Infinity);
  if (exact) return bounded(access.index ? storage.countKeys(collection, access) : storage.count(collection));
  const scan = storage.scan(collection, access);
  const pace = pacer(query.maxTimeMS);
  let count = 0;
  for (let rows = scan.next(SCAN_ROWS); rows.length > 0; rows = scan.next(SCAN_ROWS)) {
    for (const row of rows) if (matches(decode(row.bytes))) count++;
    await pace();
  }
  return bounded(count);
}
