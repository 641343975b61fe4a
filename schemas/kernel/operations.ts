import { type Static, Type } from 'typebox';
import { Status, Strict, Time } from './values.ts';

const Decimal = Type.String({ pattern: '^(-1|\\d{1,20})$', examples: ['4711'] });

/** An event that a projection or policy could not handle. */
export const ParkedEvent = Strict({
  parkedId: Type.String({ examples: ['parking.lots:0190163d-8694-739b-aea5-966c26f8ad91'] }),
  member: Type.String({ examples: ['parking.lots'] }),
  state: Status('parked', 'replaying', 'discarded'),
  blocks: Type.Boolean({ description: 'Whether the consumer waits for it.' }),
  reason: Type.String(),
  attempts: Type.Integer({ minimum: 1 }),
  parkedAt: Time,
  position: Decimal,
  type: Type.String({ examples: ['ParkingReserved'] }),
  stream: Type.String({ examples: ['parkingLot-lot-1'] }),
  revision: Decimal,
  data: Type.String({ description: "The event's data, as JSON." }),
});

/** A change of a parked event: handle it again, or discard it. */
export const ParkedChange = Strict({ state: Status('replaying', 'discarded') });

export const Replay = Strict({
  view: Type.String({ examples: ['parking.lots'] }),
  state: {
    ...Status('running', 'switched', 'stopped', 'failed'),
    description: 'A stopped replay continues when it is requested again.',
  },
  startedAt: Time,
  events: Type.Integer({ minimum: 0, description: 'Events read so far.' }),
  share: Type.Number({ minimum: 0, maximum: 1, description: 'The share of the log that has been read.' }),
  switchedAt: Type.Optional(Time),
  reason: Type.Optional(Type.String()),
});

export type Replay = Static<typeof Replay>;

/** Views to rebuild from history. */
export const ReplayRequest = Strict({
  views: Type.Array(Type.String({ minLength: 1, maxLength: 100, examples: ['parking.lots'] }), {
    minItems: 1,
    maxItems: 200,
  }),
});

export const ReplayChange = Strict({ state: Status('stopped') });

/** Whether the event store is the one that the views were made of. */
export const EventStoreState = Strict({
  state: {
    ...Status('same', 'other'),
    description:
      'Other: it lacks events that the views have, because it was emptied or restored from an older copy, or is another one. Commands and queries are refused until it is accepted.',
  },
  reason: Type.Optional(Type.String({ description: 'What it lacks, and what can be done.' })),
  foundAt: Type.Optional(Time),
});

/** The decision that the event store's history counts. */
export const EventStoreChange = Strict({ state: Status('accepted') });

/** The demo of a Plaza whose data folder is empty or holds the demo's own data. */
export const LivingDemo = Strict({
  state: {
    ...Status('empty', 'filling', 'running', 'stopped', 'unavailable'),
    description:
      'Empty: there is no data yet. Filling: a day of history is written. Running: something happens every second. Stopped: the data is the demo’s. Unavailable: there is other data, or this process cannot run it.',
  },
  until: Type.Optional({ ...Time, description: 'When a running demo ends by itself.' }),
});

export type LivingDemo = Static<typeof LivingDemo>;

export const Replays = Strict({ items: Type.Array(Replay) });
