import { type Static, type TObject, type TProperties, Type } from 'typebox';
import { customer, type Rule } from '../access.ts';
import {
  type CommandHttp,
  type CommandSchema,
  command,
  type EventSchema,
  event,
  type ProblemSchema,
} from './context.ts';
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

const Reason = Status('closed');

const hold = { holdId: Id, customerId: Id, places: Places };
const entry = { entryId: Id, customerId: Id, places: Places };
/** The resource was closed; left out when the customer ended it. */
const reason = { reason: Type.Optional(Reason) };

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

const summaries: Readonly<Record<keyof typeof eventFields, string>> = {
  Held: 'Places were held for a customer',
  HoldExpired: 'The hold expired and its places are free',
  HoldReleased: 'The hold was released and its places are free',
  WaitingListJoined: 'A customer joined the waiting list',
  WaitingListLeft: 'A customer left the waiting list',
  Offered: 'Free places were offered to a waiting customer',
  OfferExpired: 'The offer expired and its places are free',
  OfferDeclined: 'The offer was declined and its places are free',
};

const commandFields = {
  Hold: hold,
  ReleaseHold: { holdId: Id },
  JoinWaitingList: entry,
  LeaveWaitingList: { entryId: Id },
  Settle: { holdId: Type.Optional(Id), entryId: Type.Optional(Id) },
};

type CommandNames<Prefix extends string> = {
  Hold: `Hold${Prefix}`;
  ReleaseHold: `Release${Prefix}Hold`;
  JoinWaitingList: `Join${Prefix}WaitingList`;
  LeaveWaitingList: `Leave${Prefix}WaitingList`;
  Settle: `Settle${Prefix}s`;
};

const commandNames = <Prefix extends string>(prefix: Prefix): CommandNames<Prefix> => ({
  Hold: `Hold${prefix}`,
  ReleaseHold: `Release${prefix}Hold`,
  JoinWaitingList: `Join${prefix}WaitingList`,
  LeaveWaitingList: `Leave${prefix}WaitingList`,
  Settle: `Settle${prefix}s`,
});

type EventFields = typeof eventFields;
type CommandFields = typeof commandFields;
type Keyed<Key extends string, Fields> = TObject<Record<Key, typeof Id> & Fields>;

/** The kinds of events: `SpotHeld` is of the kind `Held`. */
export type PlaceEventKind = keyof EventFields & string;

/** The data of the events of a kind, without the id of their resource. */
export type PlaceEventData<Kind extends PlaceEventKind> = Static<TObject<EventFields[Kind]>>;

/** The kinds of the events of holds, and of those that only repeat what the customer asked for. */
const HOLD_KINDS = ['Held', 'HoldExpired', 'HoldReleased'] as const;
const ASKED_KINDS = ['Held', 'WaitingListJoined'] as const;
type HoldKind = (typeof HOLD_KINDS)[number];
type AskedKind = (typeof ASKED_KINDS)[number];
const isOneOf = (kinds: readonly PlaceEventKind[], kind: PlaceEventKind): boolean => kinds.includes(kind);

export type PlaceEvents<
  Prefix extends string,
  Key extends string,
  About extends TProperties,
  Held extends TProperties,
  Told extends TProperties,
> = {
  readonly [Kind in PlaceEventKind as `${Prefix}${Kind}`]: EventSchema<
    Keyed<
      Key,
      EventFields[Kind] & About & (Kind extends HoldKind ? Held : unknown) & (Kind extends AskedKind ? unknown : Told)
    >
  >;
};

/** The commands that name a pool, if a resource has several. */
type Taking = 'Hold' | 'JoinWaitingList';

export type PlaceCommands<
  Prefix extends string,
  Key extends string,
  Pool extends TProperties,
  Held extends TProperties,
> = {
  readonly [Kind in keyof CommandFields as CommandNames<Prefix>[Kind]]: CommandSchema<
    Keyed<Key, CommandFields[Kind] & (Kind extends Taking ? Pool : unknown) & (Kind extends 'Hold' ? Held : unknown)>
  > &
    (Kind extends 'Settle' ? unknown : { http: CommandHttp });
};

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
 * @param told optional fields of the events that make messages: facts of the resource that these name
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
  Told extends TProperties = Record<never, never>,
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
  told = {} as Told,
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
  told?: Told;
  pool?: Pool;
  held?: Held;
  heldProblems?: readonly string[];
  versions?: Partial<Record<PlaceEventKind, number>>;
}) => {
  const id = { [key]: Id } as Record<Key, typeof Id>;
  const names = commandNames(prefix);
  const events = Object.fromEntries(
    (Object.entries(eventFields) as [PlaceEventKind, TProperties][]).map(([kind, fields]) => [
      `${prefix}${kind}`,
      event(
        summaries[kind],
        Strict({
          ...id,
          ...pool,
          ...about,
          ...fields,
          ...(isOneOf(HOLD_KINDS, kind) ? held : {}),
          ...(isOneOf(ASKED_KINDS, kind) ? {} : told),
        }),
        versions[kind],
      ),
    ]),
  ) as object as PlaceEvents<Prefix, Key, About & Pool, Held, Told>;

  const places = most === MOST_PLACES ? {} : { places: Type.Integer({ ...Places, maximum: most, examples: [2] }) };

  const commands = {
    [names.Hold]: command(
      `Hold ${things} until they are reserved`,
      Strict({ ...id, ...pool, ...commandFields.Hold, ...places, ...held }),
      {
        route: `POST ${path}/holds`,
        id: 'holdId',
        answer: Strict({ ...id, ...pool, ...about, ...hold, ...held, expiresAt: Time, status: Status('held') }),
      },
      [...refusals, ...poolRefusals, ...heldProblems, 'hold-already-exists', full],
    ),
    [names.ReleaseHold]: command(
      `Release the ${things} of a hold`,
      Strict({ ...id, ...commandFields.ReleaseHold }),
      { route: `DELETE ${path}/holds/{holdId}`, answer: Strict({ ...id, holdId: Id, status: Status('released') }) },
      [...refusals, 'hold-not-found', 'hold-expired', 'hold-ended'],
    ),
    [names.JoinWaitingList]: command(
      `Wait for ${things} in a full ${resource}`,
      Strict({ ...id, ...pool, ...commandFields.JoinWaitingList, ...places }),
      {
        route: `POST ${path}/waiting-list`,
        id: 'entryId',
        answer: Strict({ ...id, ...pool, ...entry, status: Status('waiting') }),
      },
      [...refusals, ...poolRefusals, 'entry-already-exists', 'already-waiting', 'places-left'],
    ),
    [names.LeaveWaitingList]: command(
      `Leave the waiting list, or decline the offered ${things}`,
      Strict({ ...id, ...commandFields.LeaveWaitingList }),
      {
        route: `DELETE ${path}/waiting-list/{entryId}`,
        answer: Strict({ ...id, entryId: Id, status: Status('left', 'declined') }),
      },
      [...refusals, 'entry-not-found', 'entry-ended', 'offer-expired'],
    ),
    [names.Settle]: command(
      'End the holds and offers that are due, and offer the free places',
      Strict({ ...id, ...commandFields.Settle }),
    ),
  } as object as PlaceCommands<Prefix, Key, Pool, Held>;

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
      waitingList: {
        ...list(`The waiting list of a ${resource}`, `${path}/waiting-list`, entryDocument, {
          filters: { ...entryFilters, ...pool },
          sorts: ['order'],
        }),
        position,
      },
      waitingListEntry: {
        ...one('One entry of a waiting list', `${path}/waiting-list/{entryId}`, entryDocument),
        position,
      },
      waitingListEntries: {
        ...list('Entries in every waiting list', `/${path.split('/')[1]}/waiting-list`, entryDocument, {
          filters: { ...entryFilters, ...id },
          range: 'joinedAt',
        }),
        position,
      },
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
    events,
    commands,
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
