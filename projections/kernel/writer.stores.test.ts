import type { Db } from 'mongodb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WriteConflictError } from '../../platform/subscriptions/consumer.ts';
import { startTestStores, storedEvent, type TestStores } from '../../platform/subscriptions/testing.ts';
import { folded } from '../../schemas/kernel/search.ts';
import { reviews } from '../cinema/reviews.ts';
import { lots } from '../parking/lots.ts';
import { slots } from '../screening/slots.ts';
import { interruptible } from './testing.ts';
import { viewWriter } from './writer.ts';

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
const review = { movieId: 'm', customerId: 'c', showingId: 's', reservationId: 'r', rating: 5, text: '좋다' };
const written = (at: number, rating = 5) => storedEvent(at, 'ReviewWritten', { ...review, rating });
const deleted = (at: number) => storedEvent(at, 'ReviewDeleted', { movieId: 'm', customerId: 'c', rating: 5 });
const stored = () => db.collection('cinema.reviews').findOne();

/** A process that is paused after it has read and before it writes. */
const paused = () => {
  const met = Promise.withResolvers<void>();
  const goesOn = Promise.withResolvers<void>();
  const gate = async (command: string) => {
    if (!command.endsWith('.bulkWrite')) return;
    met.resolve();
    await goesOn.promise;
  };
  const write = viewWriter(interruptible(db, gate), reviews, 'cinema.reviews');
  return { write, met: met.promise, resume: goesOn.resolve };
};

describe('a process that is paused between read and write', () => {
  test.each([
    ['with one batch each', [[written(1)], [deleted(2)]]],
    ['with both events in one batch', [[written(1), deleted(2)]]],
  ])('does not bring back a document that another one has deleted meanwhile, %s', async (_, batches) => {
    const first = paused();
    const writing = first.write([written(1)], lease);
    await first.met;
    const other = viewWriter(db, reviews, 'cinema.reviews');
    for (const batch of batches) await other(batch, lease);
    first.resume();
    await expect(writing).rejects.toThrow(WriteConflictError);
    expect(await stored()).toEqual({ _id: 'm.c', _position: '2', _deleted: true });
  });

  test('does not bring back an older document', async () => {
    const other = viewWriter(db, reviews, 'cinema.reviews');
    await other([written(1)], lease);
    const first = paused();
    const writing = first.write([written(2, 1)], lease);
    await first.met;
    await other([written(2, 1), deleted(3), written(4, 3)], lease);
    first.resume();
    await expect(writing).rejects.toThrow(WriteConflictError);
    expect(await stored()).toMatchObject({ _position: '4', rating: 3 });
  });
});

test('a document of a view with closed items has their flag', async () => {
  const write = viewWriter(db, lots, 'parking.lots', 10);
  const lot = { lotId: 'l', name: '정자역', spots: 3 };
  const flag = async () => (await db.collection('parking.lots').findOne())?._folded;
  const texts = { name: '정자역', nameInitials: folded('ㅈㅈㅇ'), lotId: 'L' };
  await write([storedEvent(1, 'LotRegistered', lot)], lease);
  expect(await flag()).toEqual({ ...texts, closed: false });
  await write([storedEvent(2, 'LotClosed', { lotId: 'l', remaining: 0 })], lease);
  expect(await flag()).toEqual({ ...texts, closed: true });
});

test('a document of a view with closed items that come by a field has its place among them', async () => {
  const write = viewWriter(db, slots, 'screening.slots', 10);
  const slot = { slotId: 's', hospitalName: '정자역', date: '2030-01-31', capacity: 2 };
  const place = async () => (await db.collection('screening.slots').findOne())?._folded.closed;
  await write([storedEvent(1, 'SlotOpened', slot)], lease);
  expect(await place()).toBe('0 2030-01-31');
  await write([storedEvent(2, 'SlotDeleted', { slotId: 's', openBookings: 0 })], lease);
  expect(await place()).toBe('1 2030-01-31');
});

test('a deleted document keeps nothing but its position, and can be made anew', async () => {
  const write = viewWriter(db, reviews, 'cinema.reviews', 10);
  await write([written(1)], lease);
  await write([deleted(2)], lease);
  expect(await stored()).toEqual({ _id: 'm.c', _position: '2', _deleted: true });
  await write([written(3, 4)], lease);
  expect(await stored()).toMatchObject({ _id: 'm.c', _position: '3', rating: 4, text: '좋다' });
  expect(await stored()).not.toHaveProperty('_deleted');
});
