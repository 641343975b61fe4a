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
  /** Returns the capacity after the event, if the event has it. */
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
export type Usage = { event: StoredEvent; capacity: number | undefined; inUse: number; waiting: number };

/** Returns whether a stream has limited places. */
export const hasPlaces = (stream: string): boolean => RULES.some((each) => each.stream.test(stream));

/**
 * Follows the places of a stream.
 * @param found gets a line for each broken rule
 */
export const usageOf = (own: readonly StoredEvent[], found: string[], now = 0): Usage[] => {
  const [{ stream } = { stream: '' }] = own;
  const rules = RULES.find((each) => each.stream.test(stream))!;
  let capacity: number | undefined;
  let inUse = 0;
  const taken = new Map<string, number>();
  const kept = new Map<string, Kept>();
  /** The places that each waiting entry wants; the first that came is first. */
  const waiting = new Map<string, number>();
  const usage = own.map((event): Usage => {
    const { type, revision, metadata } = event;
    const about = event.data as Data;
    const kind = type.startsWith(rules.prefix) ? type.slice(rules.prefix.length) : '';
    const name = about.holdId === undefined ? `entry ${about.entryId}` : `hold ${about.holdId}`;
    const time = Date.parse(metadata.time);
    const report = (what: string) => void found.push(`${stream} ${revision} ${type}: ${what}`);
    capacity = rules.capacity(type, about) ?? capacity;
    const known = kept.get(name);
    const change = rules.taken(type, about);

    if (kind === 'Held' || (change && 'takes' in change && !known)) {
      const free = (capacity ?? 0) - inUse;
      for (const [entry, wanted] of waiting) if (wanted <= free) report(`${entry} waits for the place`);
    }
    if (kind === 'Offered')
      for (const [entry, wanted] of waiting) {
        if (entry === name) break;
        if (wanted <= about.places!) report(`${entry} waits longer`);
      }
    if (kind === 'WaitingListJoined') waiting.set(name, about.places!);
    if (kind === 'WaitingListLeft' || kind === 'Offered') waiting.delete(name);

    if (kind === 'Held' || kind === 'Offered') {
      if (known) report(`${name} is kept already`);
      kept.set(name, { left: about.places!, expiresAt: Date.parse(about.expiresAt!) });
      inUse += about.places!;
    } else if (/^(?:Hold|Offer)(?:Expired|Released|Declined)$/.test(kind)) {
      if (!known) report(`${name} ended before`);
      else if (kind.endsWith('Expired') && time < known.expiresAt - SKEW) report(`${name} ends before its time`);
      kept.delete(name);
      inUse -= known?.left ?? 0;
    }
    if (change && 'takes' in change) {
      if (taken.has(change.takes)) report(`${change.takes} is taken already`);
      taken.set(change.takes, change.places);
      inUse += change.places;
      if (known) {
        if (time > known.expiresAt + SKEW) report(`${name} had expired`);
        const used = Math.min(known.left, change.places);
        known.left -= used;
        inUse -= used;
        if (known.left === 0) kept.delete(name);
      }
    } else if (change) {
      inUse -= taken.get(change.frees) ?? 0;
      if (!taken.delete(change.frees)) report(`${change.frees} was free`);
    }
    return { event, capacity, inUse, waiting: waiting.size };
  });
  for (const [name, { expiresAt }] of kept)
    if (expiresAt + SKEW < now) found.push(`${stream}: ${name} should have ended`);
  return usage;
};

/**
 * Checks the streams of limited places: never more are taken than there are, a hold or an offer ends once, no earlier
 * than its time if it expires, after everything has come to rest none is left past its time, and nobody gets a place
 * for which somebody has waited longer.
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
