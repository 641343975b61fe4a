/**
 * The car park on Emmett and Express from the command to the views, the way the documentation of its EventStoreDB package
 * has it: command handlers, and a consumer with a processor for the policy and for each view, here in MongoDB.
 */
import { CommandHandler, IllegalStateError } from '@event-driven-io/emmett';
import { getEventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import eventstore from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { type Lot, type Reservation, serve, validate } from './shared.ts';

type Coupon = { couponId: string; lotId: string; reservationId: string; customerId: string };
type LotRegistered = { type: 'LotRegistered'; data: Lot };
type ParkingReserved = { type: 'ParkingReserved'; data: Reservation };
type CouponIssued = { type: 'CouponIssued'; data: Coupon };
type LotEvent = LotRegistered | ParkingReserved;
type State = { spots: number; open: Set<string>; cars: Set<string> };

const initialState = (): State => ({ spots: -1, open: new Set(), cars: new Set() });

const evolve = (state: State, { type, data }: LotEvent): State => {
  if (type === 'LotRegistered') return { ...state, spots: data.spots };
  state.open.add(data.reservationId);
  state.cars.add(data.carNumber);
  return state;
};

const register = (data: Lot, state: State): LotRegistered => {
  if (state.spots >= 0) throw new IllegalStateError('The lot is registered');
  return { type: 'LotRegistered', data };
};

const reserve = (data: Reservation, state: State): ParkingReserved => {
  if (state.spots < 0) throw new IllegalStateError('There is no such lot');
  if (state.open.has(data.reservationId)) throw new IllegalStateError('The reservation exists');
  if (state.cars.has(data.carNumber)) throw new IllegalStateError('The car has a spot');
  if (state.open.size >= state.spots) throw new IllegalStateError('The lot is full');
  return { type: 'ParkingReserved', data };
};

const eventStore = getEventStoreDBEventStore(
  eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? ''),
);
const mongo = await MongoClient.connect(process.env.MONGODB_URL ?? '');
const db = mongo.db(process.env.MONGODB_DATABASE);
const lots = db.collection<Lot & { _id: string; reserved: number; free: number }>('parking.lots');
const reservations = db.collection<Reservation & { _id: string; status: string }>('parking.reservations');
const coupons = db.collection<Coupon & { _id: string; status: string }>('parking.coupons');
await coupons.createIndex({ customerId: 1, _id: 1 });

const retry = { onVersionConflict: true };
const handleLot = CommandHandler<State, LotEvent>({ evolve, initialState, retry });
const handleCoupon = CommandHandler<{ isIssued: boolean }, CouponIssued>({
  evolve: () => ({ isIssued: true }),
  initialState: () => ({ isIssued: false }),
  retry,
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

serve(
  {
    async register(data) {
      validate.lot(data);
      const result = await handleLot(eventStore, `parkingLot-${data.lotId}`, (state) => register(data, state));
      return result.nextExpectedStreamVersion;
    },
    async reserve(data) {
      validate.reservation(data);
      const result = await handleLot(eventStore, `parkingLot-${data.lotId}`, (state) => reserve(data, state));
      return result.nextExpectedStreamVersion;
    },
  },
  (app) => {
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
  },
);
