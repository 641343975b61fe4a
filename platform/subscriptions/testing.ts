import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { connectEventStore, disconnectEventStore } from '../event-store/client.ts';
import { streams } from '../event-store/streams.ts';
import { newEvent } from '../event-store/testing.ts';
import { type Position, type Revision, type StoredEvent, StoreUnavailableError } from '../event-store/types.ts';

export type TestStores = Awaited<ReturnType<typeof startTestStores>>;

/** Starts empty embedded stores for one test file, within its process. */
export const startTestStores = () => withClients(openTestStores);

/** Starts empty embedded stores for one test file, as a process of their own. */
export const startStoresProcess = () => withClients(startEmbeddedStores);

const withClients = async <Stores extends OpenedStores>(
  start: (options: { dataFolder: string }) => Promise<Stores>,
) => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'plaza-test-'));
  const stores = await start({ dataFolder });
  const client = connectEventStore(stores.eventStoreUrl);
  const mongo = await MongoClient.connect(stores.mongoUrl);
  const revisions = new Map<string, bigint>();
  const { append: appendTo } = streams(client);
  return {
    ...stores,
    dataFolder,
    client,
    mongo,
    /** Returns a database that no other test uses. */
    newDb: () => mongo.db(`test_${randomUUID().replaceAll('-', '')}`),
    /** Appends events of a type with data. @returns the position of the last */
    async append(
      stream: string,
      ...events: { type: string; data: object; schemaVersion?: number }[]
    ): Promise<Position> {
      const at = revisions.get(stream);
      const fresh = events.map((event) => newEvent(event));
      const append = () => appendTo(stream, fresh, at === undefined ? 'no-stream' : (at as Revision));
      const result = await repeatedly(append);
      if (!result.ok) throw new Error(result.reason);
      revisions.set(stream, result.revision);
      return result.position;
    },
    async stop() {
      await Promise.all([disconnectEventStore(client), mongo.close()]);
      await stores.stop();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
};

/** Repeats an append without an answer, which happens on a busy machine. */
const repeatedly = async <Result>(append: () => Promise<Result>, times = 10): Promise<Result> => {
  try {
    return await append();
  } catch (error) {
    if (!(error instanceof StoreUnavailableError) || times === 0) throw error;
    return repeatedly(append, times - 1);
  }
};

/** Returns an event as the store would: `at` is its position and revision. */
export const storedEvent = (at: number, type: string, data: object = {}, stream = 'test-1'): StoredEvent => ({
  ...newEvent({ type, data }),
  stream,
  revision: BigInt(at) as Revision,
  position: { commit: BigInt(at), prepare: BigInt(at) },
});

/** Returns a database whose clock can be set, and does not follow a faked `Date`. */
export const withClock = (db: Db) => {
  let ahead = 0;
  let client = {};
  const command = async (given: object) => {
    const answer = await db.command(given);
    return { ...answer, localTime: new Date(performance.timeOrigin + performance.now() + ahead) };
  };
  const clock = Object.create(db, {
    client: { get: () => client },
    command: { value: command },
    collection: { value: db.collection.bind(db) },
  }) as Db;
  const setAhead = (milliseconds: number): void => {
    ahead = milliseconds;
    client = {}; // The clock of a client is measured once in ten seconds.
  };
  return { clock, setAhead };
};

/** Milliseconds between two questions: few at first, more while the process that answers is still busy. */
const FIRST_PAUSE = 5;
const LONGEST_PAUSE = 100;

/** Repeats a request until its answer is as expected. @throws Error with the last answer after the time limit */
export const until = async <Answer>(
  ask: () => Promise<Answer> | Answer,
  expected: (answer: Answer) => boolean,
  within = 120_000,
): Promise<Answer> => {
  const deadline = performance.now() + within;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 1.3)) {
    const answer = await ask();
    if (expected(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${within} ms, last: ${show(answer)}`);
    await delay(pause);
  }
};

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? part.toString() : part));
