import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { newEvent } from '../../platform/event-store/testing.ts';
import type { StoredEvent } from '../../platform/event-store/types.ts';
import { keyStore } from '../../platform/personal-data/keys.ts';
import { parseMasterKeys } from '../../platform/personal-data/master-key.ts';
import { personalData } from '../../platform/personal-data/personal-data.ts';
import { moments } from '../../platform/subscriptions/moments.ts';
import { startTestStores, storedEvent, type TestStores } from '../../platform/subscriptions/testing.ts';
import { contextSchemas, projectionsOf } from '../../programs/contexts.ts';
import { ERASED, personalEvents } from '../../schemas/kernel/personal.ts';
import { reservations } from '../parking/reservations.ts';
import { consumersOf } from './consumers.ts';
import { erasedFields } from './erasure.ts';
import { history } from './history.ts';
import type { Projection } from './projection.ts';
import { type RebuildOptions, rebuild } from './rebuild.ts';
import { documentsAfter, type Given } from './testing.ts';
import { viewWriter } from './writer.ts';

const personal = personalEvents(contextSchemas);
const TEXT = 'what nobody may find';
const CONTACT = { name: TEXT, email: `${TEXT}@example.com`, phone: TEXT };

const golden = (context: string, type: string, version: number, data: object = {}): Given => {
  const file = new URL(`../../schemas/golden/${context}/${type}.v${version}.json`, import.meta.url);
  return { type, version, data: { ...JSON.parse(readFileSync(file, 'utf8')).data, ...data } };
};

const customerId = 'CUST1';
const parked = { lotId: 'lot-1', reservationId: 'r-1', customerId, carNumber: TEXT };
const texts = { ko: { subject: TEXT, text: TEXT }, en: { subject: TEXT, text: TEXT } };

/** Events of one customer, with every event that has personal fields among them. */
const STORIES: Readonly<Record<string, readonly Given[]>> = {
  parking: [
    golden('parking', 'ParkingReserved', 2, parked),
    golden('parking', 'CarArrived', 1, parked),
    golden('parking', 'CarDeparted', 1, parked),
    golden('parking', 'ReservationCanceled', 2, { ...parked, carNumber: undefined, reason: TEXT }),
  ],
  'food-court': [
    golden('food-court', 'OrderPlaced', 2, { shopId: 's', orderId: 'o', customerId }),
    golden('food-court', 'OrderRejected', 1, { shopId: 's', orderId: 'o', customerId, reason: TEXT }),
  ],
  cinema: [
    golden('cinema', 'SeatHeld', 3, { showingId: 's', reservationId: 'r', customerId, hold: '1' }),
    golden('cinema', 'ReservationConfirmed', 3, { showingId: 's', reservationId: 'r', customerId, hold: '1' }),
    golden('cinema', 'SeatReservationCanceled', 3, {
      showingId: 's',
      reservationId: 'r',
      customerId,
      hold: '1',
      reason: TEXT,
    }),
    golden('cinema', 'ReviewWritten', 1, { movieId: 'm', customerId, text: TEXT }),
  ],
  customers: [
    golden('customers', 'ContactChanged', 1, { customerId, ...CONTACT }),
    golden('customers', 'CustomerReminded', 1, { customerId, texts }),
  ],
};

const erasedEvent = ({ data, ...event }: Given): Given => ({
  ...event,
  data: erasedFields(personal.get(event.type)?.fields ?? [], data),
});

test('every event with personal fields is in a story', () => {
  const told = Object.values(STORIES).flatMap((events) => events.map(({ type }) => type));
  expect([...personal.keys()].filter((type) => !told.includes(type))).toEqual([]);
});

const withoutIds = (documents: object): object =>
  JSON.parse(JSON.stringify(documents).replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'id'));

/** Returns the events that a view takes. Some views need documents that no story has. */
const takenIn = (view: Projection, story: readonly Given[]): Given[] => {
  const taken: Given[] = [];
  for (const event of story) {
    if (!view.events.includes(event.type)) continue;
    try {
      documentsAfter(view, ...taken, event);
      taken.push(event);
    } catch {}
  }
  return taken;
};

test('every view erases what a replay of the erased events would leave out', async () => {
  const views = await projectionsOf(
    contextSchemas.map(({ name }) => name),
    'Asia/Seoul',
  );
  const erased: string[] = [];
  for (const view of views) {
    for (const story of [Object.values(STORIES).flat(), ...Object.values(STORIES)]) {
      const events = takenIn(view, story);
      const plain = documentsAfter(view, ...events);
      const replayed = documentsAfter(view, ...events.map(erasedEvent));
      if (!JSON.stringify(plain).includes(TEXT)) continue;
      expect(view.personal, view.name).toBeDefined();
      erased.push(view.name);
      const scrubbed = Object.fromEntries(
        Object.entries(plain).flatMap(([key, document]) => {
          const after = view.personal!.erase(document);
          return after === null ? [] : [[key, after]];
        }),
      );
      expect(JSON.stringify(scrubbed), view.name).not.toContain(TEXT);
      if (Object.keys(scrubbed).length > 0) expect(withoutIds(scrubbed), view.name).toEqual(withoutIds(replayed));
    }
  }
  expect([...new Set(erased)].sort()).toEqual([
    'cinema.history',
    'cinema.reservations',
    'cinema.reviews',
    'customers.contacts',
    'customers.history',
    'customers.messages',
    'food-court.history',
    'food-court.orders',
    'parking.history',
    'parking.reservations',
  ]);
});

describe('a writer', () => {
  let stores: TestStores;
  let db: Db;
  beforeAll(async () => {
    stores = await startTestStores();
  });
  afterAll(() => stores.stop());
  beforeEach(() => {
    db = stores.newDb();
  });

  const lease = { assertHeld: () => {} };
  const reserved = (at: number, reservationId: string, customer = 'kim') =>
    storedEvent(at, 'ParkingReserved', {
      lotId: '1',
      reservationId,
      customerId: customer,
      carNumber: `car ${reservationId}`,
      amount: 1,
    });
  const canceled = (at: number, reservationId: string) =>
    storedEvent(at, 'ReservationCanceled', { lotId: '1', reservationId, customerId: 'kim' });
  const erased = (at: number) => storedEvent(at, 'CustomerErased', { customerId: 'kim', key: 'kim:0:12345678' });
  const cars = async (view: string) => {
    const documents = await db.collection<{ _id: string }>(view).find().sort({ _id: 1 }).toArray();
    return documents.map((document) => (document as { carNumber?: string }).carNumber);
  };

  const story = [
    reserved(1, 'a'),
    reserved(2, 'b', 'lee'),
    canceled(3, 'a'),
    erased(4),
    reserved(5, 'c'),
    canceled(6, 'a'),
  ];

  test.each([1, 2, 3, 4, 5, 6])('erases what came before, with %i events in a batch, and again', async (size) => {
    const name = 'parking.reservations';
    for (const remembered of [0, 10]) {
      const write = viewWriter(db, reservations, name, remembered);
      for (let at = 0; at < story.length; at += size) await write(story.slice(at, at + size), lease);
      expect(await cars(name)).toEqual([ERASED, 'car b', 'car c']);
      await write([erased(4)], lease);
      await write(story, lease);
      expect(await cars(name)).toEqual([ERASED, 'car b', 'car c']);
      await db.dropCollection(name);
    }
  });

  test('a replay during which a customer is erased shows nothing of that customer', async () => {
    const keys = keyStore(stores.newDb(), parseMasterKeys(randomBytes(32).toString('base64')));
    const client = connectEventStore(stores.eventStoreUrl, { personal: personalData({ keys, personal }) });
    onTestFinished(() => disconnectEventStore(client));
    const { append } = streams(client);
    const store = async (number: number, { type, data }: { type: string; data: unknown }) => {
      const stored = await append(`parkingLot-${number}`, [newEvent({ type, data: data as object })], 'no-stream');
      expect(stored.ok).toBe(true);
    };
    for (let number = 0; number < 8; number++)
      await store(number, reserved(0, `r${number}`, number % 2 ? 'lee' : 'kim'));
    const replay = (options: Partial<RebuildOptions>) =>
      rebuild({
        client,
        db,
        projections: [reservations],
        maxBatch: 2,
        signal: new AbortController().signal,
        ...options,
      });
    const stopping = new AbortController();
    expect(await replay({ signal: stopping.signal, onProgress: () => stopping.abort() })).toBe(false);
    const names = (await db.listCollections().toArray()).map(({ name }) => name);
    const build = names.find((name) => name.startsWith('parking.reservations.next'));
    expect(await db.collection(build!).countDocuments({ carNumber: 'car r0' })).toBe(1);
    const { name } = (await keys.current(['kim'])).get('kim')!;
    await store(100, { type: 'CustomerErased', data: { customerId: 'kim', key: name } });
    expect(await replay({})).toBe(true);
    expect(await cars('parking.reservations')).toEqual(
      Array.from({ length: 8 }, (_, number) => (number % 2 ? `car r${number}` : ERASED)),
    );
    expect(await keys.byName([name])).toEqual(new Map([[name, null]]));
  });

  test('an erasure that was parked erases when it is replayed, also what later events changed', async () => {
    const own = await startTestStores();
    onTestFinished(() => own.stop());
    const [consumer] = consumersOf(db, own.client, reservations);
    const stored: StoredEvent[] = [];
    for (const { type, data } of [
      reserved(1, 'a'),
      reserved(2, 'b', 'lee'),
      erased(3),
      reserved(4, 'c'),
      canceled(5, 'a'),
    ]) {
      const { commit } = await own.append('parkingLot-1', { type, data: data as object });
      stored.push(storedEvent(Number(commit), type, data as object));
    }
    const parked = stored.find(({ type }) => type === 'CustomerErased')!;
    for (const event of stored) if (event !== parked) await consumer!.handle([event], lease);
    expect(await cars('parking.reservations')).toEqual(['car a', 'car b', 'car c']);
    for (let again = 0; again < 2; again++) {
      await consumer!.replay!(parked, lease);
      expect(await cars('parking.reservations')).toEqual([ERASED, 'car b', 'car c']);
    }
  });

  test('erases the texts that queries search by prefix', async () => {
    const write = viewWriter(db, reservations, 'parking.reservations');
    await write(story, lease);
    const found = await db.collection('parking.reservations').find({ customerId: 'kim' }).toArray();
    expect(JSON.stringify(found)).not.toContain('cara');
    expect(found).toHaveLength(2);
  });

  test('erases histories', async () => {
    const view = history(reservations.context, []);
    const write = viewWriter(db, view, 'parking.history');
    for (let again = 0; again < 2; again++) await write(story.slice(0, 5), lease);
    const entries = await db.collection('parking.history').find().sort({ _id: 1 }).toArray();
    expect(entries.map(({ data }) => data.carNumber)).toEqual([ERASED, 'car b', undefined, 'car c']);
  });

  test('ends the builds as of an earlier moment, of its context and for the live view only', async () => {
    const at = { usedAt: new Date(), updatedAt: new Date(), events: 0, share: 0, collections: [], position: '3' };
    await moments(db).insertMany([
      { _id: '3 parking', context: 'parking', state: 'ready', ...at },
      { _id: '3 cinema', context: 'cinema', state: 'ready', ...at },
    ]);
    const states = async () => (await moments(db).find().sort({ _id: 1 }).toArray()).map(({ state }) => state);
    await viewWriter(db, reservations, 'parking.reservations.next.1')(story, lease);
    expect(await states()).toEqual(['ready', 'ready']);
    await viewWriter(db, reservations, 'parking.reservations')(story, lease);
    expect(await states()).toEqual(['ready', 'expired']);
  });
});
