import { type TObject, Type } from 'typebox';
import type { ContextSchema } from './context.ts';
import { HistoryEntry } from './history.ts';
import { Status, Strict, Time } from './values.ts';

/** A view's position: every event up to it is in the view. */
export const ReachedPosition = Type.String({
  pattern: '^(-1|\\d{1,20})$',
  description: 'Decimal; -1 before the first event.',
  examples: ['4711'],
});

/** The position, state and lag of a projection or a policy. */
export const ProjectionStatus = Strict({
  name: Type.String({ examples: ['parking.lots'] }),
  view: Type.String({ examples: ['parking.lots'] }),
  group: Status('projections', 'policies', 'rebuilds'),
  version: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  state: Status('live', 'catching-up', 'rebuilding', 'stopped'),
  reason: Type.Optional(
    Type.String({
      description: 'Why it is stopped before an event of a newer version; left out when no process works on it.',
      examples: ['ParkingReserved version 3 is stored, this Plaza knows 2'],
    }),
  ),
  position: ReachedPosition,
  tail: ReachedPosition,
  eventsBehind: Type.Integer({
    minimum: 0,
    description: 'Exact up to 500, an estimate above; the least that it may be while no process reports.',
    examples: [0],
  }),
  secondsBehind: Type.Number({
    minimum: 0,
    description: 'The age of the oldest unhandled event; the most that it may be while no process reports.',
    examples: [0],
  }),
  secondsSinceProgress: Type.Number({ minimum: 0, description: 'Since its position last changed.', examples: [0.2] }),
  secondsSinceReport: Type.Number({ minimum: 0, description: 'Since a process last reported its state.' }),
  parked: Type.Integer({ minimum: 0, description: 'Parked events: those that could not be handled.' }),
});

/**
 * The cursor of a stream of events of several contexts: `4711`, or `4711;parking=4698` when a context is at another
 * position.
 */
export const EventCursor = Type.String({
  pattern: '^(-1|\\d{1,20})(;[a-z][a-z0-9-]*=(-1|\\d{1,20}))*$',
  examples: ['4711'],
});

/** An event as the control centre shows it. */
export const ControlCenterEvent = Type.Object({
  context: Type.String({ examples: ['parking'] }),
  ...HistoryEntry.properties,
});

/**
 * One document over every context. A context whose views cannot be read, or that is outside the caller's scope, is
 * null; the others are there.
 */
export const controlCenter = (contexts: readonly ContextSchema[]): TObject =>
  Strict({
    time: Time,
    position: ReachedPosition,
    contexts: Strict(
      Object.fromEntries(
        contexts.flatMap(({ name, overview }) => (overview ? [[name, Type.Union([overview, Type.Null()])]] : [])),
      ),
    ),
    events: Type.Array(ControlCenterEvent, { description: 'The latest, newest first.' }),
    eventCursor: EventCursor,
    projections: Type.Array(ProjectionStatus),
  });
