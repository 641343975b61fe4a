import { type StoredEvent, StoreUnavailableError } from '../../platform/event-store/types.ts';
import type { Consumer, HeldLease } from '../../platform/subscriptions/consumer.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { Policy } from './policy.ts';

/** A command as a policy gives it to the write side. */
export type PolicyCommand = {
  type: string;
  data: object;
  /** Derived from the event and its revision: the same event gives the same command again. */
  commandId: string;
  actor: string;
  correlationId: string;
  causationId: string;
  traceparent?: string;
};

/**
 * Has a command done.
 * @returns done, whatever that changed; refused, with the reason; or unavailable, to be tried again
 */
export type GiveCommand = (
  command: PolicyCommand,
) => Promise<{ kind: 'done' } | { kind: 'refused'; reason: string } | { kind: 'unavailable'; detail: string }>;

/** A rule that was broken by a policy's command: parked, for an operator to look at. */
class PolicyRefusedError extends Error {
  override readonly name = 'PolicyRefusedError';
}

const AT_ONCE = 64;

/**
 * The consumer that runs a policy: events of one key in their order, those of different keys side by side.
 */
export const policyConsumer = (policy: Policy, give: GiveCommand): Consumer => {
  const types = new Set<string>(policy.events);

  const act = async (event: StoredEvent, data: object, lease: HeldLease): Promise<void> => {
    const { $correlationId, traceparent } = event.metadata;
    const revision = event.revision.toString();
    for (const [index, command] of policy.react({ type: event.type, data, revision }).entries()) {
      lease.assertHeld();
      const result = await give({
        ...command,
        // An event id is derived from its command, so a command that is accepted twice makes two events of one id.
        commandId: `${policy.name}:${event.id}@${revision}:${index}`,
        actor: `policy:${policy.name}`,
        correlationId: $correlationId,
        causationId: event.id,
        ...(traceparent === undefined ? {} : { traceparent }),
      });
      if (result.kind === 'unavailable') throw new StoreUnavailableError(result.detail);
      if (result.kind === 'refused') throw new PolicyRefusedError(`${command.type} was refused: ${result.reason}`);
    }
  };

  return {
    name: `policy:${policy.name}`,
    view: `policy:${policy.name}`,
    version: 1,
    partitions: 1,
    takes: ({ type }) => types.has(type),
    onPoison: 'park',
    async handle(events, lease) {
      const queues = new Map<string, (() => Promise<void>)[]>();
      for (const event of events) {
        const data = upcast(policy.context.events, event.type, event.metadata.schemaVersion, event.data) as object;
        const key = policy.key({ type: event.type, data });
        queues.set(key, [...(queues.get(key) ?? []), () => act(event, data, lease)]);
      }
      const waiting = [...queues.values()];
      const workers = Array.from({ length: Math.min(AT_ONCE, waiting.length) }, async () => {
        for (let queue = waiting.pop(); queue; queue = waiting.pop()) for (const job of queue) await job();
      });
      const failed = (await Promise.allSettled(workers)).find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
};
