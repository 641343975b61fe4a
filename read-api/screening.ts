import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { calendarDay } from '../schemas/kernel/calendar.ts';
import { type overview, schema } from '../schemas/screening.ts';
import type { OverviewTime, ReadContext } from './kernel/context.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db, { now, timeZone }: OverviewTime): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const slots = db.collection<Overview['slots'][number]>('screening.slots');
    const bookings = db.collection<Overview['bookings'][number]>('screening.bookings');
    const upcoming = { status: 'open' as const, date: { $gte: calendarDay(now, timeZone) } };
    const sums = {
      slots: { $sum: 1 },
      capacity: { $sum: '$capacity' },
      booked: { $sum: '$booked' },
      left: { $sum: '$left' },
    };
    const [[totals], byDate, newest] = await Promise.all([
      slots
        .aggregate<Overview['totals']>([{ $match: upcoming }, { $group: { _id: null, ...sums } }, { $unset: '_id' }])
        .toArray(),
      slots.find(upcoming, shown).sort({ date: 1, _id: 1 }).limit(200).toArray(),
      bookings.find({}, shown).sort({ bookedAt: -1, _id: -1 }).limit(50).toArray(),
    ]);
    return {
      totals: totals ?? { slots: 0, capacity: 0, booked: 0, left: 0 },
      slots: byDate,
      bookings: newest,
    };
  },
};
