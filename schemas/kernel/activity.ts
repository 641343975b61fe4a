import { type Static, type TObject, Type } from 'typebox';
import type { ContextSchema } from './context.ts';
import { Strict, Time } from './values.ts';

const Level = Type.Integer({
  description: 'The amount in use: reserved spots, open orders, rented bikes.',
  examples: [3],
});

/** The level of use of a context, minute by minute. Minutes without an event are left out: the level did not change. */
export const Activity = Strict({
  level: Level,
  minutes: Type.Array(
    Strict({ at: Time, level: Level, events: Type.Integer({ minimum: 1, description: 'In this minute.' }) }),
    { description: 'The last 120 minutes with events, oldest first.' },
  ),
});

export type Activity = Static<typeof Activity>;

/** The view that holds a context's activity. */
export const activityView = (context: Pick<ContextSchema, 'name'>): string => `${context.name}.activity`;

/** The activity of every context; null before a context's first event. */
export const activities = (contexts: readonly ContextSchema[]): TObject =>
  Strict({
    contexts: Strict(Object.fromEntries(contexts.map(({ name }) => [name, Type.Union([Activity, Type.Null()])]))),
  });
