import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { pullBatches } from '../../platform/event-store/subscription.ts';
import { newEvent } from '../../platform/event-store/testing.ts';
import { type NewEvent, START } from '../../platform/event-store/types.ts';
import { ownerId } from '../../platform/identity/subject.ts';
import { keyStore } from '../../platform/personal-data/keys.ts';
import { parseMasterKeys } from '../../platform/personal-data/master-key.ts';
import { personalData } from '../../platform/personal-data/personal-data.ts';
import { checkpoints, newCheckpoint } from '../../platform/subscriptions/checkpoints.ts';
import { startTestStores, type TestStores } from '../../platform/subscriptions/testing.ts';
import { startProjections } from '../../projections/start.ts';
import { ERASED, personalEvents } from '../../schemas/kernel/personal.ts';
import { startWire } from '../../tests/faults/wire.ts';
import { TIME_ZONE } from '../../write-side/kernel/testing.ts';
import { contextSchemas, projectionsOf } from '../contexts.ts';
import { exportAll } from './export.ts';
import { importAll } from './import.ts';
import { EVENTS, type Manifest, UNFINISHED } from './manifest.ts';

let source: TestStores;
let target: TestStores;
let folder: string;

beforeAll(async () => {
  [source, target] = await Promise.all([startTestStores(), startTestStores()]);
});
afterAll(() => Promise.all([source.stop(), target.stop()]));
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plaza-export-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Replaces the target by an empty one. */
const emptyTarget = async () => {
  await target.stop();
  target = await startTestStores();
};

const LOTS = 30;
const TURNS = 3;
const RESERVATIONS = 17;

/** Appends reservations in several lots, in turns, one of them with every kind of character. */
const appendHistory = async () => {
  const { append, put, keepLast } = streams(source.client);
  for (let lot = 0; lot < LOTS; lot++)
    await source.append(`parking-lot-${lot}`, {
      type: 'LotRegistered',
      data: { lotId: `${lot}`, name: '판교 "A"\n=1+1 \u2028 😀', spots: 100 },
      schemaVersion: 1,
    });
  for (let turn = 0; turn < TURNS; turn++)
    for (let lot = 0; lot < LOTS; lot++) {
      const reserved = Array.from({ length: RESERVATIONS }, (_, number) => ({
        type: 'ParkingReserved',
        data: { lotId: `${lot}`, reservationId: `r${turn}-${number}`, customerId: 'C1', carNumber: '1', amount: 1.5 },
        schemaVersion: 1,
      }));
      await source.append(`parking-lot-${lot}`, ...reserved);
    }
  await put('snapshot-parking-lot-1', { type: 'Snapshot', data: Buffer.from('{'), metadata: {} });
  await keepLast('snapshot-parking-lot-1', 1);
  await append('parking-lot-meta', [newEvent({ type: 'LotRegistered', data: {} })], 'no-stream');
};

const projections = await projectionsOf(
  contextSchemas.map(({ name }) => name),
  TIME_ZONE,
);

const EVENTS_IN_ALL = LOTS * (TURNS * RESERVATIONS + 1) + 1;

beforeAll(appendHistory, 120_000);

type Options = Partial<Pick<Parameters<typeof exportAll>[0], 'projections' | 'onLeftOut'>> & {
  signal?: AbortSignal;
  onProgress?: () => void;
  db?: Db;
};

const exporting = (options: Options = {}, stores = source) =>
  exportAll({
    client: stores.client,
    db: stores.newDb(),
    contexts: contextSchemas,
    projections: [],
    folder,
    signal: new AbortController().signal,
    ...options,
  });

const importing = (options: Options = {}) =>
  importAll({
    client: target.client,
    db: target.newDb(),
    contexts: contextSchemas,
    folder,
    signal: new AbortController().signal,
    ...options,
  });

/** Reads every event of Plaza's streams, in order, without positions, which belong to a store. */
const allOf = async ({ client }: TestStores) => {
  const found = [];
  for await (const { events, live } of pullBatches({
    client,
    from: START,
    maxBatch: 1000,
    signal: new AbortController().signal,
  })) {
    for (const { position: _, ...event } of events) found.push(event);
    if (live) return found;
  }
  throw new Error('the subscription ended');
};

const linesOf = (file = join(folder, EVENTS)) => readFileSync(file, 'utf8').split('\n').slice(0, -1);

/** Aborts at the first sign of progress. */
const interruption = (): Options => {
  const stopping = new AbortController();
  return { signal: stopping.signal, onProgress: () => stopping.abort() };
};

describe('an export', () => {
  test('has each event of Plaza once, in order, as a CloudEvent', async () => {
    const manifest = await exporting();
    expect(manifest?.events).toBe(EVENTS_IN_ALL);
    const events = linesOf().map((line) => JSON.parse(line));
    expect(events).toHaveLength(EVENTS_IN_ALL);
    expect(events.map(({ id }) => id)).toEqual((await allOf(source)).map(({ id }) => id));
    expect(events[0]).toMatchObject({
      specversion: '1.0',
      source: '/plaza',
      type: 'LotRegistered',
      subject: 'parking-lot-0',
      datacontenttype: 'application/json',
      data: { name: '판교 "A"\n=1+1 \u2028 😀' },
      revision: '0',
    });
    expect(JSON.parse(events[0].metadata).schemaVersion).toBe(1);
  });

  /** Stores with two lots. */
  const withLots = async () => {
    const stores = await startTestStores();
    onTestFinished(() => stores.stop());
    for (const lotId of ['1', '2']) {
      const data = { lotId, name: '=1+1, "판교"', spots: 3 };
      await stores.append(`parkingLot-${lotId}`, { type: 'LotRegistered', data });
    }
    return stores;
  };
  const csvOf = (view: string) => readFileSync(join(folder, `views/${view}.csv`), 'utf8').split('\r\n');

  test('has a CSV file for each view that a query publishes, without formulas', async () => {
    const manifest = await exporting({ projections }, await withLots());
    expect(manifest?.views).toContainEqual({ name: 'parking.lots', documents: 2 });
    expect(manifest?.views.map(({ name }) => name)).toContain('cinema.showings');
    const [header, first, second, end] = csvOf('parking.lots');
    expect(header).toMatch(/^\ufefflotId,name,status,spots,/);
    expect(first).toMatch(/^1,"'=1\+1, ""판교""",open,3,/);
    expect([second?.slice(0, 2), end]).toEqual(['2,', '']);
  });

  test('has views of its events, while commands run and views follow them', async () => {
    const stores = await withLots();
    const db = stores.newDb();
    const running = startProjections({ client: stores.client, db, projections });
    onTestFinished(() => running.stop());
    await running.caughtUp(60_000);
    const later: Promise<unknown>[] = [];
    const onProgress = () => {
      const data = { lotId: `later-${later.length}`, name: 'later', spots: 3 };
      later.push(stores.append(`parkingLot-${data.lotId}`, { type: 'LotRegistered', data }));
    };
    const manifest = await exporting({ db, projections, onProgress }, stores);
    await Promise.all(later);
    expect(later.length).toBeGreaterThan(0);
    await running.caughtUp(60_000);
    expect(await db.collection('parking.lots').countDocuments()).toBe(2 + later.length);
    expect(manifest?.events).toBe(2);
    expect(manifest?.views).toContainEqual({ name: 'parking.lots', documents: 2 });
    expect(csvOf('parking.lots').join()).not.toContain('later');
    expect((await db.listCollections().toArray()).filter(({ name }) => /verify/.test(name))).toEqual([]);
  });

  test('leaves a view out that cannot be built, and says why', async () => {
    const stores = await withLots();
    const lots = projections.find(({ name }) => name === 'parking.lots')!;
    const evolve = () => {
      throw new Error('a defect');
    };
    const reasons: string[] = [];
    const manifest = await exporting(
      {
        projections: projections.map((each) => (each === lots ? { ...lots, evolve } : each)),
        onLeftOut: (reason) => reasons.push(reason),
      },
      stores,
    );
    expect(reasons).toEqual([expect.stringMatching(/^parking\.lots cannot be built: LotRegistered .* a defect$/)]);
    const names = manifest?.views.map(({ name }) => name);
    expect(names).toContain('cinema.showings');
    expect(names).not.toContain('parking.lots');
  });

  test('that was interrupted, or killed in the middle of a line, is continued', async () => {
    expect(await exporting(interruption())).toBeNull();
    const part = join(folder, UNFINISHED);
    const written = readFileSync(part);
    expect(linesOf(part).length).toBeGreaterThan(0);
    truncateSync(part, written.length - 7);
    await exporting();
    const continued = readFileSync(join(folder, EVENTS));
    rmSync(folder, { recursive: true });
    await exporting();
    expect(continued.equals(readFileSync(join(folder, EVENTS)))).toBe(true);
  });

  test('is not written over another one, nor continued from another event store', async () => {
    await exporting();
    await expect(exporting()).rejects.toThrow(/already contains an export/);
    rmSync(join(folder, 'plaza-export.json'));
    await expect(exporting({}, target)).rejects.toThrow(/of another event store/);
  });
});

describe('an import', () => {
  /** Rewrites the export with a manifest that fits. */
  const rewrite = async (change: (lines: string[]) => string[]) => {
    const file = join(folder, EVENTS);
    const lines = change(linesOf());
    const text = lines.map((line) => `${line}\n`).join('');
    writeFileSync(file, text);
    const { hash } = await import('node:crypto');
    const manifest = JSON.parse(readFileSync(join(folder, 'plaza-export.json'), 'utf8')) as Manifest;
    const changed = { ...manifest, events: lines.length, sha256: hash('sha256', text) };
    writeFileSync(join(folder, 'plaza-export.json'), JSON.stringify(changed));
  };
  const changeLine = (at: number, from: RegExp, to: string) =>
    rewrite((lines) => lines.map((line, index) => (index === at ? line.replace(from, to) : line)));

  test.each<[string, () => unknown, RegExp]>([
    ['no manifest', () => rmSync(join(folder, 'plaza-export.json')), /not a finished export/],
    ['a manifest of something else', () => writeFileSync(join(folder, 'plaza-export.json'), '{}'), /not a manifest/],
    [
      'a manifest that is not JSON',
      () => writeFileSync(join(folder, 'plaza-export.json'), '{'),
      /is damaged: it is not JSON/,
    ],
    ['fewer events', () => truncateSync(join(folder, EVENTS), 20_000), /whole lines, but 1561 events were exported/],
    [
      'other bytes',
      () => writeFileSync(join(folder, EVENTS), readFileSync(join(folder, EVENTS), 'utf8').replace('C1', 'C2')),
      /was changed/,
    ],
    [
      'a line of something else',
      () => rewrite(([, ...lines]) => ['{"a":1}', ...lines]),
      /line 1: not an event of an export/,
    ],
    ['a line that is not JSON', () => changeLine(3, /^\{/, ''), /line 4: /],
    [
      'an event that Plaza does not know',
      () => changeLine(1, /LotRegistered/, 'LotSold'),
      /line 2: LotSold is not an event/,
    ],
    [
      'an event of a newer version',
      () => changeLine(2, /schemaVersion\\":1/, 'schemaVersion\\":99'),
      /line 3: LotRegistered has version 99/,
    ],
    ['a gap in a stream', () => rewrite((lines) => lines.slice(1)), /parking-lot-0 continues at revision 1, not 0/],
  ])('of an export with %s is refused, and nothing is written', async (_, damage, reason) => {
    await exporting();
    expect(existsSync(join(folder, EVENTS))).toBe(true);
    await damage();
    await expect(importing()).rejects.toThrow(reason);
    expect(await allOf(target)).toEqual([]);
  });

  test('restores the same streams, in the same order', async () => {
    await exporting();
    expect(await importing()).toBe(EVENTS_IN_ALL);
    expect(await allOf(target)).toEqual(await allOf(source));
  });

  test('that was interrupted is continued, and repeating a finished one changes nothing', async () => {
    await emptyTarget();
    await exporting();
    expect(await importing(interruption())).toBeNull();
    expect((await allOf(target)).length).toBeGreaterThan(0);
    expect(await importing()).toBe(EVENTS_IN_ALL);
    expect(await importing()).toBe(EVENTS_IN_ALL);
    expect(await allOf(target)).toEqual(await allOf(source));
  });

  test('that loses its connection continues in the same order', async () => {
    await emptyTarget();
    await exporting();
    const wire = await startWire(Number(new URL(target.eventStoreUrl.replace('esdb', 'http')).port));
    onTestFinished(() => wire.close());
    const client = connectEventStore(`esdb://127.0.0.1:${wire.port}?tls=false`);
    onTestFinished(() => disconnectEventStore(client));
    let isCut = false;
    const onProgress = () => {
      if (!isCut) wire.set('reset');
      isCut = true;
    };
    const signal = new AbortController().signal;
    expect(await importAll({ client, db: target.newDb(), contexts: contextSchemas, folder, signal, onProgress })).toBe(
      EVENTS_IN_ALL,
    );
    expect(isCut).toBe(true);
    expect(await allOf(target)).toEqual(await allOf(source));
  });

  test('is refused beside views of another event store, and nothing is written', async () => {
    await emptyTarget();
    await exporting();
    const db = target.newDb();
    const consumer = { name: 'parking.lots', view: 'parking.lots', version: 1, partitions: 1 };
    await checkpoints(db).insertOne({ ...newCheckpoint(consumer, 1), commit: '9000000000' });
    await expect(importing({ db })).rejects.toThrow(/another event store.*npm run restored/);
    expect(await allOf(target)).toHaveLength(0);
  });

  test('is refused by an event store with other events', async () => {
    await emptyTarget();
    await exporting();
    await target.append('parking-lot-other', { type: 'LotRegistered', data: {} });
    await expect(importing()).rejects.toThrow(/not empty/);
    expect(await allOf(target)).toHaveLength(1);
  });
});

describe('with encrypted personal data', () => {
  const CAR = '10더8612';
  const newMaster = () => parseMasterKeys(randomBytes(32).toString('base64'));
  const opened: { dispose(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.dispose()));
  });

  /** A client that encrypts with the keys in a database. */
  const encrypting = (url: string, keys: ReturnType<typeof keyStore>) => {
    const personal = personalData({ keys, personal: personalEvents(contextSchemas) });
    const client = connectEventStore(url, { personal });
    opened.push({ dispose: () => disconnectEventStore(client) });
    return client;
  };

  /** An own pair of stores: the others hold other events. */
  const open = async () => {
    const [from, to] = await Promise.all([startTestStores(), startTestStores()]);
    opened.push({ dispose: async () => void (await Promise.all([from.stop(), to.stop()])) });
    const keys = keyStore(from.newDb(), newMaster());
    const client = encrypting(from.eventStoreUrl, keys);
    const data = { lotId: '1', reservationId: 'r', customerId: 'C1', carNumber: CAR, amount: 1 };
    const made = [data, { ...data, reservationId: 'r2', customerId: 'C2' }];
    const events = made.map((each) => newEvent({ type: 'ParkingReserved', data: each }));
    expect(await streams(client).append('parkingLot-1', events, 'no-stream')).toMatchObject({ ok: true });
    const signal = new AbortController().signal;
    const transfer = { contexts: contextSchemas, projections, folder, signal, db: from.newDb() };
    const read = async (reader: Parameters<typeof streams>[0]) => {
      const found = [];
      for await (const each of streams(reader).read('parkingLot-1', 0n)) found.push(each.data);
      return found;
    };
    return { to, keys, client, made, transfer, read };
  };

  test('an export is encrypted and without views; only a Plaza with the same keys imports it, without erased customers', async () => {
    const { to, keys, client, made, transfer, read } = await open();
    const manifest = await exportAll({ ...transfer, client });
    expect(manifest).toMatchObject({ events: 2, views: [] });
    expect(readFileSync(join(folder, EVENTS), 'utf8')).not.toContain(CAR);

    const withOthers = encrypting(to.eventStoreUrl, keyStore(to.newDb(), newMaster()));
    await expect(importAll({ ...transfer, client: withOthers })).rejects.toThrow(/line 1 on: the key .* is not stored/);
    await expect(importAll({ ...transfer, client: to.client })).rejects.toThrow(/PERSONAL_KEY/);
    expect(await allOf(to)).toEqual([]);

    // Of a customer who was erased after the export, the import has no more than the log that was exported.
    await keys.erase((await keys.current(['C2'])).get('C2')!.name);
    const withKeys = encrypting(to.eventStoreUrl, keys);
    expect(await importAll({ ...transfer, client: withKeys })).toBe(2);
    expect(await read(withKeys)).toEqual([made[0], { ...made[1], carNumber: ERASED }]);
    await expect(read(to.client)).rejects.toThrow(/encrypted fields/);
  });

  test('an export has no subject of a caller, not even of events of an earlier Plaza', async () => {
    const { to, keys, client, transfer } = await open();
    const mail = 'kim.hana@example.com';
    const id = ownerId(mail);
    const [first, second] = ['r3', 'r4'].map((reservationId) =>
      newEvent({ type: 'SpotHeld', data: { lotId: '1', holdId: reservationId, customerId: id } }),
    ) as [NewEvent, NewEvent];
    const names = (who: string) => ({ $correlationId: `key:${who} kk1`, commandId: `key:${who} kk1`, actor: who });
    Object.assign(first.metadata, names(mail), { $causationId: `key:${mail} kk1` });
    Object.assign(second.metadata, { $correlationId: `key:${mail} kk1`, actor: 'policy:parking.holds' });
    await streams(client).append('parkingLot-2', [first, second], 'no-stream');

    await exportAll({ ...transfer, client });
    const exported = readFileSync(join(folder, EVENTS), 'utf8');
    expect(exported).not.toContain(mail);
    expect(exported).toContain(`key:${id} kk1`);

    const withKeys = encrypting(to.eventStoreUrl, keys);
    await importAll({ ...transfer, client: withKeys });
    for (const reader of [client, withKeys]) {
      const found = [];
      for await (const { metadata } of streams(reader).read('parkingLot-2', 0n)) found.push(metadata);
      expect(found[0]).toMatchObject({ ...names(id), $causationId: `key:${id} kk1` });
      expect(found[1]).toMatchObject({ $correlationId: `key:${id} kk1`, actor: 'policy:parking.holds' });
    }
  });

  test('a plain export is imported with the keys of the other stores', async () => {
    const { to, client, made, transfer, read } = await open();
    const manifest = await exportAll({ ...transfer, client, plain: true });
    expect(manifest?.views.length).toBeGreaterThan(10);
    expect(readFileSync(join(folder, EVENTS), 'utf8')).toContain(CAR);
    const withOthers = encrypting(to.eventStoreUrl, keyStore(to.newDb(), newMaster()));
    expect(await importAll({ ...transfer, client: withOthers })).toBe(2);
    expect(await read(withOthers)).toEqual(made);
    await expect(read(to.client)).rejects.toThrow(/encrypted fields/);
  });
});
