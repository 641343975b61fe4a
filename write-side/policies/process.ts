import type { CommandOf, ContextSchema, EventOf } from '../../schemas/kernel/context.ts';
import type { Message } from '../kernel/decider.ts';
import type { EventIn, PolicyEvent } from './policy.ts';

/**
 * The effect of an event on the schedule of a process manager: it plans a task for a time, or removes a planned task.
 */
export type Plan =
  /** Due some milliseconds after the event is read. */
  | { key: string; task: string; afterMs: number; data: object; before?: string }
  /** Due at a moment: UTC with milliseconds. From the moment `before` on, the task is no longer planned. */
  | { key: string; task: string; at: string; data: object; before?: string }
  /** Removes the task that was planned under the key. */
  | { key: string; task: null };

/** An event as a plan gets it. */
export type PlannedEvent<Event extends Message = Message> = PolicyEvent<Event> & {
  /** UTC with milliseconds. */
  time: string;
};

/**
 * A process manager. Its plan is pure; only its tasks call services. The schedule derives from events alone and is kept
 * in the database, so deadlines survive restarts, and are rebuilt from the log when the database is lost.
 */
export type ProcessManager<Event extends Message = Message> = {
  /** `{context}.{name}`; never changes, because the checkpoint is found by it. */
  name: string;
  context: ContextSchema;
  events: readonly Event['type'][];
  /**
   * Whether its tasks hold personal data: those whose data names a customer are removed when the customer is erased.
   */
  isPersonal?: true;
  /** A key has one task: the latest planned. */
  plan(event: PlannedEvent<Event>): readonly Plan[];
  /** Performs its tasks. Left out for a timer, whose tasks are commands. */
  perform?: Perform;
};

/**
 * Performs a task. It may be called twice for one task, and must then have one effect.
 * @param dispatch handles a command; rejects when it is not known whether the command was done
 * @throws Error to be called again later
 */
export type Perform = (
  task: { task: string; data: object; attempts: number },
  dispatch: (command: Message) => Promise<'done' | 'refused'>,
) => Promise<void>;

/** Declares a process manager, checked against its context's events. */
export const processManager = <Context extends ContextSchema, Type extends EventOf<Context['events']>['type']>(
  definition: Omit<ProcessManager, 'context' | 'events' | 'plan'> & {
    context: Context;
    events: readonly Type[];
    plan(event: PlannedEvent<EventIn<Context, Type>>): readonly Plan[];
  },
): ProcessManager => definition as unknown as ProcessManager;

/** The effect of an event on a context's timers. */
export type TimerPlan<Command extends Message = Message> =
  /**
   * Dispatches the command at a moment: UTC with milliseconds. A key has one timer: the latest planned. From the moment
   * `before` on, it is no longer planned.
   */
  | { key: string; at: string; command: Command; before?: string }
  /** Removes the timer of the key. */
  | { key: string; at: null };

/**
 * Declares a timer for each key, checked against its context's events and commands. A timer is kept until its command
 * was decided, through restarts, and its command may be dispatched more than once. The decider judges by its own `now`:
 * it yields no event when the thing has ended, and refuses with `notDue` when the command comes too early, which keeps
 * the timer.
 */
export const timer = <Context extends ContextSchema, Type extends EventOf<Context['events']>['type']>(
  definition: Omit<ProcessManager, 'context' | 'events' | 'plan'> & {
    context: Context;
    events: readonly Type[];
    plan(event: PlannedEvent<EventIn<Context, Type>>): readonly TimerPlan<CommandOf<Context['commands']>>[];
  },
): ProcessManager =>
  processManager({
    ...definition,
    plan: (event) =>
      definition.plan(event).map(({ key, ...plan }) => {
        if (plan.at === null) return { key, task: null };
        const { command, ...due } = plan;
        return { key, task: command.type, data: command.data, ...due };
      }),
  });
