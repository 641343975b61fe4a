import type { ContextSchema, EventOf } from '../../schemas/kernel/context.ts';

type AnyMessage = { type: string; data: object };

/**
 * What an event means for a process manager's schedule: something that must be done, at a time, unless a later event
 * takes it off; or that a thing needs not be done any more.
 */
export type Plan =
  | { key: string; task: string; afterMs: number; data: object }
  /** Takes off what was planned under the key. */
  | { key: string; task: null };

/**
 * A process manager: pure, but for the work itself, which reaches outside. Its schedule is made of events alone and
 * kept in the database, so deadlines survive restarts, and are made again from the log when the database is lost.
 */
export type ProcessManager<Event extends AnyMessage = AnyMessage> = {
  /** `{context}.{name}`; for ever: its checkpoint is found by it. */
  name: string;
  context: ContextSchema;
  events: readonly Event['type'][];
  /** A task is done `afterMs` after its event. Under one key there is one task: the latest planned. */
  plan(event: Event): readonly Plan[];
};

/** Declares a process manager, checked against its context's events. */
export const processManager = <Context extends ContextSchema, Type extends EventOf<Context['events']>['type']>(
  definition: Omit<ProcessManager, 'context' | 'events' | 'plan'> & {
    context: Context;
    events: readonly Type[];
    plan(event: Extract<EventOf<Context['events']>, { type: Type }>): readonly Plan[];
  },
): ProcessManager => definition as unknown as ProcessManager;
