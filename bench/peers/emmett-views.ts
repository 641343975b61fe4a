/** Three views of the car park on Emmett, in MongoDB: a processor for each, the way its documentation has them. */
import type { EventStoreDBEventStoreConsumer } from '@event-driven-io/emmett-esdb';
import type { Db } from 'mongodb';
import type { LotEvent } from './emmett-lot.ts';
import type { Lot, Reservation } from './shared.ts';

type Coupon = { couponId: string; lotId: string; reservationId: string; customerId: string };
export type CouponIssued = { type: 'CouponIssued'; data: Coupon };
/** Events of histories that are replayed. */
type Ended = { type: 'ReservationCanceled' | 'CouponRevoked'; data: Coupon };
export type ViewEvent = LotEvent | CouponIssued | Ended;

export const viewsIn = (db: Db) => ({
  lots: db.collection<Lot & { _id: string; reserved: number; free: number }>('parking.lots'),
  reservations: db.collection<Reservation & { _id: string; status: string }>('parking.reservations'),
  coupons: db.collection<Coupon & { _id: string; status: string }>('parking.coupons'),
});

const UPSERT = { upsert: true };

/**
 * Adds the processors of the views to a consumer.
 * @param options of each processor
 */
export const addViews = async (
  consumer: EventStoreDBEventStoreConsumer<ViewEvent>,
  db: Db,
  options: { startFrom?: 'BEGINNING'; stopAfter?: () => boolean } = {},
): Promise<void> => {
  const { lots, reservations, coupons } = viewsIn(db);
  await coupons.createIndex({ customerId: 1, _id: 1 });

  consumer.processor<ViewEvent>({
    ...options,
    processorId: 'lots',
    async eachMessage({ type, data }) {
      const { lotId: _id } = data;
      if (type === 'LotRegistered')
        await lots.updateOne({ _id }, { $set: data, $inc: { reserved: 0, free: data.spots } }, UPSERT);
      if (type === 'ParkingReserved') await lots.updateOne({ _id }, { $inc: { reserved: 1, free: -1 } }, UPSERT);
      if (type === 'ReservationCanceled') await lots.updateOne({ _id }, { $inc: { reserved: -1, free: 1 } }, UPSERT);
    },
  });

  consumer.processor<ViewEvent>({
    ...options,
    processorId: 'reservations',
    async eachMessage({ type, data }) {
      if (type !== 'ParkingReserved' && type !== 'ReservationCanceled') return;
      const _id = `${data.lotId}.${data.reservationId}`;
      const changed = type === 'ParkingReserved' ? { ...data, status: 'reserved' } : { status: 'canceled' };
      await reservations.updateOne({ _id }, { $set: changed }, UPSERT);
    },
  });

  consumer.processor<ViewEvent>({
    ...options,
    processorId: 'coupons',
    async eachMessage({ type, data }) {
      if (type !== 'CouponIssued' && type !== 'CouponRevoked') return;
      const changed = type === 'CouponIssued' ? { ...data, status: 'issued' } : { status: 'revoked' };
      await coupons.updateOne({ _id: data.couponId }, { $set: changed }, UPSERT);
    },
  });
};
