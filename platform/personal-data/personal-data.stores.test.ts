import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { ERASED, personalEvents } from '../../schemas/kernel/personal.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../event-store/client.ts';
import { startAppendThread } from '../event-store/fast/append-thread.ts';
import { streams } from '../event-store/streams.ts';
import { pullBatches } from '../event-store/subscription.ts';
import { newEvent } from '../event-store/testing.ts';
import { type NewEvent, START, type StoredEvent } from '../event-store/types.ts';
import { park, parked, parkedEvent } from '../subscriptions/parked.ts';
import { startTestStores, type TestStores } from '../subscriptions/testing.ts';
import { type KeyStore, keyStore } from './keys.ts';
import { parseMasterKeys } from './master-key.ts';
import { personalData } from './personal-data.ts';

const CAR = '10더8612';
const personal = personalEvents(contextSchemas);

const reserved = (customerId: string, carNumber = CAR) =>
  newEvent({
    type: 'ParkingReserved',
    data: { lotId: 'lot-1', reservationId: 'r-1', customerId, carNumber, amount: 1 },
    schemaVersion: 2,
  });
const canceled = (reason?: string) =>
  newEvent({
    type: 'ReservationCanceled',
    data: { lotId: 'lot-1', reservationId: 'r-1', customerId: 'c-1', ...(reason === undefined ? {} : { reason }) },
  });

/** Returns an appended event as it is read, still encrypted. */
const stored = (event: NewEvent): StoredEvent =>
  ({ ...structuredClone(event), stream: 's', revision: 0n, position: START }) as StoredEvent;

let stores: TestStores;
let keys: KeyStore;
let asked: string[];
let now: number;

const opened = () => {
  const counted: KeyStore = {
    ...keys,
    current: (owners) => {
      asked.push(`current ${owners.join(' ')}`);
      return keys.current(owners);
    },
    byName: (names) => {
      asked.push(`byName ${names.length}`);
      return keys.byName(names);
    },
  };
  return personalData({ keys: counted, personal, now: () => now });
};

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  keys = keyStore(stores.newDb(), parseMasterKeys(randomBytes(32).toString('base64')));
  asked = [];
  now = 1_000;
});

describe('personal data', () => {
  test('is encrypted in what is stored, and plain again in what is read', async () => {
    const { seal, open } = opened();
    const event = reserved('c-1');
    const [sealed] = await seal([event]);
    expect(JSON.stringify(sealed)).not.toContain(CAR);
    expect(sealed!.data).toEqual({ lotId: 'lot-1', reservationId: 'r-1', customerId: 'c-1', amount: 1 });
    const read = stored(sealed!);
    await open([read]);
    expect(read.data).toEqual(event.data);
    expect(read.metadata).toEqual(event.metadata);
  });

  test('leaves events without personal fields, and events from before, as they are', async () => {
    const { seal, open } = opened();
    const events = [
      newEvent({ type: 'LotClosed', data: { lotId: 'lot-1', remaining: 0 } }),
      canceled(),
      canceled('no-show'),
    ];
    expect(seal(events)).toEqual(events);
    const plain = stored(reserved('c-1'));
    expect(open([plain])).toBeUndefined();
    expect(plain.data).toEqual(reserved('c-1').data);
    expect(asked).toEqual([]);
  });

  test('asks for a key once, for many events at a time, and then takes no extra turn', async () => {
    const { seal } = opened();
    await Promise.all(Array.from({ length: 10 }, (_, index) => seal([reserved(`c-${index}`)])));
    expect(asked).toHaveLength(1);
    expect(seal([reserved('c-3')])).not.toBeInstanceOf(Promise);
    expect(asked).toHaveLength(1);
  });

  test('is erased with its key: required fields get a placeholder, optional ones are left out', async () => {
    const { seal } = opened();
    const sealed = (await seal([reserved('c-1'), canceled('moved to Busan'), reserved('c-2')])).map(stored);
    await keys.erase((await keys.latest('c-1'))!);
    await opened().open(sealed);
    expect(sealed.map(({ data }) => data)).toEqual([
      { ...reserved('c-1').data, carNumber: ERASED },
      canceled().data,
      reserved('c-2').data,
    ]);
  });

  test('is not decrypted with an erased key after five seconds, and a customer who returns has a new key', async () => {
    const { seal, open } = opened();
    const [before] = await seal([reserved('c-1')]);
    const carNumbers = async () => {
      const read = stored(before!);
      await open([read]);
      return (read.data as { carNumber: string }).carNumber;
    };
    expect(await carNumbers()).toBe(CAR);
    await keys.erase((await keys.latest('c-1'))!);
    now = 5_999;
    expect(await carNumbers()).toBe(CAR);
    now = 6_001;
    expect(await carNumbers()).toBe(ERASED);
    const [after] = await seal([reserved('c-1')]);
    expect(after!.metadata.personal!.key).not.toBe(before!.metadata.personal!.key);
    const read = stored(after!);
    await open([read]);
    expect(read.data).toEqual(reserved('c-1').data);
  });

  const erasedAt = (customerId: string, key: string): StoredEvent =>
    stored(newEvent({ type: 'CustomerErased', data: { customerId, key } }));

  test('is encrypted in parked events, and decrypted when these are handled again', async () => {
    const { seal, open } = opened();
    const read = stored((await seal([reserved('c-1')]))[0]!);
    await open([read]);
    const db = stores.newDb();
    await park(db, { name: 'view', view: 'view', onPoison: 'park' }, read, 'cannot be');
    const [kept] = await parked(db).find().toArray();
    expect(JSON.stringify(kept)).not.toContain(CAR);
    const again = parkedEvent(kept!);
    await open([again]);
    expect(again.data).toEqual(reserved('c-1').data);
    expect(again.metadata).toEqual(read.metadata);
  });

  test('is erased by whoever reads CustomerErased first, before the next event is read', async () => {
    const { seal, open } = opened();
    const [before] = await seal([reserved('c-1')]);
    const late = stored(before!);
    const { key } = before!.metadata.personal!;
    const batch = [stored(before!), erasedAt('c-1', key), late];
    await open(batch);
    expect((batch[0]!.data as { carNumber: string }).carNumber).toBe(CAR);
    expect((late.data as { carNumber: string }).carNumber).toBe(ERASED);
    expect(await keys.byName([key])).toEqual(new Map([[key, null]]));
    const [after] = await seal([reserved('c-1')]);
    expect(after!.metadata.personal!.key).not.toBe(key);
    // The same event again, as in a replay, leaves the new key alone.
    await open([erasedAt('c-1', key)]);
    await opened().open([erasedAt('c-1', key)]);
    const read = stored(after!);
    await open([read]);
    expect(read.data).toEqual(reserved('c-1').data);
  });

  test('is not brought back by an answer that was under way during the erasure', async () => {
    const [before] = await opened().seal([reserved('c-1')]);
    const { key } = before!.metadata.personal!;
    const answer = await keys.byName([key]);
    const owned = await keys.current(['c-1']);
    const gates = { byName: Promise.withResolvers<typeof answer>(), current: Promise.withResolvers<typeof owned>() };
    let isFirst = true;
    const slow = personalData({
      keys: {
        ...keys,
        byName: () => gates.byName.promise,
        current: (owners) => {
          if (!isFirst) return keys.current(owners);
          isFirst = false;
          return gates.current.promise;
        },
      },
      personal,
    });
    const read = stored(before!);
    const opening = slow.open([read]);
    const sealing = slow.seal([reserved('c-1')]);
    await slow.erase('c-1', key);
    gates.byName.resolve(answer);
    gates.current.resolve(owned);
    await opening;
    expect((read.data as { carNumber: string }).carNumber).toBe(ERASED);
    expect((await sealing)[0]!.metadata.personal!.key).not.toBe(key);
  });

  test('is not taken for erased when its key is lost, and other customers can be read', async () => {
    const [lost] = await opened().seal([reserved('c-1')]);
    keys = keyStore(stores.newDb(), parseMasterKeys(randomBytes(32).toString('base64')));
    const { seal, open } = opened();
    const [known] = await seal([reserved('c-2')]);
    const reads = [Promise.resolve(open([stored(lost!)])), Promise.resolve(open([stored(known!)]))];
    const [first, second] = await Promise.allSettled(reads);
    expect(first).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailableError' } });
    expect((first as PromiseRejectedResult).reason.message).toContain('is not stored: KEYS_MONGODB_URL names another');
    expect(second!.status).toBe('fulfilled');
    await seal([reserved('c-1')]);
    await expect(open([stored(lost!)])).rejects.toThrow('is not stored');
  });

  test('that an earlier Plaza encrypted stays readable', async () => {
    const key = Buffer.alloc(32, 7);
    const read = stored(reserved('c-1'));
    const { carNumber: _encrypted, ...data } = read.data as { carNumber: string };
    read.data = data;
    read.metadata.personal = {
      key: 'c-1:0:yCYpwyGo',
      box: 'JdUU4t+4y5WEdGxqcdHHd3uZA0O4UJukDjUcBffkTze8Ma5HFsv6MrEI5WvSv9aAMZ4XkqM=',
    };
    const byName = async (names: readonly string[]) => new Map(names.map((name) => [name, key]));
    await personalData({ keys: { ...keys, byName }, personal }).open([read]);
    expect(read.data).toEqual(reserved('c-1').data);
  });

  test('of a snapshot is read with one of the latest two keys of its stream', async () => {
    const { sealSnapshot, openSnapshot, snapshotErasures } = opened();
    const packed = Buffer.from(CAR);
    const sealed = await sealSnapshot('lot-1', packed, 0);
    expect(Buffer.from(sealed!).includes(packed)).toBe(false);
    await sealSnapshot('lot-1', packed, 0);
    expect(await openSnapshot('lot-1', sealed!)).toEqual(packed);
    await sealSnapshot('lot-1', packed, 0);
    expect(await openSnapshot('lot-1', sealed!)).toBeUndefined();
    await keys.eraseSnapshots(['lot-1']);
    expect(await sealSnapshot('lot-1', packed, 0)).toBeUndefined();
    expect(await sealSnapshot('lot-1', packed, await snapshotErasures('lot-1'))).toBeDefined();
  });
});

describe('a client with keys', () => {
  let client: EventStoreClient;
  beforeEach(() => {
    client = connectEventStore(stores.eventStoreUrl, { personal: opened() });
  });

  const readAll = async (from: EventStoreClient, stream: string) => {
    const found: StoredEvent[] = [];
    for await (const event of streams(from).read(stream, 0n)) found.push(event);
    return found;
  };

  test('appends, reads and subscribes; a client without keys reads none of it', async () => {
    const stream = `parkingLot-${randomBytes(4).toString('hex')}`;
    const events = Array.from({ length: 300 }, (_, index) => reserved(`c-${index % 7}`, `car ${index}`));
    const store = streams(client);
    expect(await store.append(stream, events, 'no-stream')).toMatchObject({ ok: true });
    const read = await readAll(client, stream);
    expect(read.map(({ data }) => data)).toEqual(events.map(({ data }) => data));
    expect((await store.readLast(stream))!.data).toEqual(events.at(-1)!.data);

    const stop = new AbortController();
    const seen: StoredEvent[] = [];
    for await (const batch of pullBatches({
      client,
      from: START,
      streams: `^${stream}$`,
      maxBatch: 50,
      signal: stop.signal,
    })) {
      seen.push(...batch.events);
      if (seen.length >= events.length) break;
    }
    expect(seen.map(({ data }) => data)).toEqual(events.map(({ data }) => data));

    await expect(readAll(stores.client, stream)).rejects.toThrow('set PERSONAL_KEY');
    const drops: string[] = [];
    const pulled = pullBatches({
      client: stores.client,
      from: START,
      streams: `^${stream}$`,
      maxBatch: 50,
      signal: stop.signal,
      onDrop: ({ message }) => {
        drops.push(message);
        stop.abort();
      },
    });
    expect(await pulled.next()).toMatchObject({ done: true });
    expect(drops[0]).toContain('set PERSONAL_KEY');
    await disconnectEventStore(client);
  });

  test('appends in a thread', async () => {
    const stream = `parkingLot-${randomBytes(4).toString('hex')}`;
    const thread = await startAppendThread(stores.eventStoreUrl, () => {}, opened());
    await thread.append(stream, [reserved('c-1')], 'no-stream');
    expect((await readAll(client, stream))[0]!.data).toEqual(reserved('c-1').data);
    await expect(readAll(stores.client, stream)).rejects.toThrow('set PERSONAL_KEY');
    await thread.stop();
    await disconnectEventStore(client);
  });

  test('repeats an append with the same event ids', async () => {
    const stream = `parkingLot-${randomBytes(4).toString('hex')}`;
    const event = reserved('c-1');
    const { append } = streams(client);
    const first = await append(stream, [event], 'no-stream');
    expect(await append(stream, [event], 'no-stream')).toEqual(first);
    expect(await readAll(client, stream)).toHaveLength(1);
    await disconnectEventStore(client);
  });
});
