import { plus } from '../../schemas/kernel/calendar.ts';
import {
  MOST_PLACES,
  OFFERS_PER_COMMAND,
  type PlaceEventData,
  type PlaceEventKind,
  type PlaceNames,
} from '../../schemas/kernel/limited-places.ts';
import { ImmutableMap } from './collections.ts';
import { type Decider, type DecisionInput, isRefusal, type Message, notDue, type Refusal, refuse } from './decider.ts';
import { noPastIds, type PastIds, recall, remember } from './past-ids.ts';
import { firstText, noTexts, type SortedTexts, textsBefore, withoutText, withText } from './sorted-texts.ts';

/*
 * Holds and the waiting list of a resource with a limited number of places. A resource may have several pools of
 * places, such as the sessions of a day: each request takes places of one pool. The rules, in each pool:
 *
 * - A held or offered place counts as taken.
 * - A free place is offered to the first entry that fits, in order of arrival. A group that is larger than what is free
 *   is skipped and keeps its place. While an entry fits, nobody else gets a place.
 * - A hold or offer ends at the moment `expiresAt`: a reservation at that very moment comes too late.
 * - Every decision of the stream first ends what is due, and offers the places that it frees. So nothing depends on how
 *   punctual a timer is.
 */

/** The pool of a resource that has only one. */
const ONLY_POOL = '';

/** Places that are kept for a customer, by a hold or an offer. */
type Kept = { pool: string; customerId: string; places: number; expiresAt: string };

type Entry = { pool: string; customerId: string; places: number; order: string };

type Ending = 'used' | 'expired' | 'released' | 'declined' | 'left';

type Pool = {
  /** All places of holds and offers. */
  kept: number;
  /** The entries that wait for a number of places: `{order} {entryId}`. */
  queues: ImmutableMap<number, SortedTexts>;
  /** The open entry of each customer. */
  entries: ImmutableMap<string, string>;
};

/** The holds and the waiting lists of one resource. */
export type Places = {
  /** By hold id and by entry id. */
  holds: ImmutableMap<string, Kept>;
  offers: ImmutableMap<string, Kept>;
  /** By name: those with a hold, an offer or an entry. */
  pools: Readonly<Record<string, Pool>>;
  /** When holds and offers end: `{expiresAt} hold {holdId}`, `{expiresAt} offer {entryId}`. */
  deadlines: SortedTexts;
  /** By entry id. */
  waiting: ImmutableMap<string, Entry>;
  /** How many entries ever joined. */
  joined: number;
  /** The holds and entries that ended last. */
  endedHolds: PastIds<{ customerId: string; how: Ending }>;
  endedEntries: PastIds<{ customerId: string; how: Ending }>;
};

export const noPlaces: Places = {
  holds: ImmutableMap(),
  offers: ImmutableMap(),
  pools: {},
  deadlines: noTexts,
  waiting: ImmutableMap(),
  joined: 0,
  endedHolds: noPastIds(),
  endedEntries: noPastIds(),
};

const noPool: Pool = { kept: 0, queues: ImmutableMap(), entries: ImmutableMap() };

const poolOf = ({ pools }: Places, name: string): Pool => (Object.hasOwn(pools, name) ? pools[name]! : noPool);

const withPool = (state: Places, name: string, change: (pool: Pool) => Partial<Pool>): Places => {
  const before = poolOf(state, name);
  const pool = { ...before, ...change(before) };
  const { [name]: _before, ...others } = state.pools;
  const isUsed = pool.kept > 0 || pool.entries.size > 0;
  return { ...state, pools: isUsed ? { ...others, [name]: pool } : others };
};

/** Returns the places that holds and offers of a pool keep. */
export const keptIn = (state: Places, pool = ONLY_POOL): number => poolOf(state, pool).kept;

/** Returns whether a pool has an entry that waits or has an offer. */
export const isWaitedFor = (state: Places, pool = ONLY_POOL): boolean => poolOf(state, pool).entries.size > 0;

type Thing = 'hold' | 'offer';

const deadlineOf = (thing: Thing, id: string, expiresAt: string): string => `${expiresAt} ${thing} ${id}`;

const keep = (state: Places, thing: Thing, id: string, { pool, customerId, places, expiresAt }: Kept): Places => ({
  ...withPool(state, pool, ({ kept }) => ({ kept: kept + places })),
  [`${thing}s`]: keptOf(state, thing).set(id, { pool, customerId, places, expiresAt }),
  deadlines: withText(state.deadlines, deadlineOf(thing, id, expiresAt)),
});

const keptOf = (state: Places, thing: Thing): ImmutableMap<string, Kept> =>
  thing === 'hold' ? state.holds : state.offers;

const endKept = (state: Places, thing: Thing, id: string, how: Ending): Places => {
  const kept = keptOf(state, thing).get(id);
  if (!kept) return state;
  const { pool, customerId, places, expiresAt } = kept;
  const freed = withPool(state, pool, (before) => ({
    kept: before.kept - places,
    ...(thing === 'hold' ? {} : { entries: before.entries.delete(customerId) }),
  }));
  const ended = thing === 'hold' ? 'endedHolds' : 'endedEntries';
  return {
    ...freed,
    [`${thing}s`]: keptOf(state, thing).delete(id),
    deadlines: withoutText(state.deadlines, deadlineOf(thing, id, expiresAt)),
    [ended]: remember(state[ended], id, { customerId, how }),
  };
};

const queueText = (order: string, entryId: string): string => `${order} ${entryId}`;
const ORDER_DIGITS = 15;

/** Takes an entry off the waiting list; it may have got an offer. */
const dequeue = (state: Places, entryId: string): Places => {
  const entry = state.waiting.get(entryId);
  if (!entry) return state;
  const { pool, places, order } = entry;
  const rest = withPool(state, pool, ({ queues }) => {
    const queue = withoutText(queues.get(places) ?? noTexts, queueText(order, entryId));
    return { queues: queue.length > 0 ? queues.set(places, queue) : queues.delete(places) };
  });
  return { ...rest, waiting: state.waiting.delete(entryId) };
};

/** The folds of the events, by kind. */
const folds: {
  readonly [Kind in PlaceEventKind]: (state: Places, data: PlaceEventData<Kind>, pool: string) => Places;
} = {
  Held: (state, data, pool) => keep(state, 'hold', data.holdId, { ...data, pool }),
  HoldExpired: (state, { holdId }) => endKept(state, 'hold', holdId, 'expired'),
  HoldReleased: (state, { holdId }) => endKept(state, 'hold', holdId, 'released'),
  WaitingListJoined: (state, { entryId, customerId, places }, pool) => {
    const order = `${state.joined}`.padStart(ORDER_DIGITS, '0');
    const joined = withPool(state, pool, ({ queues, entries }) => ({
      queues: queues.update(places, (queue = noTexts) => withText(queue, queueText(order, entryId))),
      entries: entries.set(customerId, entryId),
    }));
    return {
      ...joined,
      joined: state.joined + 1,
      waiting: state.waiting.set(entryId, { pool, customerId, places, order }),
    };
  },
  WaitingListLeft: (state, { entryId, customerId }, pool) => ({
    ...withPool(dequeue(state, entryId), pool, ({ entries }) => ({ entries: entries.delete(customerId) })),
    endedEntries: remember(state.endedEntries, entryId, { customerId, how: 'left' }),
  }),
  Offered: (state, data, pool) => keep(dequeue(state, data.entryId), 'offer', data.entryId, { ...data, pool }),
  OfferExpired: (state, { entryId }) => endKept(state, 'offer', entryId, 'expired'),
  OfferDeclined: (state, { entryId }) => endKept(state, 'offer', entryId, 'declined'),
};

/** A hold or an offer that a reservation takes places from. A hold goes before an offer. */
export type KeptFor = { holdId?: string | undefined; entryId?: string | undefined };

/**
 * Takes the places of a reservation from a hold or an offer, if it names one. For the fold of the reservation's event.
 */
export const usePlaces = (state: Places, { holdId, entryId }: KeptFor, places: number): Places => {
  const [thing, id] = holdId === undefined ? (['offer', entryId] as const) : (['hold', holdId] as const);
  const kept = id === undefined ? undefined : keptOf(state, thing).get(id);
  if (id === undefined || !kept) return state;
  if (kept.places <= places) return endKept(state, thing, id, 'used');
  return {
    ...withPool(state, kept.pool, (pool) => ({ kept: pool.kept - places })),
    [`${thing}s`]: keptOf(state, thing).set(id, { ...kept, places: kept.places - places }),
  };
};

/** Returns the first waiting entry that fits into the free places of a pool. */
const firstThatFits = (state: Places, pool: string, free: number) => {
  const { queues } = poolOf(state, pool);
  let first: string | undefined;
  for (let places = 1; places <= Math.min(free, MOST_PLACES); places += 1) {
    const text = firstText(queues.get(places) ?? noTexts);
    if (text !== undefined && (first === undefined || text < first)) first = text;
  }
  if (first === undefined) return undefined;
  const entryId = first.slice(ORDER_DIGITS + 1);
  const { customerId, places } = state.waiting.get(entryId)!;
  return { entryId, customerId, places };
};

const customerAndPlaces = ({ customerId, places }: Kept | Entry) => ({ customerId, places });

const notFound = { hold: refuse('hold-not-found'), offer: refuse('entry-not-found') };
const alreadyExists = { hold: refuse('hold-already-exists'), offer: refuse('entry-already-exists') };

/** Returns why a hold, or an entry with its offer, cannot be used or ended: it does not exist or has ended. */
const endedRefusal = (state: Places, thing: Thing, id: string, customerId?: string): Refusal => {
  const past = recall(thing === 'hold' ? state.endedHolds : state.endedEntries, id);
  if (!past || (customerId !== undefined && past.customerId !== customerId)) return notFound[thing];
  if (past.how === 'expired') return refuse(`${thing}-expired`);
  return refuse(thing === 'hold' ? 'hold-ended' : 'entry-ended');
};

type Named<Prefix extends string, Key extends string, Kind extends PlaceEventKind> = {
  [K in Kind]: { type: `${Prefix}${K}`; data: Record<Key, string> & PlaceEventData<K> };
}[Kind];

/** Properties of the resource that the rules need. */
export type Resource<State> = {
  /**
   * The places of a pool that no reservation has taken; 0 when it takes none. Held and offered ones count as untaken.
   */
  unreserved(state: State, pool: string): number;
  /** Seconds for which a hold or an offer keeps its places. */
  holdFor(state: State): number;
  /** Why the resource, or the pool that is given, takes no holds and no entries: it does not exist, or is closed. */
  refusal(state: State, input: DecisionInput, pool?: string): Refusal | undefined;
  /** The facts that one of the module's events has besides the module's own. @param state of before the event */
  facts?(state: State, event: Message): object;
  /** The facts that the events which make messages have besides: how people name the resource. */
  messageFields?(state: State): object;
};

/**
 * Adds holds and a waiting list to a decider: its state has `places`, its `evolve` and `commands` contain those
 * returned here, and `settling` wraps it.
 *
 *     const spots = limitedPlaces(schema.spots, { unreserved, holdFor, refusal });
 *     export const parkingLot = spots.settling(
 *       decider(parking, { evolve: { ...spots.evolve, … }, commands: { ...spots.commands, … }, … }),
 *     );
 *
 * @param names the parts of the context's schema that {@link limitedPlaces} of the schemas returned
 */
export const limitedPlaces = <Prefix extends string, Key extends string, State extends { places: Places }>(
  { prefix, key, pool: poolField = '', names, full }: PlaceNames<Prefix, Key>,
  { unreserved, holdFor, refusal, facts = () => ({}), messageFields = () => ({}) }: Resource<State>,
) => {
  const named = <Kind extends PlaceEventKind>(kind: Kind, id: string, pool: string, data: PlaceEventData<Kind>) => {
    const where = pool === ONLY_POOL ? { [key]: id } : { [key]: id, [poolField]: pool };
    return { type: `${prefix}${kind}`, data: { ...where, ...data } } as object as Named<Prefix, Key, Kind>;
  };

  const freeOf = (state: State, pool: string): number => unreserved(state, pool) - keptIn(state.places, pool);

  /** Returns whether a request that names no hold and no offer may take places. */
  const isFree = (state: State, pool: string, places: number): boolean => {
    const free = freeOf(state, pool);
    return places <= free && firstThatFits(state.places, pool, free) === undefined;
  };

  const isFull = (state: State, pool: string): Refusal => {
    const { kept, entries } = poolOf(state.places, pool);
    const free = Math.max(0, freeOf(state, pool));
    return refuse(full, `${free} are free, ${kept} held or offered; the waiting list has ${entries.size} entries`);
  };

  /** Refuses places that a reservation may not take: the hold or offer that it names, or else free places. */
  const refusalOf = (
    state: State,
    { customerId, holdId, entryId }: KeptFor & { customerId: string },
    places: number,
    now: string,
    pool = ONLY_POOL,
  ): Refusal | undefined => {
    if (holdId === undefined && entryId === undefined)
      return isFree(state, pool, places) ? undefined : isFull(state, pool);
    const [thing, id] = holdId === undefined ? (['offer', entryId!] as const) : (['hold', holdId] as const);
    const kept = keptOf(state.places, thing).get(id);
    const isTheirs = (thing?: Kept | Entry) => thing?.customerId === customerId && thing.pool === pool;
    if (kept && isTheirs(kept)) {
      if (now >= kept.expiresAt) return refuse(`${thing}-expired`);
      return places > kept.places ? refuse('too-few-kept', `${kept.places} are kept`) : undefined;
    }
    if (kept) return notFound[thing];
    const isWaiting = thing === 'offer' && isTheirs(state.places.waiting.get(id));
    return isWaiting ? refuse('not-offered') : endedRefusal(state.places, thing, id, customerId);
  };

  type Event = Named<Prefix, Key, PlaceEventKind>;

  /** Returns the ends of the holds and offers that are due, earliest first. @param most events */
  const due = (id: string, { places }: State, now: string, most: number): Event[] =>
    // A deadline at `now` itself is due: its text sorts before this one.
    textsBefore(places.deadlines, `${now}~`, most).map((text) => {
      const [, thing, thingId] = text.split(' ') as [string, Thing, string];
      const kept = keptOf(places, thing).get(thingId)!;
      return thing === 'hold'
        ? named('HoldExpired', id, kept.pool, { holdId: thingId, ...customerAndPlaces(kept) })
        : named('OfferExpired', id, kept.pool, { entryId: thingId, ...customerAndPlaces(kept) });
    });

  /** Returns the entries that the free places of a pool are offered to. */
  const fitting = (state: State, pool: string, most: number) => {
    const found = [];
    let { places } = state;
    let free = freeOf(state, pool);
    while (found.length < most) {
      const entry = firstThatFits(places, pool, free);
      if (!entry) break;
      found.push({ pool, entry });
      places = dequeue(places, entry.entryId);
      free -= entry.places;
    }
    return found;
  };

  /** Returns offers of the free places. */
  const offers = (id: string, state: State, input: DecisionInput, most: number): Event[] => {
    const { waiting, pools } = state.places;
    if (waiting.size === 0) return [];
    const expiresAt = plus(input.now, { seconds: holdFor(state) });
    // One more than are made, which tells whether further ones are due.
    const found: ReturnType<typeof fitting> = [];
    for (const pool of Object.keys(pools).sort())
      if (!refusal(state, input, pool)) found.push(...fitting(state, pool, most + 1 - found.length));
    return found.slice(0, most).map(({ pool, entry }, index) => {
      const more = index === most - 1 && found.length > most;
      return named('Offered', id, pool, { ...entry, expiresAt, ...(more ? { more } : {}) });
    });
  };

  const idIn = (data: object): string => (data as Readonly<Record<string, string>>)[key]!;
  const poolIn = (data: object): string => (data as Readonly<Record<string, string>>)[poolField] ?? ONLY_POOL;

  const evolve = Object.fromEntries(
    Object.entries<(places: Places, data: never, pool: string) => Places>(folds).map(([kind, fold]) => [
      `${prefix}${kind}`,
      (state: State, data: object) => ({ ...state, places: fold(state.places, data as never, poolIn(data)) }),
    ]),
  ) as object as {
    readonly [Kind in PlaceEventKind as `${Prefix}${Kind}`]: (
      state: State,
      data: Record<Key, string> & PlaceEventData<Kind>,
    ) => State;
  };

  /** Returns why a hold or an entry, with its offer, is not there any more. */
  const gone = (state: State, thing: Thing, id: string): Refusal => {
    const refused = endedRefusal(state.places, thing, id);
    // An id that is forgotten was taken, or its command would not be known.
    return refused === notFound[thing] ? alreadyExists[thing] : refused;
  };

  /** Refuses to end a hold or an entry that is not open. */
  const missing = (state: State, thing: Thing, id: string, input: DecisionInput): Refusal => {
    const refused = endedRefusal(state.places, thing, id);
    return refused === notFound[thing] ? (refusal(state, input) ?? refused) : refused;
  };

  type Id = Record<Key, string>;
  type Hold = { holdId: string; customerId: string; places: number };
  type Joining = { entryId: string; customerId: string; places: number };
  const ownerOfEntry = ({ entryId }: { entryId: string }, { places }: State): string | undefined =>
    (places.waiting.get(entryId) ?? places.offers.get(entryId) ?? recall(places.endedEntries, entryId))?.customerId;

  const rules = {
    Hold: {
      decide: ({ holdId, customerId, places, ...id }: Id & Hold, state: State, input: DecisionInput) => {
        const pool = poolIn(id);
        const refused = refusal(state, input, pool);
        if (refused) return refused;
        if (state.places.holds.has(holdId) || recall(state.places.endedHolds, holdId)) return alreadyExists.hold;
        if (!isFree(state, pool, places)) return isFull(state, pool);
        const expiresAt = plus(input.now, { seconds: holdFor(state) });
        return [named('Held', idIn(id), pool, { holdId, customerId, places, expiresAt })];
      },
      ended: ({ holdId, ...id }: Id & Hold, state: State, input: DecisionInput) =>
        state.places.holds.has(holdId) ? refusal(state, input, poolIn(id)) : gone(state, 'hold', holdId),
      answer: (data: object, events: readonly Message[]) => ({
        ...data,
        ...events.find(({ type }) => type === `${prefix}Held`)?.data,
        status: 'held',
      }),
    },

    ReleaseHold: {
      owner: ({ holdId }: { holdId: string }, { places }: State) =>
        (places.holds.get(holdId) ?? recall(places.endedHolds, holdId))?.customerId,
      decide: ({ holdId, ...id }: Id & { holdId: string }, state: State, input: DecisionInput) => {
        const hold = state.places.holds.get(holdId);
        if (!hold) return missing(state, 'hold', holdId, input);
        if (input.now >= hold.expiresAt) return refuse('hold-expired');
        return [named('HoldReleased', idIn(id), hold.pool, { holdId, ...customerAndPlaces(hold) })];
      },
      answer: (data: object) => ({ ...data, status: 'released' }),
    },

    JoinWaitingList: {
      decide: ({ entryId, customerId, places, ...id }: Id & Joining, state: State, input: DecisionInput) => {
        const pool = poolIn(id);
        const refused = refusal(state, input, pool);
        if (refused) return refused;
        if (ownerOfEntry({ entryId }, state) !== undefined) return alreadyExists.offer;
        if (poolOf(state.places, pool).entries.has(customerId)) return refuse('already-waiting');
        if (isFree(state, pool, places)) return refuse('places-left', `${freeOf(state, pool)} are free`);
        return [named('WaitingListJoined', idIn(id), pool, { entryId, customerId, places })];
      },
      ended({ entryId, ...id }: Id & Joining, state: State, input: DecisionInput) {
        const { waiting, offers } = state.places;
        const isOpen = waiting.has(entryId) || offers.has(entryId);
        return isOpen ? refusal(state, input, poolIn(id)) : gone(state, 'offer', entryId);
      },
      answer: (data: object) => ({ ...data, status: 'waiting' }),
    },

    LeaveWaitingList: {
      owner: ownerOfEntry,
      decide: ({ entryId, ...id }: Id & { entryId: string }, state: State, input: DecisionInput) => {
        const { waiting, offers } = state.places;
        const entry = waiting.get(entryId);
        if (entry) return [named('WaitingListLeft', idIn(id), entry.pool, { entryId, ...customerAndPlaces(entry) })];
        const offer = offers.get(entryId);
        if (!offer) return missing(state, 'offer', entryId, input);
        if (input.now >= offer.expiresAt) return refuse('offer-expired');
        return [named('OfferDeclined', idIn(id), offer.pool, { entryId, ...customerAndPlaces(offer) })];
      },
      answer: (data: Id & { entryId: string }, events: readonly Message[]) => {
        const isOwn = (event: Message) => (event.data as { entryId?: string }).entryId === data.entryId;
        const isDeclined = events.some((event) => event.type === `${prefix}OfferDeclined` && isOwn(event));
        return { ...data, status: isDeclined ? 'declined' : 'left' };
      },
    },

    Settle: {
      decide: ({ holdId, entryId }: Id & KeptFor, { places }: State, { now }: DecisionInput) => {
        const kept = holdId === undefined ? places.offers.get(entryId ?? '') : places.holds.get(holdId);
        return kept && now < kept.expiresAt ? notDue : [];
      },
    },
  };

  const commands = Object.fromEntries(
    Object.entries(rules).map(([kind, rule]) => [names[kind as keyof typeof names], rule]),
  ) as object as { readonly [Kind in keyof typeof rules as (typeof names)[Kind]]: (typeof rules)[Kind] };

  /**
   * Returns the ends of the holds, offers and entries of a resource that closes, or of one of its pools.
   * @param most events
   */
  const closing = (id: string, { places: { holds, offers, waiting } }: State, most: number, pool?: string): Event[] => {
    const reason = 'closed' as const;
    function* ends(): Generator<Event> {
      for (const [holdId, kept] of holds)
        yield named('HoldReleased', id, kept.pool, { holdId, ...customerAndPlaces(kept), reason });
      for (const [entryId, kept] of offers)
        yield named('OfferDeclined', id, kept.pool, { entryId, ...customerAndPlaces(kept), reason });
      for (const [entryId, entry] of waiting)
        yield named('WaitingListLeft', id, entry.pool, { entryId, ...customerAndPlaces(entry), reason });
    }
    const isIn = ({ data }: Event) => pool === undefined || poolIn(data) === pool;
    return ends().filter(isIn).take(most).toArray();
  };

  /** The number of holds, offers and entries that {@link closing} ends. */
  const open = ({ places: { holds, offers, waiting } }: State, pool?: string): number =>
    pool === undefined
      ? holds.size + offers.size + waiting.size
      : [holds, offers, waiting].reduce((sum, all) => sum + all.count((each) => each.pool === pool), 0);

  const own = new Set(Object.keys(evolve));
  const asked = new Set([`${prefix}Held`, `${prefix}WaitingListJoined`]);
  const withFacts = <Event extends Message>(state: State, event: Event): Event => {
    if (!own.has(event.type)) return event;
    const names = asked.has(event.type) ? {} : messageFields(state);
    return { ...event, data: { ...event.data, ...facts(state, event), ...names } };
  };

  const settled = new Set<string>([`${prefix}HoldExpired`, `${prefix}OfferExpired`, `${prefix}Offered`]);

  /**
   * Wraps a decider so that each of its decisions first ends what is due and offers what is free, and offers what it
   * frees itself. A refusal or a command that reads appends nothing: what is due then ends with the next decision.
   * @param alsoDue the events of other things of the stream that are due
   * @param closing the command, if any, whose own event leaves no room in an append: it ends what is due like the rest
   * @param dueTypes the types of events that only `alsoDue` returns: an answer does not get them
   */
  const settling = <Command extends Message, Own extends Message>(
    decider: Decider<Command, Own, State>,
    alsoDue: (data: Command['data'], state: State, input: DecisionInput) => readonly Own[] = () => [],
    { closing, dueTypes = [] }: { closing?: Command['type']; dueTypes?: readonly Own['type'][] } = {},
  ): Decider<Command, Own, State> => {
    /** Ends what is due before a command, and offers what is free. */
    const settle = ({ type, data }: Command, before: State, input: DecisionInput) => {
      const id = decider.id(data);
      let state = before;
      const made: Own[] = [];
      const take = (events: readonly Message[]): void => {
        const complete = (events as readonly Own[]).map((event) => withFacts(state, event));
        made.push(...complete);
        state = complete.reduce(decider.evolve, state);
      };
      const room = () => Math.max(1, OFFERS_PER_COMMAND - made.length);
      if (type !== closing) {
        take(alsoDue(data, state, input));
        take(due(id, state, input.now, room()));
        take(offers(id, state, input, room()));
      }
      return { id, made, take, room: room(), state: () => state };
    };
    return {
      ...decider,
      decide(command, before, input) {
        if (decider.read?.(command, before) !== undefined) return decider.decide(command, before, input);
        const { id, made, take, room, state } = settle(command, before, input);
        const revision = input.revision + BigInt(made.length);
        const decision = decider.decide(command, state(), { ...input, revision });
        if (isRefusal(decision)) return decision;
        take(decision);
        take(offers(id, state(), input, room));
        return made;
      },
      ended: (command, before, input) => decider.ended?.(command, settle(command, before, input).state(), input),
      answer: (command, events) =>
        decider.answer(
          command,
          events.filter(({ type }) => !settled.has(type) && !dueTypes.includes(type)),
        ),
    };
  };

  return { evolve, commands, refusalOf, closing, open, settling };
};
