import { randomBytes } from 'node:crypto';
import { type Collection, MongoClient } from 'mongodb';
import { expect, onTestFinished, test } from 'vitest';
import { type EmbeddedStores, startEmbeddedStores } from '../../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import type { PersonalData } from '../../platform/event-store/personal-data.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { readTail } from '../../platform/event-store/tail.ts';
import { comparePositions, START } from '../../platform/event-store/types.ts';
import { keyStore } from '../../platform/personal-data/keys.ts';
import { parseMasterKeys } from '../../platform/personal-data/master-key.ts';
import { personalData } from '../../platform/personal-data/personal-data.ts';
import { forgetAllWorkers } from '../../platform/subscriptions/workers.ts';
import { contextSchemas } from '../../programs/contexts.ts';
import { personalEvents } from '../../schemas/kernel/personal.ts';
import { readSnapshot } from '../../write-side/kernel/snapshot.ts';
import { parkingLot } from '../../write-side/parking/parking-lot.ts';
import { startWire, type Wire } from '../faults/wire.ts';
import { randomOf } from '../simulation/random.ts';
import { command, foundIn } from '../support/operator.ts';
import { call, eventually, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';

/** How often Plaza is killed while customers are erased, at least three times; `KILLS=500` for a long run. */
const KILLS = Number(process.env.KILLS ?? 8);
/** Determines at which points. */
const SEED = process.env.SEED ?? '1';
/** Customers who are erased at the same time. */
const AT_ONCE = 4;

/**
 * The points of an erasure: what Plaza sends to a store then. One message has all of the texts, and the customer's id.
 */
const SENT = {
  cancellation: ['ReservationCanceled'],
  event: ['CustomerErased'],
  key: ['update', 'personal_keys', 'erasedAt'],
  view: ['update', 'parking.reservations', '(erased)'],
} as const;
/** Its last point: a message that names streams and no customer. */
const SNAPSHOT = ['update', 'snapshot_keys', 'erasures', 'parkingLot-1'];
type Point = keyof typeof SENT | 'answer' | 'snapshot';
/** First those that leave the most to do. */
const POINTS: readonly Point[] = ['key', 'view', 'answer', 'event', 'snapshot', 'cancellation'];

const data = temporaryData();
const PERSONAL_KEY = randomBytes(32).toString('base64');
const carOf = (customerId: string) => `car of ${customerId}.`;
const nameOf = (customerId: string) => `name of ${customerId}.`;
const portOf = (url: string) => Number(new URL(url.replace(/^\w+:/, 'http:')).port);

let stores: EmbeddedStores;

/** Leaves events as they are stored: with the keys, whoever reads an erasure finishes it. */
const UNOPENED = { open: async () => {} } as Partial<PersonalData> as PersonalData;

/** Connects to the stores past the wires. */
const inStores = async <Result>(
  use: (client: ReturnType<typeof connectEventStore>, mongo: MongoClient) => Promise<Result>,
) => {
  const client = connectEventStore(stores.eventStoreUrl, { personal: UNOPENED });
  const mongo = await MongoClient.connect(stores.mongoUrl);
  try {
    return await use(client, mongo);
  } finally {
    await Promise.all([disconnectEventStore(client), mongo.close()]);
  }
};

/**
 * Reads how far the erasures of some customers are: the last step first, so that none is seen without the one before.
 */
const stepsOf = (customerIds: readonly string[]) =>
  inStores(async (client, mongo) => {
    const shown = mongo.db('plaza').collection<{ _id: string; carNumber: string }>('parking.reservations');
    const keys = mongo.db('plaza_keys').collection('personal_keys');
    const store = streams(client);
    return await Promise.all(
      customerIds.map(async (id) => ({
        id,
        isScrubbed: (await shown.findOne({ _id: `1.${id}` }))?.carNumber === '(erased)',
        isKeyGone: (await keys.findOne({ owner: id, erasedAt: { $exists: true } })) !== null,
        isInLog: (await store.readLast(`contact-${id}`))?.type === 'CustomerErased',
      })),
    );
  });

/** Reads which keys the events name as erased, and which are erased. */
const readErased = () =>
  inStores(async (client, mongo) => {
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
    return { named: named.sort(), gone: gone.map(({ _id, name }) => `${_id}:${name}`).sort() };
  });

/** Reads the newest snapshot of the lot with the keys that are left; undefined when they do not open it. */
const readLot = () =>
  inStores(async (client, mongo) => {
    const keys = keyStore(mongo.db('plaza_keys'), parseMasterKeys(PERSONAL_KEY));
    const snapshots = personalData({ keys, personal: personalEvents(contextSchemas) });
    const snapshot = await readSnapshot(
      { ...streams(client), snapshots },
      'parkingLot-1',
      parkingLot.snapshotVersion,
      (error) => {
        throw error;
      },
    );
    return snapshot && JSON.stringify(snapshot.state);
  });

type Task = { process: string; dueAt: Date };
const inSchedule = <Result>(use: (schedule: Collection<Task>) => Promise<Result>) =>
  inStores((_client, mongo) => use(mongo.db('plaza').collection<Task>('schedule')));

/** Makes every task due: that of an erasure waits for ten seconds, and that of a killed process for thirty. */
const hurry = () => inSchedule((schedule) => schedule.updateMany({}, { $set: { dueAt: new Date(0) } }));

test(`killed ${KILLS} times during erasures: each one happened completely or not at all, seed ${SEED}`, {
  timeout: 300_000 + KILLS * 30_000,
}, async () => {
  const random = randomOf(`erasure-kill ${SEED}`);
  let sent = (_bytes: Buffer) => {};
  let wires: Wire[] = [];
  const setBoth: Wire['set'] = (fault) => {
    for (const wire of wires) wire.set(fault);
  };
  const startStores = async () => {
    stores = await startEmbeddedStores({ dataFolder: data.folder });
    const targets = [portOf(stores.eventStoreUrl), portOf(stores.mongoUrl)];
    await Promise.all(wires.map((wire) => wire.close()));
    wires = await Promise.all(targets.map((port) => startWire(port, (bytes) => sent(bytes))));
  };
  const startPlaza = () =>
    startProgram('all-in-one', {
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS: 'parking,customers',
      LOG_LEVEL: 'error',
      PERSONAL_KEY,
      EVENTSTORE_URL: `esdb://127.0.0.1:${wires[0]!.port}?tls=false`,
      MONGODB_URL: `mongodb://127.0.0.1:${wires[1]!.port}`,
    });
  await startStores();
  let plaza: Program = await startPlaza();
  onTestFinished(async () => {
    await plaza.end('SIGKILL');
    await Promise.all(wires.map((wire) => wire.close()));
    await stores.stop();
    data.remove();
  });

  await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: 'Jeongja', spots: 100_000 });
  const rounds = Array.from({ length: KILLS }, (_round, kill) =>
    Array.from({ length: AT_ONCE }, (_customer, index) => `c${kill}-${index}`),
  );
  const customers = rounds.flat();
  const reserve = async (customerId: string) => {
    const reservation = { reservationId: customerId, customerId, carNumber: carOf(customerId), amount: 1 };
    expect((await call(plaza.url, 'POST', '/parking/lots/1/reservations', reservation)).status).toBe(201);
  };
  for (const some of rounds)
    await Promise.all(
      some.map(async (customerId) => {
        await reserve(customerId);
        const contact = { name: nameOf(customerId), language: 'en' };
        expect((await call(plaza.url, 'PUT', `/customers/${customerId}/contact`, contact)).status).toBe(200);
      }),
    );
  // The end in order writes a snapshot with every car.
  await plaza.end();
  expect(await readLot()).toContain(carOf(customers[0]!));
  plaza = await startPlaza();

  const acknowledged = new Set<string>();
  const interrupted = new Set<string>();
  for (const [kill, some] of rounds.entries()) {
    const point = POINTS[kill % POINTS.length]!;
    // As many customers, but not all, are at the point when Plaza is killed.
    const enough = 1 + random.below(AT_ONCE - 1);
    // The message that it sends then is lost, or only the store's reply.
    const fault = random.pick(['black-hole', 'reply-lost'] as const);
    const killsStores = random.chance(0.5);
    const there = new Set<string>();
    const { url } = plaza;
    let erasing: Promise<void>[] = [];
    await new Promise<void>((resolve, reject) => {
      const arrive = (customerId: string) => {
        there.add(customerId);
        if (there.size < enough) return;
        setBoth(fault);
        resolve();
      };
      sent = (bytes) => {
        const has = (text: string) => bytes.includes(text);
        if (point === 'snapshot' && SNAPSHOT.every(has)) arrive(`one of ${there.size + 1}`);
        else if (point in SENT && SENT[point as keyof typeof SENT].every(has)) some.filter(has).forEach(arrive);
      };
      const erase = async (customerId: string) => {
        // A request that fails because of the kill has an unknown outcome.
        const { status } = await eventually(
          () =>
            fetch(`${url}/customers/${customerId}?cancel=true`, { method: 'DELETE' }).catch(() => ({
              status: 0,
            })),
          // While the views are behind the answer is 503.
          (answer) => answer.status !== 503,
        );
        if (status === 0) return;
        expect(status, customerId).toBe(200);
        acknowledged.add(customerId);
        if (point === 'answer') arrive(customerId);
      };
      erasing = some.map(erase);
      for (const each of erasing) each.catch(reject);
      if (point === 'snapshot') eventually(hurry, () => there.size >= enough).catch(reject);
    });
    await plaza.end('SIGKILL');
    await Promise.all(erasing);
    sent = () => {};
    setBoth();
    if (killsStores) {
      process.kill(stores.pid, 'SIGKILL');
      await stores.exited;
      await startStores();
    }
    for (const { id, isInLog, isKeyGone, isScrubbed } of await stepsOf(some)) {
      const at = `${id} at ${point} with ${fault}`;
      expect([isScrubbed && !isKeyGone, isKeyGone && !isInLog], at).toEqual([false, false]);
      expect(!acknowledged.has(id) || isKeyGone, at).toBe(true);
      if (isInLog && !isScrubbed) interrupted.add(id);
    }
    // As after a crash on embedded stores: otherwise the leases of the killed process must expire first.
    await inStores((_client, mongo) => forgetAllWorkers(mongo.db('plaza')));
    plaza = await startPlaza();
  }

  // The last erasure is appended after all others, so a view that shows it shows them all.
  const before = acknowledged.size;
  await reserve('last');
  const last = await eventually(
    () => call(plaza.url, 'DELETE', '/customers/last?cancel=true'),
    ({ status }) => status !== 503,
  );
  expect(last.status).toBe(200);
  acknowledged.add('last');
  customers.push('last');
  const at = { 'Min-Event-Position': last.headers.get('Event-Position') ?? '0', Prefer: 'wait=30' };
  const shown: { id: string; car: unknown; name: unknown }[] = [];
  // One after the other: thousands at once would be refused.
  for (const id of customers) {
    const reservation = await call(plaza.url, 'GET', `/parking/lots/1/reservations/${id}`, undefined, at);
    const contact = await call(plaza.url, 'GET', `/customers/${id}/contact`, undefined, at);
    expect([reservation.status, [200, 404].includes(contact.status)], id).toEqual([200, true]);
    shown.push({ id, car: reservation.body.carNumber, name: contact.body.name });
  }
  await hurry();
  await eventually(
    () => inSchedule((schedule) => schedule.countDocuments({ process: 'customers.erasures' })),
    (count) => count === 0,
  );
  const steps = await stepsOf(customers);
  const erased = steps.filter(({ isInLog }) => isInLog).map(({ id }) => id);
  for (const { id, ...done } of steps)
    if (done.isInLog) expect(done, id).toEqual({ isInLog: true, isKeyGone: true, isScrubbed: true });
  expect([...acknowledged, ...interrupted].filter((id) => !erased.includes(id))).toEqual([]);
  for (const { id, car, name } of shown) {
    const isErased = erased.includes(id);
    expect([car, name], id).toEqual(isErased ? ['(erased)', undefined] : [carOf(id), nameOf(id)]);
  }
  const { named, gone } = await readErased();
  expect(gone).toEqual(named);
  expect(named.map((key) => key.slice(0, key.indexOf(':')))).toEqual([...erased].sort());

  const plain = erased.flatMap((id) => [carOf(id), nameOf(id)]);
  const inSnapshot = async () => {
    const state = (await readLot()) ?? '';
    return plain.filter((text) => state.includes(text));
  };
  await eventually(inSnapshot, (found) => found.length === 0);
  await reserve('somebody');
  await plaza.end();
  expect(await readLot()).toContain(carOf('somebody'));
  expect(await inSnapshot()).toEqual([]);
  await stores.stop();
  expect(
    await command({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking,customers', PERSONAL_KEY }, 'verify'),
  ).toMatchObject({ status: 0 });
  expect(foundIn(data.folder, plain)).toEqual([]);

  console.log(
    `${KILLS} kills: ${erased.length} of ${customers.length} erasures happened, ${interrupted.size} of them were interrupted, ${before} acknowledged`,
  );
  expect(interrupted.size).toBeGreaterThan(0);
  expect(before).toBeGreaterThan(0);
});
