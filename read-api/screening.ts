import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { calendarDay } from '../schemas/kernel/calendar.ts';
import { type overview, queries, schema } from '../schemas/screening.ts';
import type { OverviewTime, ReadContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

type Overview = Static<typeof overview>;

export const readSide: ReadContext = {
  schema,
  async overview(db: Db, { now, timeZone }: OverviewTime): Promise<Overview> {
    const slots = db.collection<Overview['slots'][number]>('screening.slots');
    const upcoming = { status: 'open' as const, date: { $gte: calendarDay(now, timeZone) } };
    const [totals, byDate, newest] = await Promise.all([
      sumsOf(slots, upcoming, { slots: 1, capacity: '$capacity', booked: '$booked', left: '$left' }),
      firstOf(db, queries.slot, upcoming, 'date', 200),
      firstOf(db, queries.booking, {}, '-bookedAt', 50),
    ]);
    return { totals, slots: byDate, bookings: newest };
  },
};
