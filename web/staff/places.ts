import { hasBegun, placesLeft } from '../common/sessions.ts';
import type { Item } from './context.ts';

/** A session of a slot as a list shows it. */
export type Session = { at: string; capacity: number; left?: number; isOver?: boolean };

/**
 * Returns the value of an item's field at a moment: a showing or a session that has begun has no places left, whatever
 * is not sold.
 * @param now in milliseconds
 */
export const valueAt = (field: string, item: Item, now: number): unknown => {
  const value = item[field];
  if (field === 'left' && typeof item.startsAt === 'string')
    return Date.parse(item.startsAt) <= now ? undefined : value;
  if (value === undefined || typeof item.date !== 'string') return value;
  if (field === 'left') return placesLeft(item as Parameters<typeof placesLeft>[0], now);
  if (field !== 'sessions' || !Array.isArray(value)) return value;
  return value.map((session) => ({ ...session, isOver: hasBegun(item.date as string, session.at, now) }));
};
