import { type StoredEvent, StoreUnavailableError } from '../../platform/event-store/types.ts';
import { withDeadline } from '../../platform/machine/deadline.ts';
import type { Consumer, HeldLease } from '../../platform/subscriptions/consumer.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { Policy } from './policy.ts';

/** A command that a policy dispatches to the write side. */
export type PolicyCommand = {
  type: string;
  data: object;
  /** A policy derives it from the event and its revision: the same event yields the same command again. */
  commandId?: string;
  actor: string;
  correlationId: string;
  causationId: string;
  traceparent?: string;
};

/**
 * Handles a command.
 * @returns `done`, even if nothing changed; `refused` with the reason; or `unavailable`, to be tried again
 */
export type DispatchCommand = (
  command: PolicyCommand,
) => Promise<{ kind: 'done' } | { kind: 'refused'; reason: string } | { kind: 'unavailable'; detail: string }>;

/** A policy's command broke a rule. The event is parked for an operator. */
class PolicyRefusedError extends Error {
  override readonly name = 'PolicyRefusedError';
}

/** Milliseconds for a command. A command without an answer is repeated under the same command id. */
const ANSWER_WITHIN = 15_000;

/** Makes the consumer that runs a policy: events of one key in order, those of different keys concurrently. */
export const policyConsumer = (policy: Policy, dispatch: DispatchCommand, answerWithin = ANSWER_WITHIN): Consumer => {
  const types = new Set<string>(policy.events);

  const read = ({ type, data, metadata }: StoredEvent) => ({
    type,
    data: upcast(policy.context.events, type, metadata.schemaVersion, data) as object,
  });

  const act = async (event: StoredEvent, lease: HeldLease): Promise<void> => {
    const { $correlationId, traceparent } = event.metadata;
    const revision = event.revision.toString();
    for (const [index, command] of policy.react({ ...read(event), revision }).entries()) {
      lease.assertHeld();
      const given = dispatch({
        ...command,
        // An event id is derived from its command, so a command that is accepted twice makes two events of one id.
        commandId: `${policy.name}:${event.id}@${revision}:${index}`,
        actor: `policy:${policy.name}`,
        correlationId: $correlationId,
        causationId: event.id,
        ...defined({ traceparent }),
      });
      const result = await withDeadline(
        given,
        answerWithin,
        () => new StoreUnavailableError(`${command.type} got no answer within ${answerWithin / 1000} s`),
      );
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
    key: (event) => policy.key(read(event)),
    onPoison: 'park',
    async handle(events, lease) {
      for (const event of events) await act(event, lease);
    },
  };
};
