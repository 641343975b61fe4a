import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { type ConsumerGroup, startConsumerGroup } from '../../platform/subscriptions/consumer-group.ts';
import type { Telemetry } from '../../platform/telemetry/telemetry.ts';
import { requireUnique } from '../../schemas/kernel/unique.ts';
import type { CommandHandler } from '../kernel/command-handler.ts';
import type { Policy } from './policy.ts';
import { type DispatchCommand, policyConsumer } from './policy-consumer.ts';
import type { ProcessManager } from './process.ts';
import { type Dispatched, type Perform, scheduleConsumer, startSchedule, type Task } from './schedule.ts';

/** Process managers, and the functions that perform their tasks, by the names of the process managers. */
export type Processes = {
  managers: readonly ProcessManager[];
  /** Timers that need the settings. */
  timers?: readonly ProcessManager[];
  perform: Readonly<Record<string, Perform>>;
  /** Closes the connections to the services. */
  close(): void;
};

export type PoliciesOptions = {
  client: EventStoreClient;
  db: Db;
  policies: readonly Policy[];
  timers?: readonly ProcessManager[];
  processes?: Processes | undefined;
  handler: Pick<CommandHandler, 'handle'>;
  leaseMs?: number;
  log?: (line: string) => void;
  telemetry?: Telemetry;
};

const dispatchTo =
  (handler: PoliciesOptions['handler']): DispatchCommand =>
  async (command) => {
    const outcome = await handler.handle(command);
    switch (outcome.kind) {
      case 'done':
        return { kind: 'done' };
      case 'unavailable':
        return { kind: 'unavailable', detail: 'the event store did not answer' };
      case 'too-new':
        return { kind: 'unavailable', detail: 'the stream holds events of a newer Plaza' };
      case 'overloaded':
      case 'dropped':
        return { kind: 'unavailable', detail: 'the write side is overloaded' };
      case 'refused':
        return { kind: 'refused', reason: outcome.refusal.refused };
      default:
        return { kind: 'refused', reason: outcome.kind };
    }
  };

/**
 * Dispatches commands on behalf of a scheduled task. The commands have no id of their own: the deciders recognise one
 * that was done, and an id that derived from the task would push the ids of customers' commands out of the stream's
 * memory.
 */
const dispatchForTask =
  (dispatch: DispatchCommand) =>
  async (command: { type: string; data: object }, task: Task): Promise<Dispatched> => {
    const { correlationId, causationId } = task;
    const result = await dispatch({ ...command, actor: `process:${task.process}`, correlationId, causationId });
    if (result.kind === 'unavailable') throw new Error(result.detail);
    return result;
  };

/**
 * Runs policies, timers and process managers, and shares them with other processes that run the same ones. Returns at once.
 * @throws Error when two of them have the same name
 */
export const startPolicies = ({
  policies,
  timers: own = [],
  processes,
  handler,
  telemetry,
  ...options
}: PoliciesOptions): ConsumerGroup => {
  const { db, log = () => {} } = options;
  const timers = [...own, ...(processes?.timers ?? [])];
  const managers = [...timers, ...(processes?.managers ?? [])];
  requireUnique(
    'policy',
    [...policies, ...managers].map(({ name, context }) => [name, context.name]),
  );
  const dispatch = dispatchTo(telemetry?.tracing?.policies(handler) ?? handler);
  const schedule = startSchedule({
    db,
    perform: processes?.perform ?? {},
    timers: timers.map(({ name }) => name),
    dispatch: dispatchForTask(dispatch),
    log,
  });
  const group = startConsumerGroup({
    ...options,
    name: 'policies',
    consumers: [
      ...policies.map((policy) => policyConsumer(policy, dispatch)),
      ...managers.map((manager) => scheduleConsumer(db, manager, schedule.planned)),
    ],
  });
  return {
    ...group,
    async stop() {
      await Promise.all([group.stop(), schedule.stop()]);
      processes?.close();
    },
  };
};
