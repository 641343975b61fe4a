import { type Static, type TObject, Type } from 'typebox';
import { type ContextSchema, Strict } from './context.ts';
import { Time } from './values.ts';

const Level = Type.Integer({ description: 'What is taken: reserved spots, open orders, bikes out.', examples: [3] });

/** How much of a context was taken, minute by minute. Minutes without an event are left out: the level stayed. */
export const Activity = Strict({
  level: Level,
  minutes: Type.Array(
    Strict({ at: Time, level: Level, events: Type.Integer({ minimum: 1, description: 'In this minute.' }) }),
    { description: 'The last two busy hours, oldest first.' },
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
