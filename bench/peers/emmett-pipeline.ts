/**
 * The car park on Emmett and Express from the command to the views, the way the documentation of its EventStoreDB package
 * has it: command handlers, and a consumer with a processor for the policy and for each view, here in MongoDB.
 */
import { CommandHandler } from '@event-driven-io/emmett';
import { getEventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import eventstore from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { type LotEvent, lotRequests } from './emmett-lot.ts';
import { type Lot, type Reservation, serve } from './shared.ts';

type Coupon = { couponId: string; lotId: string; reservationId: string; customerId: string };
type CouponIssued = { type: 'CouponIssued'; data: Coupon };

const eventStore = getEventStoreDBEventStore(
  eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? ''),
);
const mongo = await MongoClient.connect(process.env.MONGODB_URL ?? '');
const db = mongo.db(process.env.MONGODB_DATABASE);
const lots = db.collection<Lot & { _id: string; reserved: number; free: number }>('parking.lots');
const reservations = db.collection<Reservation & { _id: string; status: string }>('parking.reservations');
const coupons = db.collection<Coupon & { _id: string; status: string }>('parking.coupons');
await coupons.createIndex({ customerId: 1, _id: 1 });

const handleCoupon = CommandHandler<{ isIssued: boolean }, CouponIssued>({
  evolve: () => ({ isIssued: true }),
  initialState: () => ({ isIssued: false }),
  retry: { onVersionConflict: true },
});

const UPSERT = { upsert: true };
const consumer = eventStore.consumer<LotEvent | CouponIssued>();

consumer.processor<LotEvent | CouponIssued>({
  processorId: 'coupons-of-reservations',
  async eachMessage({ type, data }) {
    if (type !== 'ParkingReserved') return;
    const { lotId, reservationId, customerId } = data;
    const couponId = `${lotId}.${reservationId}`;
    await handleCoupon(eventStore, `coupon-${couponId}`, ({ isIssued }) =>
      isIssued ? [] : { type: 'CouponIssued', data: { couponId, lotId, reservationId, customerId } },
    );
  },
});

consumer.processor<LotEvent | CouponIssued>({
  processorId: 'lots',
  async eachMessage({ type, data }) {
    if (type === 'LotRegistered')
      await lots.updateOne({ _id: data.lotId }, { $set: data, $inc: { reserved: 0, free: data.spots } }, UPSERT);
    if (type === 'ParkingReserved')
      await lots.updateOne({ _id: data.lotId }, { $inc: { reserved: 1, free: -1 } }, UPSERT);
  },
});

consumer.processor<LotEvent | CouponIssued>({
  processorId: 'reservations',
  async eachMessage({ type, data }) {
    if (type !== 'ParkingReserved') return;
    const { lotId, reservationId } = data;
    const reserved = { ...data, status: 'reserved' };
    await reservations.updateOne({ _id: `${lotId}.${reservationId}` }, { $set: reserved }, UPSERT);
  },
});

consumer.processor<LotEvent | CouponIssued>({
  processorId: 'coupons',
  async eachMessage({ type, data }) {
    if (type === 'CouponIssued')
      await coupons.updateOne({ _id: data.couponId }, { $set: { ...data, status: 'issued' } }, UPSERT);
  },
});

consumer.start().catch((error) => {
  console.error(error);
  process.exit(1);
});

serve(lotRequests(eventStore), (app) => {
  app.get('/parking/lots/:lotId', async ({ params: { lotId } }, res) => {
    const lot = await lots.findOne({ _id: lotId });
    res.status(lot ? 200 : 404).json(lot);
  });
  app.get('/parking/lots/:lotId/reservations/:reservationId', async ({ params }, res) => {
    const reservation = await reservations.findOne({ _id: `${params.lotId}.${params.reservationId}` });
    res.status(reservation ? 200 : 404).json(reservation);
  });
  app.get('/parking/coupons', async ({ query: { customerId } }, res) => {
    const items = await coupons
      .find({ customerId: String(customerId) })
      .limit(100)
      .toArray();
    res.json({ items });
  });
});
