import type { Db } from 'mongodb';
import type { Static } from 'typebox';
import { calendarDay, momentOf } from '../schemas/kernel/calendar.ts';
import { queries, schema } from '../schemas/screening.ts';
import { readContext } from './kernel/context.ts';
import { firstOf, sumsOf } from './kernel/overviews.ts';

/** Counts the free places of sessions of a day that have begun: nobody can book them any more. */
const leftInBegun = async (db: Db, date: string, now: string, timeZone: string): Promise<number> => {
  const { view, item } = queries.slot;
  const slots = db
    .collection<Static<typeof item>>(view)
    .find({ status: 'open', date }, { projection: { sessions: 1 } });
  const sessions = (await slots.toArray()).flatMap((slot) => slot.sessions ?? []);
  const begun = sessions.filter(({ at }) => momentOf(date, at, timeZone) <= now);
  return begun.reduce((sum, { left }) => sum + left, 0);
};

export const readSide = readContext(schema, async (db, { now, timeZone }) => {
  const today = calendarDay(now, timeZone);
  const upcoming = { status: 'open' as const, date: { $gte: today } };
  const [totals, begun, byDate, newest] = await Promise.all([
    sumsOf(db, queries.slot, upcoming, { slots: 1, capacity: '$capacity', booked: '$booked', left: '$left' }),
    leftInBegun(db, today, now, timeZone),
    firstOf(db, queries.slot, upcoming, 'date', 200),
    firstOf(db, queries.booking, {}, '-bookedAt', 50),
  ]);
  return { totals: { ...totals, left: totals.left - begun }, slots: byDate, bookings: newest };
});
