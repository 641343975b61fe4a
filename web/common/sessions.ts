import { dayOf } from './days.ts';

type Session = { at?: string; left: number };

/** What of a slot matters here; one without sessions can be booked for the whole day. */
type Slot = { date: string; left: number; sessions?: readonly Session[] | undefined };

/** Returns whether a session has begun; one without a time of day begins with the end of its day. */
export const hasBegun = (date: string, at: string | undefined, now: number): boolean => {
  const moment = new Date(now);
  const today = dayOf(moment);
  return date < today || (date === today && at !== undefined && at <= moment.toTimeString().slice(0, 5));
};

/** Returns the sessions of a slot that can still be booked. */
export const comingSessions = ({ date, left, sessions = [{ left }] }: Slot, now = Date.now()): Session[] =>
  sessions.filter(({ at }) => !hasBegun(date, at, now));

/** Returns the places of a slot that can still be booked. */
export const placesLeft = (slot: Slot, now = Date.now()): number =>
  comingSessions(slot, now).reduce((sum, { left }) => sum + left, 0);
