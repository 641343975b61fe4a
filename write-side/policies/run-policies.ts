import type { Db } from 'mongodb';
import type { EventStoreClient } from '../../platform/event-store/client.ts';
import { type StoredEvent, StoreUnavailableError, WrongEventStoreError } from '../../platform/event-store/types.ts';
import type { Consumer } from '../../platform/subscriptions/consumer.ts';
import { type ConsumerGroup, startConsumerGroup } from '../../platform/subscriptions/consumer-group.ts';
import type { EventStoreWatch } from '../../platform/subscriptions/event-store-check.ts';
import type { LogLine } from '../../platform/subscriptions/trouble.ts';
import type { Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { requireUnique } from '../../schemas/kernel/unique.ts';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import type { CommandHandler } from '../kernel/command-handler.ts';
import type { Policy } from './policy.ts';
import { type DispatchCommand, policyConsumer } from './policy-consumer.ts';
import type { ProcessManager } from './process.ts';
import { scheduleConsumer, startSchedule } from './schedule.ts';

/** Process managers with the functions that perform their tasks, and timers that need the settings. */
export type Processes = {
  managers: readonly ProcessManager[];
  /** Closes the connections to the services. */
  close?(): void;
};

export type PoliciesOptions = {
  client: EventStoreClient;
  db: Db;
  policies: readonly Policy[];
  timers?: readonly ProcessManager[];
  processes?: Processes | undefined;
  handler: Pick<CommandHandler, 'handle'>;
  /** Every context of this Plaza, also those that run elsewhere. */
  schemas?: readonly Pick<ContextSchema, 'events'>[];
  leaseMs?: number;
  log?: LogLine;
  /** Left out, a watch of its own. */
  eventStore?: EventStoreWatch | undefined;
  telemetry?: Telemetry;
};

/** Returns a function that dispatches commands of policies and timers. */
export const dispatchTo =
  (handler: PoliciesOptions['handler']): DispatchCommand =>
  async (command) => {
    const outcome = await handler.handle(command);
    switch (outcome.kind) {
      case 'done':
      // The id names a policy and an event. So the command was done, although its hash differs: by another version of the
      // policy, or before an import into stores with other keys.
      case 'key-reused':
        return { kind: 'done' };
      case 'unavailable':
        throw new StoreUnavailableError('the event store did not answer');
      case 'too-new':
        throw new StoreUnavailableError('the stream holds events of a newer Plaza');
      case 'foreign':
      case 'truncated':
        throw new StoreUnavailableError(outcome.detail);
      case 'conflicting':
        throw new StoreUnavailableError('others changed the stream at the same time');
      case 'overloaded':
      case 'dropped':
        throw new StoreUnavailableError('the write side is overloaded');
      case 'refused':
        return { kind: 'refused', reason: outcome.refusal.refused };
      default:
        return { kind: 'refused', reason: outcome.kind };
    }
  };

/**
 * Returns a dispatch that looks at the event store after a command without an answer, before it sends another one: the
 * store may have gone back to a copy without the event behind the command.
 */
export const onlyToTheSame = (
  dispatch: DispatchCommand,
  { require, changes }: Pick<EventStoreWatch, 'require' | 'changes'>,
): DispatchCommand => {
  let isDoubtful = false;
  let looking: Promise<void> | undefined;
  const look = async () => {
    try {
      await require();
      isDoubtful = false;
    } catch (error) {
      throw error instanceof WrongEventStoreError ? new StoreUnavailableError(error.message) : error;
    } finally {
      looking = undefined;
    }
  };
  return async (command) => {
    if (isDoubtful) {
      const before = changes();
      looking ??= look();
      await looking;
      if (changes() !== before) throw new StoreUnavailableError('another history was found or accepted');
    }
    try {
      return await dispatch(command);
    } catch (error) {
      isDoubtful = true;
      throw error;
    }
  };
};

/**
 * Returns a consumer that also waits before events of types that no context has: a newer Plaza stored them, and its
 * policies of the same names may react to them. Events of other programs, without a version, are skipped.
 */
const waitingForNewer =
  (types: ReadonlySet<string>) =>
  (consumer: Consumer): Consumer => {
    const isUnknown = ({ type, metadata }: StoredEvent) => !types.has(type) && metadata.schemaVersion !== undefined;
    const requireKnown = (event: StoredEvent): void => {
      if (isUnknown(event)) throw new UnknownEventVersionError(`${event.type} is stored, this Plaza does not know it`);
    };
    const { key } = consumer;
    return {
      ...consumer,
      takes: (event) => consumer.takes(event) || isUnknown(event),
      ...(key && {
        key(event) {
          requireKnown(event);
          return key(event);
        },
      }),
      async handle(events, lease) {
        events.forEach(requireKnown);
        await consumer.handle(events, lease);
      },
    };
  };

/**
 * Runs policies, timers and process managers, and shares them with other processes that run the same ones. Returns at
 * once.
 * @throws Error when two of them have the same name
 */
export const startPolicies = ({
  policies,
  timers = [],
  processes,
  handler,
  schemas,
  telemetry,
  ...options
}: PoliciesOptions): ConsumerGroup => {
  const { db, log = () => {} } = options;
  const managers = [...timers, ...(processes?.managers ?? [])];
  requireUnique(
    'policy',
    [...policies, ...managers].map(({ name, context }) => [name, context.name]),
  );
  const dispatch = onlyToTheSame(dispatchTo(telemetry?.tracing?.policies(handler) ?? handler), {
    require: () => group.eventStore.require(),
    changes: () => group.eventStore.changes(),
  });
  /** Performs a task unless the event store is not the one that it was planned from: then it waits. */
  const whenRight = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const { eventStore } = group;
    await eventStore.ready;
    const finding = eventStore.finding();
    if (finding !== undefined) throw new WrongEventStoreError(finding);
    return work();
  };
  const schedule = startSchedule({
    db,
    managers: managers.map(({ name, perform }) => ({
      name,
      ...(perform && { perform: (...task) => whenRight(() => perform(...task)) }),
    })),
    // Without an id of their own: the deciders recognise a command that was done, and an id that derived from the task
    // would push the ids of customers' commands out of the stream's memory.
    dispatch: (command, { process, correlationId, causationId }) =>
      whenRight(() => dispatch({ ...command, actor: `process:${process}`, correlationId, causationId })),
    log,
  });
  const consumers = [
    ...policies.map((policy) => policyConsumer(policy, dispatch)),
    ...managers.map((manager) => scheduleConsumer(db, manager, schedule.planned)),
  ];
  const known = schemas && new Set(schemas.flatMap(({ events }) => Object.keys(events)));
  const group = startConsumerGroup({
    ...options,
    name: 'policies',
    consumers: known ? consumers.map(waitingForNewer(known)) : consumers,
  });
  return {
    ...group,
    async stop() {
      await Promise.all([group.stop(), schedule.stop()]);
      processes?.close?.();
    },
  };
};
