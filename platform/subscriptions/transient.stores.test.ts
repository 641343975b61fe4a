import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openTestStores } from '../../embedded/testing.ts';
import { temporaryData } from '../../tests/support/plaza.ts';
import { createMongoClient } from '../mongo.ts';
import { isTransient, patiently } from './transient.ts';
import { forgetAllWorkers, joinWorkers, workers } from './workers.ts';

test('a job is repeated until the first connection to MongoDB succeeds', async () => {
  const data = temporaryData();
  onTestFinished(data.remove);
  const before = await openTestStores({ dataFolder: data.folder });
  const first = createMongoClient(before.mongoUrl, 10_000);
  await joinWorkers(first.db('plaza'), 'projections').beat([]);
  await first.close();
  await before.stop();

  // A server that accepts connections and never answers, as on a machine that has no time for it.
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port: mongoPort } = silent.address() as AddressInfo;
  const client = createMongoClient(`mongodb://127.0.0.1:${mongoPort}`, 100);
  onTestFinished(() => client.close());
  const db = client.db('plaza');
  let attempts = 0;
  const failedOnce = Promise.withResolvers<void>();
  const forgotten = patiently(() => {
    attempts += 1;
    if (attempts === 2) failedOnce.resolve();
    return forgetAllWorkers(db);
  });
  await failedOnce.promise;
  silent.close();

  const stores = await openTestStores({ dataFolder: data.folder, mongoPort });
  onTestFinished(stores.stop);
  await forgotten;
  expect(await workers(db).countDocuments()).toBe(0);
});

test('an error that no later attempt can avoid is thrown', async () => {
  const failing = async () => {
    throw new Error('no such thing');
  };
  await expect(patiently(failing)).rejects.toThrow('no such thing');
});

const failure = (job: Promise<unknown>): Promise<unknown> =>
  job.then(
    () => undefined,
    (error) => error,
  );

test('a read that is sent just when MongoDB closes the connection can succeed later', async () => {
  const data = temporaryData();
  onTestFinished(data.remove);
  const stores = await openTestStores({ dataFolder: data.folder });
  const client = createMongoClient(stores.mongoUrl, 500);
  onTestFinished(() => client.close());
  const read = () => client.db('plaza').collection('things').find().toArray();
  const failures: Promise<unknown>[] = [];
  const onSocket = (message: unknown) =>
    (message as { socket: Socket }).socket.once('end', () => void failures.push(failure(read())));
  subscribe('net.client.socket', onSocket);
  onTestFinished(() => void unsubscribe('net.client.socket', onSocket));
  await Promise.all([read(), read(), read()]);
  await stores.stop();
  await expect.poll(() => failures.length).toBeGreaterThan(2);
  const errors = await Promise.all(failures);
  expect(errors.map((error) => [String(error), isTransient(error)])).toEqual(
    errors.map((error) => [String(error), true]),
  );
});

describe('a write of many documents', () => {
  const documents = [{ n: 1 }, { n: 2 }];

  test('that finds no MongoDB can succeed later', async () => {
    const client = createMongoClient('mongodb://127.0.0.1:1', 100);
    onTestFinished(() => client.close());
    const things = client.db('plaza').collection('things');
    expect(isTransient(await failure(things.insertMany(documents)))).toBe(true);
    expect(isTransient(await failure(things.bulkWrite([{ insertOne: { document: { n: 3 } } }])))).toBe(true);
  });

  test('that MongoDB refuses cannot', async () => {
    const data = temporaryData();
    onTestFinished(data.remove);
    const stores = await openTestStores({ dataFolder: data.folder });
    onTestFinished(stores.stop);
    const client = createMongoClient(stores.mongoUrl, 10_000);
    onTestFinished(() => client.close());
    const things = client.db('plaza').collection<{ _id: number }>('things');
    const refused = await failure(things.insertMany([{ _id: 1 }, { _id: 1 }], { ordered: false }));
    expect(refused).toMatchObject({ code: 11000 });
    expect(isTransient(refused)).toBe(false);
  });
});
