import { calendarDay } from '../schemas/kernel/calendar.ts';
import { queries, schema } from '../schemas/screening.ts';
import { readContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

export const readSide = readContext(schema, async (db, { now, timeZone }) => {
  const upcoming = { status: 'open' as const, date: { $gte: calendarDay(now, timeZone) } };
  const [totals, byDate, newest] = await Promise.all([
    sumsOf(db, queries.slot, upcoming, { slots: 1, capacity: '$capacity', booked: '$booked', left: '$left' }),
    firstOf(db, queries.slot, upcoming, 'date', 200),
    firstOf(db, queries.booking, {}, '-bookedAt', 50),
  ]);
  return { totals, slots: byDate, bookings: newest };
});
