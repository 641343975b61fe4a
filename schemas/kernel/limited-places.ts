import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { customer, type Rule } from '../access.ts';
import { command, event, type ProblemSchema } from './context.ts';
import { inView, list, one } from './queries.ts';
import { Id, Status, Strict, Time, UtcTime } from './values.ts';

/*
 * Holds, waiting lists and groups of a resource with a limited number of places: the spots of a lot, the places of a
 * slot, the seats of a showing. Each context gets events, commands and queries of its own, since the names of events
 * and commands are unique across contexts.
 */

/** The most places of one request. */
export const MOST_PLACES = 10;

/** The places of one request: they are taken together or not at all. */
export const Places = Type.Integer({ minimum: 1, maximum: MOST_PLACES, examples: [1] });

export const DEFAULT_HOLD_FOR = 300;

/** How long a hold or an offer keeps its places. */
export const HoldFor = Type.Integer({
  minimum: 10,
  maximum: 3600,
  examples: [DEFAULT_HOLD_FOR],
  description: `Seconds for which a hold or an offer keeps its places. Left out: ${DEFAULT_HOLD_FOR}.`,
});

/**
 * How many holds and offers one decision ends and makes, and how many reservations and entries one command of a
 * resource that closes ends. The events of both go into one append, and the store takes 1 MiB.
 */
export const OFFERS_PER_COMMAND = 100;
export const CANCELLATIONS_PER_COMMAND = 150;

const hold = { holdId: Id, customerId: Id, places: Places };
const entry = { entryId: Id, customerId: Id, places: Places };
/** The resource was closed; left out when the customer ended it. */
const reason = { reason: Type.Optional(Status('closed')) };

const eventFields = {
  Held: { ...hold, expiresAt: UtcTime },
  HoldExpired: hold,
  HoldReleased: { ...hold, ...reason },
  WaitingListJoined: entry,
  WaitingListLeft: { ...entry, ...reason },
  /** `more` marks an offer after which further ones are due: they follow in the next append. */
  Offered: { ...entry, expiresAt: UtcTime, more: Type.Optional(Type.Boolean()) },
  OfferExpired: entry,
  OfferDeclined: { ...entry, ...reason },
};

/** The kinds of events: `SpotHeld` is of the kind `Held`. */
export type PlaceEventKind = keyof typeof eventFields;

/** The data of the events of a kind, without the id of their resource. */
export type PlaceEventData<Kind extends PlaceEventKind> = Static<TObject<(typeof eventFields)[Kind]>>;

const commandNames = <Prefix extends string>(prefix: Prefix) =>
  ({
    Hold: `Hold${prefix}`,
    ReleaseHold: `Release${prefix}Hold`,
    JoinWaitingList: `Join${prefix}WaitingList`,
    LeaveWaitingList: `Leave${prefix}WaitingList`,
    Settle: `Settle${prefix}s`,
  }) as const;

type CommandNames<Prefix extends string> = ReturnType<typeof commandNames<Prefix>>;

const holdItem = {
  ...hold,
  used: Type.Integer({ minimum: 0, description: 'Places that reservations have taken from the hold.' }),
  status: Status('held', 'used', 'expired', 'released'),
  heldAt: Time,
  expiresAt: Time,
  endedAt: Type.Optional(Time),
};

const entryItem = {
  ...entry,
  used: Type.Integer({ minimum: 0, description: 'Places that reservations have taken from the offer.' }),
  status: Status('waiting', 'offered', 'accepted', 'expired', 'declined', 'left'),
  /** The revision of its event in the stream of the resource. */
  order: Type.Integer({ minimum: 0, description: 'Entries with a lower one came earlier.' }),
  position: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Its place among the waiting entries of the resource, from 1.' }),
  ),
  joinedAt: Time,
  offeredAt: Type.Optional(Time),
  expiresAt: Type.Optional(Time),
  endedAt: Type.Optional(Time),
};

export type HoldView = Static<TObject<typeof holdItem>>;
export type EntryView = Static<TObject<typeof entryItem>>;

export const placeProblems = {
  'hold-not-found': { status: 404, title: 'There is no such hold' },
  'hold-already-exists': { status: 409, title: 'A hold with this id exists already' },
  'hold-expired': { status: 409, title: 'The hold has expired' },
  'hold-ended': { status: 409, title: 'The hold was used or released' },
  'entry-not-found': { status: 404, title: 'There is no such entry in the waiting list' },
  'entry-already-exists': { status: 409, title: 'An entry with this id exists already' },
  'entry-ended': { status: 409, title: 'The entry has left the waiting list' },
  'already-waiting': { status: 409, title: 'The customer is in the waiting list already' },
  'places-left': { status: 409, title: 'Enough places are free: there is nothing to wait for' },
  'not-offered': { status: 409, title: 'No place is offered to the entry yet' },
  'offer-expired': { status: 409, title: 'The offer has expired' },
  'too-few-kept': { status: 409, title: 'The hold or the offer has fewer places left' },
} as const satisfies Readonly<Record<string, ProblemSchema>>;

/**
 * The fields with which a reservation takes places that are kept for its customer, and the problems that it may meet.
 */
export const keptPlaces = {
  fields: { holdId: Type.Optional(Id), entryId: Type.Optional(Id) },
  problems: [
    'hold-not-found',
    'hold-expired',
    'hold-ended',
    'entry-not-found',
    'entry-ended',
    'not-offered',
    'offer-expired',
    'too-few-kept',
  ],
} as const;

/**
 * Declares holds and a waiting list of a resource: all parts that a context's schema gets of them.
 *
 *     const spots = limitedPlaces({ context: 'parking', prefix: 'Spot', key: 'lotId', path: '/parking/lots/{lotId}',
 *       things: 'spots', resource: 'lot', full: 'lot-full', refusals: ['lot-not-found', 'lot-closed'] });
 *
 * @param prefix of the names of its events and commands: `SpotHeld`, `HoldSpot`
 * @param key the field that names the resource
 * @param path of the resource; the paths of holds and of the waiting list are below it
 * @param things a word for the places, in the plural, and `resource` for what has them
 * @param full the problem of a resource that has too few free places
 * @param refusals the problems of a resource that does not exist, or takes no reservations
 * @param poolRefusals the problems of a pool that does not exist
 * @param most places of one request
 * @param about optional fields of the events besides the module's own: facts of the resource
 * @param messageFields optional fields of the events that make messages: facts of the resource that these name
 * @param held optional fields of a hold, its command and its events, such as the names of the held seats
 * @param heldProblems the problems of these fields
 * @param versions of the events whose fields have changed since they were first stored
 * @param pool the optional field that names a part of the resource with places of its own, such as a session; left out,
 *   the resource is one pool
 */
export const limitedPlaces = <
  const Context extends string,
  const Prefix extends string,
  const Key extends string,
  About extends TProperties = Record<never, never>,
  Pool extends TProperties = Record<never, never>,
  Held extends TProperties = Record<never, never>,
  MessageFields extends TProperties = Record<never, never>,
>({
  context,
  prefix,
  key,
  path,
  things,
  resource,
  full,
  refusals,
  poolRefusals = [],
  most = MOST_PLACES,
  about = {} as About,
  messageFields = {} as MessageFields,
  pool = {} as Pool,
  held = {} as Held,
  heldProblems = [],
  versions = {},
}: {
  context: Context;
  prefix: Prefix;
  key: Key;
  path: `/${string}`;
  things: string;
  resource: string;
  full: string;
  refusals: readonly string[];
  poolRefusals?: readonly string[];
  most?: number;
  about?: About;
  messageFields?: MessageFields;
  pool?: Pool;
  held?: Held;
  heldProblems?: readonly string[];
  versions?: Partial<Record<PlaceEventKind, number>>;
}) => {
  const id = { [key]: Id } as Record<Key, typeof Id>;
  const names = commandNames(prefix);

  const eventOf = <Kind extends PlaceEventKind, More extends TProperties>(kind: Kind, summary: string, more: More) =>
    event(summary, Strict({ ...id, ...pool, ...about, ...eventFields[kind], ...more }), versions[kind]);
  const events = {
    Held: eventOf('Held', 'Places were held for a customer', held),
    HoldExpired: eventOf('HoldExpired', 'The hold expired and its places are free', { ...held, ...messageFields }),
    HoldReleased: eventOf('HoldReleased', 'The hold was released and its places are free', {
      ...held,
      ...messageFields,
    }),
    WaitingListJoined: eventOf('WaitingListJoined', 'A customer joined the waiting list', {}),
    WaitingListLeft: eventOf('WaitingListLeft', 'A customer left the waiting list', messageFields),
    Offered: eventOf('Offered', 'Free places were offered to a waiting customer', messageFields),
    OfferExpired: eventOf('OfferExpired', 'The offer expired and its places are free', messageFields),
    OfferDeclined: eventOf('OfferDeclined', 'The offer was declined and its places are free', messageFields),
  };
  const namedEvents = Object.fromEntries(
    Object.entries(events).map(([kind, declared]) => [`${prefix}${kind}`, declared]),
  ) as object as { readonly [Kind in PlaceEventKind as `${Prefix}${Kind}`]: (typeof events)[Kind] };

  const placesAsked = most === MOST_PLACES ? Places : Type.Integer({ ...Places, maximum: most, examples: [2] });
  const commands = {
    Hold: command(
      `Hold ${things} until they are reserved`,
      Strict({ ...id, ...pool, ...hold, places: placesAsked, ...held }),
      {
        route: `POST ${path}/holds`,
        id: 'holdId',
        answer: Strict({ ...id, ...pool, ...about, ...hold, ...held, expiresAt: Time, status: Status('held') }),
      },
      [...refusals, ...poolRefusals, ...heldProblems, 'hold-already-exists', 'hold-expired', 'hold-ended', full],
    ),
    ReleaseHold: command(
      `Release the ${things} of a hold`,
      Strict({ ...id, holdId: Id }),
      { route: `DELETE ${path}/holds/{holdId}`, answer: Strict({ ...id, holdId: Id, status: Status('released') }) },
      [...refusals, 'hold-not-found', 'hold-expired', 'hold-ended'],
    ),
    JoinWaitingList: command(
      `Wait for ${things} in a full ${resource}`,
      Strict({ ...id, ...pool, ...entry, places: placesAsked }),
      {
        route: `POST ${path}/waiting-list`,
        id: 'entryId',
        answer: Strict({ ...id, ...pool, ...entry, status: Status('waiting') }),
      },
      [
        ...refusals,
        ...poolRefusals,
        'entry-already-exists',
        'entry-ended',
        'offer-expired',
        'already-waiting',
        'places-left',
      ],
    ),
    LeaveWaitingList: command(
      `Leave the waiting list, or decline the offered ${things}`,
      Strict({ ...id, entryId: Id }),
      {
        route: `DELETE ${path}/waiting-list/{entryId}`,
        answer: Strict({ ...id, entryId: Id, status: Status('left', 'declined') }),
      },
      [...refusals, 'entry-not-found', 'entry-ended', 'offer-expired'],
    ),
    Settle: command(
      'End the holds and offers that are due, and offer the free places',
      Strict({ ...id, holdId: Type.Optional(Id), entryId: Type.Optional(Id) }),
    ),
  };
  const namedCommands = Object.fromEntries(
    Object.entries(commands).map(([kind, declared]) => [names[kind as keyof typeof names], declared]),
  ) as object as { readonly [Kind in keyof typeof commands as CommandNames<Prefix>[Kind]]: (typeof commands)[Kind] };

  const holdDocument = Strict({ ...id, ...pool, ...about, ...holdItem, ...held });
  const entryDocument = Strict({ ...id, ...pool, ...about, ...entryItem });
  const entryFilters = { customerId: Id, status: entryItem.status };
  const poolFields = Object.keys(pool);
  const position = { field: 'position', by: 'order', within: [key, ...poolFields], among: { status: 'waiting' } };
  const queries = {
    ...inView(`${context}.holds`, {
      holds: list(`The holds of a ${resource}`, `${path}/holds`, holdDocument, {
        filters: { customerId: Id, status: holdItem.status, ...pool },
        range: 'expiresAt',
      }),
      hold: one('One hold', `${path}/holds/{holdId}`, holdDocument),
    }),
    ...inView(`${context}.waitingList`, {
      waitingList: list(`The waiting list of a ${resource}`, `${path}/waiting-list`, entryDocument, {
        filters: { ...entryFilters, ...pool },
        sorts: ['order'],
        position,
      }),
      waitingListEntry: one('One entry of a waiting list', `${path}/waiting-list/{entryId}`, entryDocument, {
        position,
      }),
      waitingListEntries: list('Entries in every waiting list', `/${path.split('/')[1]}/waiting-list`, entryDocument, {
        filters: { ...entryFilters, ...id },
        range: 'joinedAt',
        position,
      }),
    }),
  };

  const own = customer();
  const access = Object.fromEntries(
    [names.Hold, names.ReleaseHold, names.JoinWaitingList, names.LeaveWaitingList, ...Object.keys(queries)].map(
      (name) => [name, own],
    ),
  ) as Record<string, Rule>;

  return {
    context,
    prefix,
    key,
    ...(poolFields[0] === undefined ? {} : { pool: poolFields[0] }),
    names,
    events: namedEvents,
    commands: namedCommands,
    queries,
    access,
    problems: placeProblems,
    full,
  };
};

/** The parts of {@link limitedPlaces} that name its events and commands. */
export type PlaceNames<Prefix extends string = string, Key extends string = string> = {
  context: string;
  prefix: Prefix;
  key: Key;
  /** The field that names a pool, if a resource has several. */
  pool?: string;
  names: CommandNames<Prefix>;
  full: string;
};
