import type { ContextSchema, EventOf } from '../../schemas/kernel/context.ts';

type AnyMessage = { type: string; data: object };

/**
 * The effect of an event on the schedule of a process manager: it plans a task for a time, or removes a planned task.
 */
export type Plan =
  | { key: string; task: string; afterMs: number; data: object }
  /** Removes the task that was planned under the key. */
  | { key: string; task: null };

/**
 * A process manager. Its plan is pure; only its tasks call services. The schedule derives from events alone and is kept
 * in the database, so deadlines survive restarts, and are rebuilt from the log when the database is lost.
 */
export type ProcessManager<Event extends AnyMessage = AnyMessage> = {
  /** `{context}.{name}`; never changes, because the checkpoint is found by it. */
  name: string;
  context: ContextSchema;
  events: readonly Event['type'][];
  /** A task is due `afterMs` after its event. A key has one task: the latest planned. */
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
