import type { Db } from 'mongodb';
import { checkpoints } from '../platform/subscriptions/checkpoints.ts';
import { createIndexes } from '../projections/kernel/create-indexes.ts';
import { projections as parkingProjections } from '../projections/parking/index.ts';

export const lotOf = (at: number): string => `lot-${at}`;

const timeOf = (at: number) => new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString();

export type ParkingViews = { lots: number; reservations: number; customers: number };

/** Writes the documents of lots and reservations straight into their views, as if events had made them. */
export const fillParkingViews = async (db: Db, { lots, reservations, customers }: ParkingViews): Promise<void> => {
  await db.dropDatabase();
  for (const { name, version, indexes } of parkingProjections) {
    await createIndexes(db, name, indexes);
    await checkpoints(db).insertOne({
      _id: name,
      view: name,
      version,
      partitions: 1,
      commit: String(reservations),
      prepare: String(reservations),
      token: 1,
      updatedAt: new Date(),
    });
  }
  const insert = async (view: string, count: number, document: (at: number) => object & { _id: string }) => {
    const collection = db.collection<{ _id: string }>(view);
    for (let from = 0; from < count; from += 1000) {
      const length = Math.min(1000, count - from);
      await collection.insertMany(
        Array.from({ length }, (_, at) => document(from + at)),
        { ordered: false },
      );
    }
  };
  await insert('parking.lots', lots, (at) => {
    const spots = 50 + (at % 100);
    const reserved = at % 50;
    return {
      _id: lotOf(at),
      _position: String(at),
      lotId: lotOf(at),
      name: `${at % 997} 주차장`,
      status: at % 10 ? 'open' : 'closed',
      spots,
      reserved,
      free: spots - reserved,
    };
  });
  await insert('parking.reservations', reservations, (at) => ({
    _id: `${lotOf(at % lots)}.r-${at}`,
    _position: String(at),
    lotId: lotOf(at % lots),
    reservationId: `r-${at}`,
    customerId: `c-${at % customers}`,
    carNumber: `10더${at % 10_000}`,
    amount: 5000,
    status: at % 3 ? 'reserved' : 'canceled',
    reservedAt: timeOf(at),
  }));
};
