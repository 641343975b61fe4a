/**
 * The car park on Emmett and Express from the command to the views, the way the documentation of its EventStoreDB
 * package has it: command handlers, and a consumer with a processor for the policy and for each view, here in MongoDB.
 */
import { CommandHandler } from '@event-driven-io/emmett';
import { getEventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import eventstore from '@eventstore/db-client';
import { MongoClient } from 'mongodb';
import { lotRequests } from './emmett-lot.ts';
import { addViews, type CouponIssued, type ViewEvent, viewsIn } from './emmett-views.ts';
import { serve } from './shared.ts';

const eventStore = getEventStoreDBEventStore(
  eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? ''),
);
const mongo = await MongoClient.connect(process.env.MONGODB_URL ?? '');
const db = mongo.db(process.env.MONGODB_DATABASE);
const { lots, reservations, coupons } = viewsIn(db);

const handleCoupon = CommandHandler<{ isIssued: boolean }, CouponIssued>({
  evolve: () => ({ isIssued: true }),
  initialState: () => ({ isIssued: false }),
  retry: { onVersionConflict: true },
});

const consumer = eventStore.consumer<ViewEvent>();

consumer.processor<ViewEvent>({
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

await addViews(consumer, db);

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
