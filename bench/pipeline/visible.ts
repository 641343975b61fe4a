import { setTimeout as pause } from 'node:timers/promises';
import type { Db, Document } from 'mongodb';
import type { Client } from './client.ts';

const LOOK_EVERY = 10;
const BETWEEN_PROBES = 100;
const COUNT_EVERY = 20;
/** Milliseconds after which views count as not caught up. */
const CATCH_UP_WITHIN = 120_000;

/**
 * Reserves in a lot of its own every now and then, and measures how long it takes from the answer until the coupon is
 * issued and every view shows the reservation.
 * @returns ends the probing; resolves to milliseconds, the last being of a probe that the load did not outlast
 */
export const probe = (client: Client, lotId: string): (() => Promise<number[]>) => {
  const waits: number[] = [];
  let isOver = false;

  const shows = async (path: string, isShown: (body: Document) => boolean): Promise<boolean> => {
    const { status, body } = await client.send('GET', path);
    return status === 200 && isShown(body as Document);
  };
  const isVisible = async (reservationId: string, count: number): Promise<boolean> =>
    (await shows(`/parking/coupons?customerId=${reservationId}`, ({ items }) => items.length === 1)) &&
    (await shows(`/parking/lots/${lotId}/reservations/${reservationId}`, () => true)) &&
    (await shows(`/parking/lots/${lotId}`, ({ reserved }) => reserved >= count));

  const probeOnce = async (count: number): Promise<boolean> => {
    const reservationId = `${lotId}-${count}`;
    const data = { reservationId, customerId: reservationId, carNumber: reservationId, amount: 5000 };
    const { status } = await client.send('POST', `/parking/lots/${lotId}/reservations`, data);
    if (status !== 201) return false;
    const answeredAt = performance.now();
    const until = answeredAt + CATCH_UP_WITHIN;
    while (!(await isVisible(reservationId, count)) && performance.now() < until) await pause(LOOK_EVERY);
    waits.push(performance.now() - answeredAt);
    return true;
  };
  const run = async () => {
    for (let count = 1; !isOver; await pause(BETWEEN_PROBES)) if (await probeOnce(count).catch(() => false)) count += 1; // A connection may break under load.
  };
  const running = run();
  return async () => {
    isOver = true;
    await running;
    return waits;
  };
};

/**
 * Waits until all views show as many reservations as were accepted, and as many coupons.
 * @param accepted at least so many; requests that were given up may have been accepted, too
 * @throws Error when they do not within two minutes
 */
export const caughtUp = async (db: Db, accepted: number): Promise<void> => {
  const until = performance.now() + CATCH_UP_WITHIN;
  const count = (view: string) => db.collection(view).estimatedDocumentCount();
  let shown = '';
  while (performance.now() < until) {
    const total = { $group: { _id: null, reserved: { $sum: '$reserved' } } };
    const [coupons, reservations, [lots]] = await Promise.all([
      count('parking.coupons'),
      count('parking.reservations'),
      db.collection('parking.lots').aggregate<{ reserved: number }>([total]).toArray(),
    ]);
    if (coupons >= accepted && coupons === reservations && reservations === lots?.reserved) return;
    shown = `${coupons} coupons, ${reservations} reservations, ${lots?.reserved} in lots`;
    await pause(COUNT_EVERY);
  }
  throw new Error(`The views did not catch up: ${shown} of ${accepted} accepted`);
};
