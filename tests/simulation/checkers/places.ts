import type { StoredEvent } from '../../../platform/event-store/types.ts';

type Data = Readonly<Record<string, string | number | string[] | undefined>> & {
  holdId?: string;
  entryId?: string;
  places?: number;
  expiresAt?: string;
};

/** How the events of a context take and free places; a model of its own, beside the deciders. */
type Rules = {
  stream: RegExp;
  prefix: string;
  /** Returns the places that there are after the event, if it says so. */
  capacity(type: string, data: Data): number | undefined;
  /** Returns what the event takes, by a name, or frees. */
  taken(type: string, data: Data): { takes: string; places: number } | { frees: string } | undefined;
};

const RULES: readonly Rules[] = [
  {
    stream: /^parkingLot-/,
    prefix: 'Spot',
    capacity: (type, { spots }) =>
      type === 'LotRegistered' || type === 'LotSpotsChanged' ? (spots as number) : undefined,
    taken(type, { reservationId }) {
      if (type === 'ParkingReserved') return { takes: `${reservationId}`, places: 1 };
      if (type === 'ReservationCanceled' || type === 'CarDeparted') return { frees: `${reservationId}` };
      return undefined;
    },
  },
  {
    stream: /^screeningSlot-/,
    prefix: 'ScreeningPlace',
    capacity: (type, { capacity }) =>
      type === 'SlotOpened' || type === 'SlotChanged' ? (capacity as number) : undefined,
    taken(type, { bookingId, places = 1 }) {
      if (type === 'ScreeningBooked') return { takes: `${bookingId}`, places };
      const frees = ['BookingCanceled', 'BookingRescheduled', 'BookingForceCanceled', 'BookingMissed'];
      return frees.includes(type) ? { frees: `${bookingId}` } : undefined;
    },
  },
  {
    stream: /^showing-/,
    prefix: 'ShowingPlace',
    capacity: (type, { seats }) => (type === 'ShowingOpened' ? (seats as unknown as number) : undefined),
    taken(type, { reservationId, seats }) {
      if (type === 'SeatHeld') return { takes: `${reservationId}`, places: Array.isArray(seats) ? seats.length : 1 };
      const isFree = type === 'SeatReleased' || type === 'SeatReservationCanceled';
      return isFree ? { frees: `${reservationId}` } : undefined;
    },
  },
];

/** A hold or an offer, and how it may end. */
type Kept = { left: number; expiresAt: number };

/** Clocks differ by half a second at most, to either side. */
const SKEW = 1_000;

/** A stream of limited places after one of its events, by a model of its own. */
export type Usage = { event: StoredEvent; capacity: number | undefined; inUse: number };

const sum = (all: Iterable<number>) => [...all].reduce((a, b) => a + b, 0);

/** Returns whether a stream has limited places. */
export const hasPlaces = (stream: string): boolean => RULES.some((each) => each.stream.test(stream));

/**
 * Follows the places of a stream.
 * @param found gets what must not be: a hold or an offer that ends twice, or before its time, or never
 */
export const usageOf = (own: readonly StoredEvent[], found: string[], now = 0): Usage[] => {
  const [{ stream } = { stream: '' }] = own;
  const rules = RULES.find((each) => each.stream.test(stream))!;
  let capacity: number | undefined;
  const taken = new Map<string, number>();
  const kept = new Map<string, Kept>();
  const usage = own.map((event): Usage => {
    const { type, revision, metadata } = event;
    const about = event.data as Data;
    const at = `${stream} ${revision} ${type}`;
    const kind = type.startsWith(rules.prefix) ? type.slice(rules.prefix.length) : '';
    const name = about.holdId === undefined ? `entry ${about.entryId}` : `hold ${about.holdId}`;
    capacity = rules.capacity(type, about) ?? capacity;
    if (kind === 'Held' || kind === 'Offered') {
      if (kept.has(name)) found.push(`${at}: ${name} is kept already`);
      kept.set(name, { left: about.places!, expiresAt: Date.parse(about.expiresAt!) });
    } else if (/^(?:Hold|Offer)(?:Expired|Released|Declined)$/.test(kind)) {
      const known = kept.get(name);
      if (!known) found.push(`${at}: ${name} ended before`);
      else if (kind.endsWith('Expired') && Date.parse(metadata.time) < known.expiresAt - SKEW)
        found.push(`${at}: ${name} ends before its time`);
      kept.delete(name);
    }
    const change = rules.taken(type, about);
    if (change && 'takes' in change) {
      if (taken.has(change.takes)) found.push(`${at}: ${change.takes} is taken already`);
      taken.set(change.takes, change.places);
      const known = kept.get(name);
      if (known) {
        if (Date.parse(metadata.time) > known.expiresAt + SKEW) found.push(`${at}: ${name} had expired`);
        known.left -= change.places;
        if (known.left <= 0) kept.delete(name);
      }
    } else if (change && !taken.delete(change.frees)) found.push(`${at}: ${change.frees} was free`);
    return { event, capacity, inUse: sum(taken.values()) + sum([...kept.values()].map(({ left }) => left)) };
  });
  for (const [name, { expiresAt }] of kept)
    if (expiresAt + SKEW < now) found.push(`${stream}: ${name} should have ended`);
  return usage;
};

/**
 * Checks the streams of limited places: never more are taken than there are, a hold or an offer ends once, no earlier
 * than its time if it expires, and after everything has come to rest none is left past its time.
 */
export const checkPlaces = (events: readonly StoredEvent[], now: number): string[] => {
  const found: string[] = [];
  for (const [stream, own] of Map.groupBy(events, (event) => event.stream)) {
    if (!hasPlaces(stream)) continue;
    for (const { event, capacity = 0, inUse } of usageOf(own, found, now))
      if (inUse > capacity) found.push(`${stream} ${event.revision}: ${inUse} of ${capacity} places are taken`);
  }
  return found;
};
