import type { Collection, Db } from 'mongodb';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { limitsIn, streams } from '../platform/event-store/streams.ts';
import { pullBatches } from '../platform/event-store/subscription.ts';
import { PLAZA_STREAMS } from '../platform/event-store/tail.ts';
import { type Position, START, type StoredEvent } from '../platform/event-store/types.ts';
import { pause } from '../platform/machine/machine.ts';
import { isTransient, patiently } from '../platform/subscriptions/transient.ts';

/** A stream that lacks events, or is about to. The document without a name has the position up to which it is known. */
type Truncated = { _id: string; why: string };

const truncated = (db: Db): Collection<Truncated> => db.collection<Truncated>('truncated_streams');

const POSITION = '';
const LOOK_EVERY = 60_000;
const BATCH = 100;
/** Streams that the check names. */
const SHOWN = 5;

const METADATA = '$metadata';
const DELETED = '$streamDeleted';
const plazaStream = new RegExp(PLAZA_STREAMS);

export type TruncationsOptions = {
  client: EventStoreClient;
  db: Db;
  /** Called for each stream that lacks events. */
  onError(error: Error): void;
};

/**
 * Finds the streams whose events were removed or hidden, by the events with which the event store records that: one
 * for each change of a stream's metadata, and for its deletion. Replayed views lack these events after a scavenge, and
 * nothing in the remaining ones shows it.
 * @returns false when the signal came first
 */
export const findTruncated = async (
  { client, db, onError }: TruncationsOptions,
  signal: AbortSignal,
): Promise<boolean> => {
  const { read } = streams(client);
  const note = async ({ type, stream: source, data }: StoredEvent): Promise<void> => {
    const stream = type === METADATA ? source.slice('$$'.length) : source;
    if (!plazaStream.test(stream)) return;
    const why = type === DELETED ? 'deleted for ever' : limitsIn(data) || (await firstMissing(read, stream));
    if (why === '') return void (await truncated(db).deleteOne({ _id: stream }));
    await truncated(db).updateOne({ _id: stream }, { $set: { why } }, { upsert: true });
    onError(new Error(`${stream} lacks events, or will (${why}): views that are built anew miss them`));
  };
  const from = await readPosition(db);
  const batches = pullBatches({
    client,
    from,
    types: `^\\$(?:${METADATA.slice(1)}|${DELETED.slice(1)})$`,
    maxBatch: BATCH,
    encrypted: true,
    signal,
    // Servers before 23.10 do not report the end: it is where nothing more comes.
    readTail: async () => START,
  });
  for await (const { events, checkpoint, live } of batches) {
    for (const event of events) await patiently(() => note(event), signal);
    await patiently(() => writePosition(db, checkpoint), signal);
    if (live) return true;
  }
  return false;
};

/** Returns which events a stream lacks at its start. */
const firstMissing = async (read: ReturnType<typeof streams>['read'], stream: string): Promise<string> => {
  for await (const { revision } of read(stream, 0n, 1)) return revision > 0n ? `begins at revision ${revision}` : '';
  return '';
};

const readPosition = async (db: Db): Promise<Position> => {
  const [commit, prepare] = (await truncated(db).findOne({ _id: POSITION }))?.why.split('/') ?? [];
  return commit === undefined || prepare === undefined ? START : { commit: BigInt(commit), prepare: BigInt(prepare) };
};

const writePosition = async (db: Db, { commit, prepare }: Position): Promise<void> => {
  await truncated(db).updateOne({ _id: POSITION }, { $set: { why: `${commit}/${prepare}` } }, { upsert: true });
};

/** Looks for truncated streams once a minute. @returns a function that ends it */
export const watchTruncated = (options: TruncationsOptions): { stop(): Promise<void> } => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      await findTruncated(options, signal).catch((error) => {
        if (!isTransient(error)) options.onError(error as Error);
      });
      await pause(LOOK_EVERY, { signal });
    }
  };
  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
};

/** Checks for `/readyz?verbose` that no stream lacks events. @throws the driver's error when MongoDB does not answer */
export const historyCheck = (db: Db) => async (): Promise<{ ok: boolean; detail: string }> => {
  const found = await truncated(db)
    .find({ _id: { $ne: POSITION } })
    .sort({ _id: 1 })
    .toArray();
  const names = found.slice(0, SHOWN).map(({ _id, why }) => `${_id} (${why})`);
  const more = found.length > SHOWN ? ` and ${found.length - SHOWN} more` : '';
  return found.length === 0
    ? { ok: true, detail: 'whole' }
    : { ok: false, detail: `events are missing, or will be, in ${names.join(', ')}${more}` };
};
