import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { streams } from '../platform/event-store/streams.ts';
import { startTestStores, type TestStores } from '../platform/subscriptions/testing.ts';
import { findTruncated, historyCheck } from './truncated.ts';

let stores: TestStores;
let db: Db;
let lot: string;
let errors: string[];

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());
beforeEach(() => {
  db = stores.newDb();
  lot = `parkingLot-${randomUUID()}`;
  errors = [];
});

const LotRegistered = { type: 'LotRegistered', data: {} };

/** Looks once. @returns the errors about this test's lot, and what the check says of it */
const look = async () => {
  errors = [];
  const options = { client: stores.client, db, onError: ({ message }: Error) => void errors.push(message) };
  expect(await findTruncated(options, new AbortController().signal)).toBe(true);
  const { detail } = await historyCheck(db)();
  return { errors: errors.filter((message) => message.includes(lot)), isNamed: detail.includes(lot) };
};

it.each([
  ['keeps a number of events', { maxCount: 1 }, '$maxCount 1'],
  ['keeps events for some seconds', { maxAge: 60 }, '$maxAge 60'],
  ['is truncated, or was deleted', { truncateBefore: 2 }, '$tb 2'],
])('a stream that %s is logged once and named until it is whole again', async (_name, metadata, why) => {
  await stores.append(lot, LotRegistered, LotRegistered, LotRegistered);
  expect(await look()).toEqual({ errors: [], isNamed: false });

  await stores.client.setStreamMetadata(lot, metadata);
  const errors = [`${lot} lacks events, or will (${why}): views that are built anew miss them`];
  expect(await look()).toEqual({ errors, isNamed: true });
  expect(await look()).toEqual({ errors: [], isNamed: true });

  await stores.client.setStreamMetadata(lot, {});
  expect(await look()).toEqual({ errors: [], isNamed: false });
});

it('the check passes while no stream of Plaza is limited, whatever snapshots keep', async () => {
  const own = await startTestStores();
  try {
    const { put, keepLast } = streams(own.client);
    await put('snapshot-parkingLot-1', { type: 'Snapshot', data: Buffer.from('{'), metadata: {} });
    await keepLast('snapshot-parkingLot-1', 1);
    const options = { client: own.client, db, onError: (error: Error) => expect.unreachable(error.message) };
    expect(await findTruncated(options, new AbortController().signal)).toBe(true);
    expect(await historyCheck(db)()).toEqual({ ok: true, detail: 'whole' });
  } finally {
    await own.stop();
  }
});

it('the check names a few streams and counts the others', async () => {
  const ids = Array.from({ length: 7 }, (_, number) => `parkingLot-${number}`);
  await db
    .collection<{ _id: string; why: string }>('truncated_streams')
    .insertMany(ids.map((_id) => ({ _id, why: 'x' })));
  const detail = expect.stringMatching(/in parkingLot-0 \(x\), .*parkingLot-4 \(x\) and 2 more$/);
  expect(await historyCheck(db)()).toEqual({ ok: false, detail });
});
