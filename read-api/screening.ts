import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { calendarDay } from '../schemas/kernel/calendar.ts';
import { type overview, schema } from '../schemas/screening.ts';
import type { OverviewTime, ReadContext } from './kernel/context.ts';
import { sumsOf } from './kernel/sums.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db, { now, timeZone }: OverviewTime): Promise<Overview> {
    const shown = { projection: { _id: 0, _position: 0 } };
    const slots = db.collection<Overview['slots'][number]>('screening.slots');
    const bookings = db.collection<Overview['bookings'][number]>('screening.bookings');
    const upcoming = { status: 'open' as const, date: { $gte: calendarDay(now, timeZone) } };
    const [totals, byDate, newest] = await Promise.all([
      sumsOf(slots, upcoming, { slots: 1, capacity: '$capacity', booked: '$booked', left: '$left' }),
      slots.find(upcoming, shown).sort({ date: 1, _id: 1 }).limit(200).toArray(),
      bookings.find({}, shown).sort({ bookedAt: -1, _id: -1 }).limit(50).toArray(),
    ]);
    return { totals, slots: byDate, bookings: newest };
  },
};
