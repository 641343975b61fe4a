import { type Collection, type Db, MongoBulkWriteError } from 'mongodb';
import type { Worker } from './workers.ts';

/** The owner of a consumer. The token grows with every new owner and fences the previous one's writes. */
export type Lease = { _id: string; owner: string | null; token: number };

export const leases = (db: Db): Collection<Lease> => db.collection<Lease>('leases');

/**
 * Takes free leases: never held, released, or held by a dead worker.
 * @param wanted each consumer with its lease as it was read, undefined without one
 * @returns the fencing tokens of those that were taken; another worker was faster with the others
 */
export const takeLeases = async (
  db: Db,
  owner: string,
  wanted: ReadonlyMap<string, Lease | undefined>,
): Promise<Map<string, number>> => {
  const writes = [...wanted].map(([_id, seen]) =>
    seen
      ? {
          updateOne: {
            filter: { _id, token: seen.token, owner: seen.owner },
            update: { $set: { owner, token: seen.token + 1 } },
          },
        }
      : { insertOne: { document: { _id, owner, token: 1 } } },
  );
  try {
    await leases(db).bulkWrite(writes, { ordered: false });
  } catch (error) {
    if (!onlyDuplicates(error)) throw error;
  }
  const own = await leases(db)
    .find({ _id: { $in: [...wanted.keys()] }, owner })
    .toArray();
  const isTaken = ({ _id, token }: Lease) => token === (wanted.get(_id)?.token ?? 0) + 1;
  return new Map(own.filter(isTaken).map(({ _id, token }) => [_id, token]));
};

/** Takes one free lease. @returns its fencing token; null when another worker was faster */
export const takeLease = async (
  db: Db,
  consumer: string,
  owner: string,
  seen: Lease | undefined,
): Promise<number | null> => (await takeLeases(db, owner, new Map([[consumer, seen]]))).get(consumer) ?? null;

export const DUPLICATE_KEY = 11000;

/** Returns whether a bulk write failed for nothing but documents whose keys exist already. */
export const onlyDuplicates = (error: unknown): boolean =>
  error instanceof MongoBulkWriteError &&
  [error.writeErrors].flat().every(({ code }) => code === DUPLICATE_KEY) &&
  error.code === DUPLICATE_KEY;

/** Releases a lease, if the token is still current. */
export const releaseLease = async (db: Db, consumer: string, token: number): Promise<void> => {
  await leases(db).updateOne({ _id: consumer, token }, { $set: { owner: null } });
};

/**
 * Distributes consumers evenly among the workers that want them, and moves as few as possible. Every worker computes
 * the same distribution from the same facts.
 * @param owners the current owner of each consumer
 * @returns the intended owner of each consumer; consumers that no worker wants are missing
 */
export const shareOut = (
  workers: readonly Pick<Worker, '_id' | 'wants'>[],
  owners: ReadonlyMap<string, string | null>,
): Map<string, string> => {
  const ordered = [...workers].sort((a, b) => (a._id < b._id ? -1 : 1));
  const shares = new Map<string, string[]>(ordered.map(({ _id }) => [_id, []]));
  const wanting = new Map<string, string[]>();
  for (const { _id, wants } of ordered)
    for (const consumer of wants) wanting.set(consumer, [...(wanting.get(consumer) ?? []), _id]);

  const shareOf = (worker: string) => shares.get(worker) ?? [];
  const leastLoaded = (candidates: readonly string[]) =>
    candidates.reduce((least, worker) => (shareOf(worker).length < shareOf(least).length ? worker : least));

  const consumers = [...wanting.keys()].sort();
  const staying = consumers.filter((consumer) => wanting.get(consumer)!.includes(owners.get(consumer) ?? ''));
  for (const consumer of staying) shareOf(owners.get(consumer)!).push(consumer);
  for (const consumer of consumers)
    if (!staying.includes(consumer)) shareOf(leastLoaded(wanting.get(consumer)!)).push(consumer);

  for (let moved = true; moved; ) {
    moved = false;
    for (const [worker, share] of shares) {
      for (const consumer of share) {
        const target = leastLoaded(wanting.get(consumer)!);
        if (share.length - shareOf(target).length < 2) continue;
        shares.set(
          worker,
          share.filter((other) => other !== consumer),
        );
        shareOf(target).push(consumer);
        moved = true;
        break;
      }
      if (moved) break;
    }
  }
  return new Map([...shares].flatMap(([worker, share]) => share.map((consumer) => [consumer, worker] as const)));
};
