import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, START } from '../../platform/event-store/types.ts';
import { command, foundIn } from '../support/operator.ts';
import { call, eventually, type Program, startProgram, temporaryData } from '../support/plaza.ts';

/** How often Plaza is killed while customers are erased; `KILLS=500` for a long run. */
const KILLS = Number(process.env.KILLS ?? 8);
/** Customers who are erased at the same time. */
const AT_ONCE = 4;
/** Milliseconds within which an erasure probably ends. */
const WITHIN = 60;

const data = temporaryData();
const env = {
  PLAZA_DATA: data.folder,
  PLAZA_CONTEXTS: 'parking,customers',
  LOG_LEVEL: 'error',
  PERSONAL_KEY: randomBytes(32).toString('base64'),
};
const carOf = (customerId: string) => `car of ${customerId}.`;

/** Reads which keys the events name as erased, and which are erased. */
const readErased = async () => {
  const stores = await startEmbeddedStores({ dataFolder: data.folder });
  const client = connectEventStore(stores.eventStoreUrl);
  const mongo = await MongoClient.connect(stores.mongoUrl);
  const named: string[] = [];
  const tail = await readTail(client);
  const { signal } = new AbortController();
  const pulled = pullBatches({ client, from: START, streams: '^contact-', maxBatch: 1000, signal });
  for await (const { events, checkpoint, live } of pulled) {
    for (const event of events) if (event.type === 'CustomerErased') named.push((event.data as { key: string }).key);
    if (live || comparePositions(checkpoint, tail) >= 0) break;
  }
  const keys = mongo.db('plaza_keys').collection<{ _id: string; name: string }>('personal_keys');
  const gone = await keys.find({ erasedAt: { $exists: true } }).toArray();
  await Promise.all([disconnectEventStore(client), mongo.close()]);
  await stores.stop();
  return { named: named.sort(), gone: gone.map(({ _id, name }) => `${_id}:${name}`).sort() };
};

test(`killed ${KILLS} times during erasures: each one happened completely or not at all`, {
  timeout: 300_000 + KILLS * 30_000,
}, async () => {
  let plaza: Program = await startProgram('all-in-one', { ...env, PORT: '0' });
  onTestFinished(async () => {
    await plaza.end();
    data.remove();
  });
  await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: 'Jeongja', spots: 100_000 });
  const customers: string[] = [];
  const acknowledged = new Set<string>();
  for (let kill = 0; kill < KILLS; kill++) {
    const some = Array.from({ length: AT_ONCE }, (_, index) => `c${kill}-${index}`);
    customers.push(...some);
    for (const customerId of some) {
      const reservation = { reservationId: customerId, customerId, carNumber: carOf(customerId), amount: 1 };
      await eventually(
        () => call(plaza.url, 'POST', '/parking/lots/1/reservations', reservation),
        ({ status }) => status === 201,
      );
    }
    const erasing = some.map(async (customerId) => {
      // A request that fails because of the kill has an unknown outcome.
      const { status } = await fetch(`${plaza.url}/customers/${customerId}?cancel=true`, { method: 'DELETE' }).catch(
        () => ({ status: 0 }),
      );
      if (status === 200) acknowledged.add(customerId);
    });
    await delay(Math.random() * WITHIN);
    await plaza.end('SIGKILL');
    await Promise.all(erasing);
    plaza = await startProgram('all-in-one', { ...env, PORT: '0' });
  }

  // The last erasure is appended after all others, so a view that shows it shows them all.
  const last = await eventually(
    () => call(plaza.url, 'DELETE', `/customers/${customers[0]}?cancel=true`),
    ({ status }) => status === 200,
  );
  acknowledged.add(customers[0]!);
  const reached = { 'Min-Event-Position': last.headers.get('Event-Position') ?? '0', Prefer: 'wait=30' };
  const shown = await Promise.all(
    customers.map(async (id) => {
      const path = `/parking/lots/1/reservations/${id}`;
      return [id, (await call(plaza.url, 'GET', path, undefined, reached)).body.carNumber] as const;
    }),
  );
  await plaza.end();
  const { named, gone } = await readErased();
  expect(gone).toEqual(named);
  const erased = customers.filter((id) => named.some((key) => key.startsWith(`${id}:`)));
  expect([...acknowledged].filter((id) => !erased.includes(id))).toEqual([]);
  expect(new Set(named).size).toBe(named.length);
  for (const [id, car] of shown) expect(car, id).toBe(erased.includes(id) ? '(erased)' : carOf(id));
  expect(command(env, 'verify')).toMatchObject({ status: 0 });
  expect(foundIn(data.folder, erased.map(carOf))).toEqual([]);
});
