import { Type } from 'typebox';
import type { ContextSchema, ViewQuery } from './context.ts';
import { list } from './queries.ts';
import { Time } from './values.ts';

/** A position in the event store's log, in decimal: a 64-bit number does not fit into JSON's. */
export const PositionText = Type.String({ pattern: '^\\d{1,20}$', examples: ['4711'] });

export const EventId = Type.String({
  pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
  examples: ['0190163d-8694-739b-aea5-966c26f8ad91'],
});

export const HistoryEntry = Type.Object({
  eventId: EventId,
  type: Type.String({ examples: ['ParkingReserved'] }),
  data: Type.Object({}, { description: "The event's data, in its current version." }),
  time: Time,
  actor: Type.String({
    description: "The sender of the command: `anonymous`, the caller's id, or `policy:{name}`.",
    examples: ['anonymous'],
  }),
  correlationId: Type.String({ description: 'The same for all events that result from one request.' }),
  causationId: Type.String({
    description: 'The command that caused the event, or the event that a policy reacted to.',
  }),
  commandId: Type.String(),
  stream: Type.String({ examples: ['parkingLot-lot-1'] }),
  revision: Type.String({
    pattern: '^\\d{1,20}$',
    description: 'The revision in its stream, from 0.',
    examples: ['3'],
  }),
  position: PositionText,
});

/** Returns the name of the view with a context's events. */
export const historyView = (context: Pick<ContextSchema, 'name'>): string => `${context.name}.history`;

/** A position as the `_id` of a history's document: 20 digits, so that the order of text is the order of events. */
export const historyId = (commit: bigint): string => commit.toString().padStart(20, '0');

/** Returns the name of a document in the entries of the events that changed it. @param key its `_id` */
export const documentName = (view: string, key: string): string => `${view} ${key}`;

/**
 * Returns the queries for the history of each resource of a context: a list beside every query for one document whose
 * path names it, called `{query}History`, in the order of events.
 */
const historyQueries = (context: ContextSchema): Readonly<Record<string, ViewQuery>> =>
  Object.fromEntries(
    Object.entries(context.queries).flatMap(([name, { answer, hasHistory = true, path, summary, item }]) => {
      if (answer !== 'one' || !hasHistory || !path.includes('{')) return [];
      const query = list(`${summary}: its events`, `${path}/history`, HistoryEntry, { sorts: ['position'] });
      return [[`${name}History`, { ...query, parameters: item.properties, view: historyView(context) }]];
    }),
  );

/** Returns every query of a context, including those for histories. */
export const queriesOf = (context: ContextSchema): Readonly<Record<string, ViewQuery>> => ({
  ...context.queries,
  ...historyQueries(context),
});
