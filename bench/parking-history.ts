import type { EventStoreClient } from '../platform/event-store/client.ts';
import { streams } from '../platform/event-store/streams.ts';
import type { Revision } from '../platform/event-store/types.ts';
import type { ParkingEvent } from '../schemas/parking.ts';
import { newEvent } from './mixed-history.ts';

const LOTS = 1000;
const RESERVATIONS_AT_ONCE = 10;
const IN_FLIGHT = 32;

/**
 * Fills an empty store with a history of lots, reservations, coupons and cancellations: for ten reservations in a lot
 * there are ten coupons, five cancellations and five revoked coupons.
 * @returns once `total` events are stored
 */
export const fillWithParking = async (client: EventStoreClient, total: number): Promise<void> => {
  const { append } = streams(client);
  let left = total;
  const revisions = new Map<string, number>();
  const write = async (stream: string, events: readonly ParkingEvent[]) => {
    const some = events.slice(0, left);
    if (some.length === 0) return;
    left -= some.length;
    const revision = revisions.get(stream) ?? -1;
    revisions.set(stream, revision + some.length);
    const result = await append(
      stream,
      some.map((event) => newEvent(event)),
      revision < 0 ? 'no-stream' : (BigInt(revision) as Revision),
    );
    if (!result.ok) throw new Error(`${stream} was not empty`);
  };

  const visit = async (lot: number, visitNumber: number) => {
    const lotId = `lot-${lot}`;
    const stream = `parkingLot-${lotId}`;
    if (visitNumber === 0) {
      const registered = { lotId, name: `정자역 주차장 ${lot}`, spots: 100_000 };
      await write(stream, [{ type: 'LotRegistered', data: registered }]);
    }
    const reservations = Array.from({ length: RESERVATIONS_AT_ONCE }, (_, n) => ({
      lotId,
      reservationId: `r-${visitNumber}-${n}`,
      customerId: `customer-${(lot * 7 + n) % 5000}`,
    }));
    const canceled = reservations.slice(0, RESERVATIONS_AT_ONCE / 2);
    await write(
      stream,
      reservations.map((data, n) => ({
        type: 'ParkingReserved',
        data: { ...data, carNumber: `10더${8000 + n}`, amount: 5000 },
      })),
    );
    for (const data of reservations) {
      const couponId = `${lotId}.${data.reservationId}`;
      const events: ParkingEvent[] = [{ type: 'CouponIssued', data: { couponId, ...data } }];
      if (canceled.includes(data)) events.push({ type: 'CouponRevoked', data: { couponId, ...data } });
      await write(`coupon-${couponId}`, events);
    }
    await write(
      stream,
      canceled.map((data) => ({ type: 'ReservationCanceled', data })),
    );
  };

  for (let visitNumber = 0; left > 0; visitNumber++) {
    let next = 0;
    const walk = async () => {
      while (next < LOTS && left > 0) await visit(next++, visitNumber);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, walk));
  }
};
