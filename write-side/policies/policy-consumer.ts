import { type StoredEvent, StoreUnavailableError } from '../../platform/event-store/types.ts';
import { withDeadline } from '../../platform/machine/deadline.ts';
import type { Consumer, HeldLease } from '../../platform/subscriptions/consumer.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { GivenCommand } from '../kernel/command-handler.ts';
import type { Policy } from './policy.ts';
import type { PlannedEvent } from './process.ts';

/** The outcome of a command, also of one that changed nothing; the reason of a refusal is a problem's name. */
export type Dispatched = { kind: 'done' } | { kind: 'refused'; reason: string };

/** Handles a command of a policy or a task. @throws StoreUnavailableError when it is to be tried again */
export type DispatchCommand = (command: GivenCommand) => Promise<Dispatched>;

/** A policy's command broke a rule. The event is parked for an operator. */
class PolicyRefusedError extends Error {
  override readonly name = 'PolicyRefusedError';
}

/** Milliseconds for a command. A command without an answer is repeated under the same command id. */
const ANSWER_WITHIN = 15_000;

/** Returns a stored event as policies and process managers get it: in the version that its context has today. */
export const currentEvent = (
  { events }: ContextSchema,
  { type, data, revision, metadata }: StoredEvent,
): PlannedEvent => ({
  type,
  data: upcast(events, type, metadata.schemaVersion, data) as object,
  revision: `${revision}`,
  time: metadata.time,
});

/** Makes the consumer that runs a policy: events of one key in order, those of different keys concurrently. */
export const policyConsumer = (policy: Policy, dispatch: DispatchCommand): Consumer => {
  const types = new Set<string>(policy.events);

  const act = async (event: StoredEvent, lease: HeldLease): Promise<void> => {
    const { $correlationId, traceparent } = event.metadata;
    const current = currentEvent(policy.context, event);
    for (const [index, command] of policy.react(current).entries()) {
      lease.assertHeld();
      const given = dispatch({
        ...command,
        // The same event yields the same command again. An event id is derived from its command, so a command that is
        // accepted twice makes two events of one id: the revision distinguishes them.
        commandId: `${policy.name}:${event.id}@${current.revision}:${index}`,
        actor: `policy:${policy.name}`,
        correlationId: $correlationId,
        causationId: event.id,
        ...defined({ traceparent }),
      });
      const result = await withDeadline(
        given,
        ANSWER_WITHIN,
        () => new StoreUnavailableError(`${command.type} got no answer within ${ANSWER_WITHIN / 1000} s`),
      );
      if (result.kind === 'refused') throw new PolicyRefusedError(`${command.type} was refused: ${result.reason}`);
    }
  };

  return {
    name: `policy:${policy.name}`,
    view: `policy:${policy.name}`,
    version: 1,
    partitions: 1,
    takes: ({ type }) => types.has(type),
    key: (event) => policy.key(currentEvent(policy.context, event)),
    onPoison: 'park',
    async handle(events, lease) {
      for (const event of events) await act(event, lease);
    },
  };
};
