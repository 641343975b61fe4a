import { plus } from '../../schemas/kernel/calendar.ts';
import {
  MOST_PLACES,
  OFFERS_PER_COMMAND,
  type PlaceEventData,
  type PlaceEventKind,
  type PlaceNames,
} from '../../schemas/kernel/limited-places.ts';
import { ImmutableMap } from './collections.ts';
import { type Decider, type Decision, type DecisionInput, isRefusal, notDue, type Refusal, refuse } from './decider.ts';
import { noPastIds, type PastIds, recall, remember } from './past-ids.ts';
import { firstText, noTexts, type SortedTexts, textsBefore, withoutText, withText } from './sorted-texts.ts';

/*
 * Holds and the waiting list of a resource with a limited number of places. The rules:
 *
 * - A held or offered place counts as taken.
 * - A free place is offered to the first entry that fits, in order of arrival. A group that is larger than what is free
 *   is skipped and keeps its place. While an entry fits, nobody else gets a place.
 * - A hold or offer ends at the moment `expiresAt`: a reservation at that very moment comes too late.
 * - Every decision of the stream first ends what is due, and offers the places that it frees. So nothing depends on how
 *   punctual a timer is.
 */

/** Places that are kept for a customer, by a hold or an offer. */
type Kept = { customerId: string; places: number; expiresAt: string };

type Entry = { customerId: string; places: number; order: string };

type Ending = 'used' | 'expired' | 'released' | 'declined' | 'left';

/** The holds and the waiting list of one resource. */
export type Places = {
  /** By hold id and by entry id. */
  holds: ImmutableMap<string, Kept>;
  offers: ImmutableMap<string, Kept>;
  /** All places of holds and offers. */
  kept: number;
  /** When holds and offers end: `{expiresAt} hold {holdId}`, `{expiresAt} offer {entryId}`. */
  deadlines: SortedTexts;
  /** By entry id. */
  waiting: ImmutableMap<string, Entry>;
  /** The entries that wait for a number of places: `{order} {entryId}`. */
  queues: ImmutableMap<number, SortedTexts>;
  /** The open entry of each customer. */
  entries: ImmutableMap<string, string>;
  /** How many entries ever joined. */
  joined: number;
  /** The holds and entries that ended last. */
  endedHolds: PastIds<{ customerId: string; how: Ending }>;
  endedEntries: PastIds<{ customerId: string; how: Ending }>;
};

/** Ended holds and entries that a resource remembers, at least. */
const REMEMBERED = 1_000;

export const noPlaces: Places = {
  holds: ImmutableMap(),
  offers: ImmutableMap(),
  kept: 0,
  deadlines: noTexts,
  waiting: ImmutableMap(),
  queues: ImmutableMap(),
  entries: ImmutableMap(),
  joined: 0,
  endedHolds: noPastIds(REMEMBERED),
  endedEntries: noPastIds(REMEMBERED),
};

type Thing = 'hold' | 'offer';

const deadlineOf = (thing: Thing, id: string, expiresAt: string): string => `${expiresAt} ${thing} ${id}`;

const keep = (state: Places, thing: Thing, id: string, { customerId, places, expiresAt }: Kept): Places => ({
  ...state,
  [`${thing}s`]: keptOf(state, thing).set(id, { customerId, places, expiresAt }),
  kept: state.kept + places,
  deadlines: withText(state.deadlines, deadlineOf(thing, id, expiresAt)),
});

const keptOf = (state: Places, thing: Thing): ImmutableMap<string, Kept> =>
  thing === 'hold' ? state.holds : state.offers;

const endKept = (state: Places, thing: Thing, id: string, how: Ending): Places => {
  const kept = keptOf(state, thing).get(id);
  if (!kept) return state;
  const { customerId, places, expiresAt } = kept;
  const rest: Places = {
    ...state,
    [`${thing}s`]: keptOf(state, thing).delete(id),
    kept: state.kept - places,
    deadlines: withoutText(state.deadlines, deadlineOf(thing, id, expiresAt)),
  };
  const past = { customerId, how };
  if (thing === 'hold') return { ...rest, endedHolds: remember(state.endedHolds, id, past) };
  return {
    ...rest,
    entries: state.entries.delete(customerId),
    endedEntries: remember(state.endedEntries, id, past),
  };
};

const queueText = (order: string, entryId: string): string => `${order} ${entryId}`;
const ORDER_DIGITS = 15;

/** Takes an entry off the waiting list; it may have got an offer. */
const dequeue = (state: Places, entryId: string): Places => {
  const entry = state.waiting.get(entryId);
  if (!entry) return state;
  const { places, order } = entry;
  const queue = withoutText(state.queues.get(places) ?? noTexts, queueText(order, entryId));
  return {
    ...state,
    waiting: state.waiting.delete(entryId),
    queues: queue.length > 0 ? state.queues.set(places, queue) : state.queues.delete(places),
  };
};

/** The folds of the events, by kind. */
const folds: { readonly [Kind in PlaceEventKind]: (state: Places, data: PlaceEventData<Kind>) => Places } = {
  Held: (state, data) => keep(state, 'hold', data.holdId, data),
  HoldExpired: (state, { holdId }) => endKept(state, 'hold', holdId, 'expired'),
  HoldReleased: (state, { holdId }) => endKept(state, 'hold', holdId, 'released'),
  WaitingListJoined: (state, { entryId, customerId, places }) => {
    const order = `${state.joined}`.padStart(ORDER_DIGITS, '0');
    return {
      ...state,
      joined: state.joined + 1,
      waiting: state.waiting.set(entryId, { customerId, places, order }),
      queues: state.queues.update(places, (queue = noTexts) => withText(queue, queueText(order, entryId))),
      entries: state.entries.set(customerId, entryId),
    };
  },
  WaitingListLeft: (state, { entryId, customerId }) => ({
    ...dequeue(state, entryId),
    entries: state.entries.delete(customerId),
    endedEntries: remember(state.endedEntries, entryId, { customerId, how: 'left' }),
  }),
  Offered: (state, data) => keep(dequeue(state, data.entryId), 'offer', data.entryId, data),
  OfferExpired: (state, { entryId }) => endKept(state, 'offer', entryId, 'expired'),
  OfferDeclined: (state, { entryId }) => endKept(state, 'offer', entryId, 'declined'),
};

/** A hold or an offer that a reservation takes places from. A hold goes before an offer. */
export type KeptFor = { holdId?: string | undefined; entryId?: string | undefined };

/** Takes the places of a reservation from a hold or an offer, if it names one. For the fold of the reservation's event. */
export const usePlaces = (state: Places, { holdId, entryId }: KeptFor, places: number): Places => {
  const [thing, id] = holdId === undefined ? (['offer', entryId] as const) : (['hold', holdId] as const);
  const kept = id === undefined ? undefined : keptOf(state, thing).get(id);
  if (id === undefined || !kept) return state;
  if (kept.places <= places) return endKept(state, thing, id, 'used');
  return {
    ...state,
    [`${thing}s`]: keptOf(state, thing).set(id, { ...kept, places: kept.places - places }),
    kept: state.kept - places,
  };
};

/** Returns the first waiting entry that fits into the free places. */
const firstThatFits = ({ queues, waiting }: Places, free: number) => {
  let first: string | undefined;
  for (let places = 1; places <= Math.min(free, MOST_PLACES); places += 1) {
    const text = firstText(queues.get(places) ?? noTexts);
    if (text !== undefined && (first === undefined || text < first)) first = text;
  }
  if (first === undefined) return undefined;
  const entryId = first.slice(ORDER_DIGITS + 1);
  const { customerId, places } = waiting.get(entryId)!;
  return { entryId, customerId, places };
};

const withoutDeadline = ({ customerId, places }: Kept) => ({ customerId, places });

const notFound = { hold: refuse('hold-not-found'), offer: refuse('entry-not-found') };

/** Returns why a hold, or an entry with its offer, cannot be used or ended: it does not exist or has ended. */
const endedRefusal = (state: Places, thing: Thing, id: string, customerId?: string): Refusal => {
  const past = recall(thing === 'hold' ? state.endedHolds : state.endedEntries, id);
  if (!past || (customerId !== undefined && past.customerId !== customerId)) return notFound[thing];
  if (past.how === 'expired') return refuse(`${thing}-expired`);
  return refuse(thing === 'hold' ? 'hold-ended' : 'entry-ended');
};

type AnyEvent = { type: string; data: object };
type Named<Prefix extends string, Key extends string, Kind extends PlaceEventKind> = {
  [K in Kind]: { type: `${Prefix}${K}`; data: Record<Key, string> & PlaceEventData<K> };
}[Kind];

/** Properties of the resource that the rules need. */
export type Resource<State> = {
  /** The places that no reservation has taken; 0 when the resource takes none. Held and offered ones count as untaken. */
  unreserved(state: State): number;
  /** Seconds for which a hold or an offer keeps its places. */
  holdFor(state: State): number;
  /** Why the resource takes no holds and no entries: it does not exist, or is closed. */
  refusal(state: State, now: string): Refusal | undefined;
  /** The facts of the resource that an event of this type has besides the module's own. */
  facts?(state: State, type: string): object;
};

/**
 * Adds holds and a waiting list to a decider: its state has `places`, its `evolve` and `commands` contain those returned
 * here, and `settling` wraps it.
 *
 *     const spots = limitedPlaces(schema.spots, { unreserved, holdFor, refusal });
 *     export const parkingLot = spots.settling(
 *       decider(parking, { evolve: { ...spots.evolve, … }, commands: { ...spots.commands, … }, … }),
 *     );
 *
 * @param names the parts of the context's schema that {@link limitedPlaces} of the schemas returned
 */
export const limitedPlaces = <Prefix extends string, Key extends string, State extends { places: Places }>(
  { prefix, key, names, full }: PlaceNames<Prefix, Key>,
  { unreserved, holdFor, refusal, facts }: Resource<State>,
) => {
  const named = <Kind extends PlaceEventKind>(kind: Kind, id: string, data: PlaceEventData<Kind>) =>
    ({ type: `${prefix}${kind}`, data: { [key]: id, ...data } }) as object as Named<Prefix, Key, Kind>;

  const freeOf = (state: State): number => unreserved(state) - state.places.kept;

  /** Returns whether a request that names no hold and no offer may take places. */
  const isFree = (state: State, places: number): boolean => {
    const free = freeOf(state);
    return places <= free && firstThatFits(state.places, free) === undefined;
  };

  const isFull = (state: State): Refusal => {
    const { kept, waiting } = state.places;
    return refuse(full, `${Math.max(0, freeOf(state))} are free, ${kept} held or offered, ${waiting.size} wait`);
  };

  /** Refuses places that a reservation may not take: the hold or offer that it names, or else free places. */
  const refusalOf = (
    state: State,
    { customerId, holdId, entryId }: KeptFor & { customerId: string },
    places: number,
    now: string,
  ): Refusal | undefined => {
    if (holdId === undefined && entryId === undefined) return isFree(state, places) ? undefined : isFull(state);
    const [thing, id] = holdId === undefined ? (['offer', entryId!] as const) : (['hold', holdId] as const);
    const kept = keptOf(state.places, thing).get(id);
    if (kept?.customerId === customerId) {
      if (now >= kept.expiresAt) return refuse(`${thing}-expired`);
      return places > kept.places ? refuse('too-few-kept', `${kept.places} are kept`) : undefined;
    }
    if (kept) return notFound[thing];
    const isWaiting = thing === 'offer' && state.places.waiting.get(id)?.customerId === customerId;
    return isWaiting ? refuse('not-offered') : endedRefusal(state.places, thing, id, customerId);
  };

  type Event = Named<Prefix, Key, PlaceEventKind>;

  /** Returns the ends of the holds and offers that are due, earliest first. @param most events */
  const due = (id: string, { places: { deadlines, holds, offers } }: State, now: string, most: number): Event[] =>
    // A deadline at `now` itself is due: its text sorts before this one.
    textsBefore(deadlines, `${now}~`, most).map((text) => {
      const [, thing, thingId] = text.split(' ') as [string, Thing, string];
      return thing === 'hold'
        ? named('HoldExpired', id, { holdId: thingId, ...withoutDeadline(holds.get(thingId)!) })
        : named('OfferExpired', id, { entryId: thingId, ...withoutDeadline(offers.get(thingId)!) });
    });

  /** Returns offers of the free places. */
  const offers = (id: string, state: State, now: string, most: number): Event[] => {
    const expiresAt = plus(now, { seconds: holdFor(state) });
    const made: Event[] = [];
    let { places } = state;
    for (let free = freeOf(state); ; ) {
      const entry = firstThatFits(places, free);
      if (!entry) return made;
      const isLast = made.length + 1 >= most;
      const next = dequeue(places, entry.entryId);
      free -= entry.places;
      const more = isLast && firstThatFits(next, free) !== undefined;
      made.push(named('Offered', id, { ...entry, expiresAt, ...(more ? { more } : {}) }));
      if (isLast) return made;
      places = next;
    }
  };

  const evolve = Object.fromEntries(
    Object.entries<(places: Places, data: never) => Places>(folds).map(([kind, fold]) => [
      `${prefix}${kind}`,
      (state: State, data: object) => ({ ...state, places: fold(state.places, data as never) }),
    ]),
  ) as object as {
    readonly [Kind in PlaceEventKind as `${Prefix}${Kind}`]: (
      state: State,
      data: Record<Key, string> & PlaceEventData<Kind>,
    ) => State;
  };

  /** Refuses to end a hold or an entry that is not open. */
  const missing = (state: State, thing: Thing, id: string, now: string): Refusal => {
    const refused = endedRefusal(state.places, thing, id);
    return refused === notFound[thing] ? (refusal(state, now) ?? refused) : refused;
  };

  type Id = Record<Key, string>;
  const ownerOfEntry = ({ entryId }: { entryId: string }, { places }: State): string | undefined =>
    (places.waiting.get(entryId) ?? places.offers.get(entryId) ?? recall(places.endedEntries, entryId))?.customerId;

  const rules = {
    Hold: {
      decide: (
        { holdId, customerId, places, ...id }: Id & { holdId: string; customerId: string; places: number },
        state: State,
        { now }: DecisionInput,
      ): Decision<Named<Prefix, Key, 'Held'>> => {
        const refused = refusal(state, now);
        if (refused) return refused;
        if (state.places.holds.has(holdId) || recall(state.places.endedHolds, holdId))
          return refuse('hold-already-exists');
        if (!isFree(state, places)) return isFull(state);
        const expiresAt = plus(now, { seconds: holdFor(state) });
        return [named('Held', idIn(id), { holdId, customerId, places, expiresAt })];
      },
      answer: (data: object, events: readonly AnyEvent[]) => ({ ...data, ...events[0]?.data, status: 'held' }),
    },

    ReleaseHold: {
      owner: ({ holdId }: { holdId: string }, { places }: State) =>
        (places.holds.get(holdId) ?? recall(places.endedHolds, holdId))?.customerId,
      decide: (
        { holdId, ...id }: Id & { holdId: string },
        state: State,
        { now }: DecisionInput,
      ): Decision<Named<Prefix, Key, 'HoldReleased'>> => {
        const hold = state.places.holds.get(holdId);
        if (!hold) return missing(state, 'hold', holdId, now);
        if (now >= hold.expiresAt) return refuse('hold-expired');
        return [named('HoldReleased', idIn(id), { holdId, ...withoutDeadline(hold) })];
      },
      answer: (data: object) => ({ ...data, status: 'released' }),
    },

    JoinWaitingList: {
      decide: (
        { entryId, customerId, places, ...id }: Id & { entryId: string; customerId: string; places: number },
        state: State,
        { now }: DecisionInput,
      ): Decision<Named<Prefix, Key, 'WaitingListJoined'>> => {
        const refused = refusal(state, now);
        if (refused) return refused;
        if (ownerOfEntry({ entryId }, state) !== undefined) return refuse('entry-already-exists');
        if (state.places.entries.has(customerId)) return refuse('already-waiting');
        if (isFree(state, places)) return refuse('places-left', `${freeOf(state)} are free`);
        return [named('WaitingListJoined', idIn(id), { entryId, customerId, places })];
      },
      answer: (data: object) => ({ ...data, status: 'waiting' }),
    },

    LeaveWaitingList: {
      owner: ownerOfEntry,
      decide: (
        { entryId, ...id }: Id & { entryId: string },
        state: State,
        { now }: DecisionInput,
      ): Decision<Named<Prefix, Key, 'WaitingListLeft' | 'OfferDeclined'>> => {
        const { waiting, offers } = state.places;
        const entry = waiting.get(entryId);
        if (entry) {
          const { customerId, places } = entry;
          return [named('WaitingListLeft', idIn(id), { entryId, customerId, places })];
        }
        const offer = offers.get(entryId);
        if (!offer) return missing(state, 'offer', entryId, now);
        if (now >= offer.expiresAt) return refuse('offer-expired');
        return [named('OfferDeclined', idIn(id), { entryId, ...withoutDeadline(offer) })];
      },
      answer: (data: object, events: readonly AnyEvent[]) => ({
        ...data,
        status: events[0]?.type === `${prefix}OfferDeclined` ? 'declined' : 'left',
      }),
    },

    Settle: {
      decide: (
        { holdId, entryId }: Id & { holdId?: string; entryId?: string },
        { places }: State,
        { now }: DecisionInput,
      ): Decision<never> => {
        const kept = holdId === undefined ? places.offers.get(entryId ?? '') : places.holds.get(holdId);
        return kept && now < kept.expiresAt ? notDue : [];
      },
    },
  };

  const idIn = (data: object): string => (data as Readonly<Record<string, string>>)[key]!;

  const commands = Object.fromEntries(
    Object.entries(rules).map(([kind, rule]) => [names[kind as keyof typeof names], rule]),
  ) as object as { readonly [Kind in keyof typeof rules as (typeof names)[Kind]]: (typeof rules)[Kind] };

  /** Returns the ends of all holds, offers and entries of a resource that closes. @param most events */
  const closing = (id: string, { places: { holds, offers, waiting } }: State, most: number): Event[] => {
    const reason = 'closed' as const;
    const released = holds
      .entrySeq()
      .take(most)
      .map(([holdId, kept]) => named('HoldReleased', id, { holdId, ...withoutDeadline(kept), reason }))
      .toArray();
    const declined = offers
      .entrySeq()
      .take(most - released.length)
      .map(([entryId, kept]) => named('OfferDeclined', id, { entryId, ...withoutDeadline(kept), reason }))
      .toArray();
    const left = waiting
      .entrySeq()
      .take(most - released.length - declined.length)
      .map(([entryId, { customerId, places }]) => named('WaitingListLeft', id, { entryId, customerId, places, reason }))
      .toArray();
    return [...released, ...declined, ...left];
  };

  /** The number of holds, offers and entries that {@link closing} ends. */
  const open = ({ places: { holds, offers, waiting } }: State): number => holds.size + offers.size + waiting.size;

  const own = new Set(Object.keys(evolve));
  const withFacts = <Event extends AnyEvent>(state: State, event: Event): Event =>
    facts && own.has(event.type) ? { ...event, data: { ...event.data, ...facts(state, event.type) } } : event;

  const settled = new Set<string>([`${prefix}HoldExpired`, `${prefix}OfferExpired`, `${prefix}Offered`]);

  /**
   * Wraps a decider so that each of its decisions first ends what is due and offers what is free, and offers what it
   * frees itself. A refusal appends nothing: what is due then ends with the next decision.
   * @param alsoDue the events of other things of the stream that are due
   */
  const settling = <Command extends AnyEvent, Own extends AnyEvent>(
    decider: Decider<Command, Own, State>,
    alsoDue: (data: Command['data'], state: State, now: string) => readonly Own[] = () => [],
  ): Decider<Command, Own, State> => {
    const fold = (state: State, events: readonly Own[]) => events.reduce(decider.evolve, state);
    return {
      ...decider,
      decide(command, before, input) {
        const { now, revision } = input;
        const id = decider.id(command.data);
        let state = before;
        const made: Own[] = [];
        const take = (events: readonly AnyEvent[]): void => {
          const complete = (events as readonly Own[]).map((event) => withFacts(state, event));
          made.push(...complete);
          state = fold(state, complete);
        };
        take(alsoDue(command.data, state, now));
        const room = () => Math.max(1, OFFERS_PER_COMMAND - made.length);
        take(due(id, state, now, room()));
        take(offers(id, state, now, room()));
        const after = room();
        const decision = decider.decide(command, state, { ...input, revision: revision + BigInt(made.length) });
        if (isRefusal(decision)) return decision;
        take(decision);
        take(offers(id, state, now, after));
        return made;
      },
      answer: (command, events) =>
        decider.answer(
          command,
          events.filter(({ type }) => !settled.has(type)),
        ),
    };
  };

  return { evolve, commands, refusalOf, closing, open, settling };
};
