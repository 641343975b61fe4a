import type { StoredEvent } from '../../event-store/types.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { AnyEvent } from './projection.ts';

const projectedEvents = new WeakMap<StoredEvent, AnyEvent>();

/**
 * A stored event as projections see it. It is made once for all the projections that take it.
 * @throws UnknownEventVersionError
 */
export const projected = (context: ContextSchema, event: StoredEvent): AnyEvent => {
  const known = projectedEvents.get(event);
  if (known) return known;
  const { id, type, stream, revision, position, metadata } = event;
  const made = {
    type,
    data: upcast(context.events, type, metadata.schemaVersion ?? 1, event.data),
    id,
    stream,
    revision: revision.toString(),
    position,
    metadata: {
      time: metadata.time,
      actor: metadata.actor,
      commandId: metadata.commandId,
      correlationId: metadata.$correlationId,
      causationId: metadata.$causationId,
    },
  };
  projectedEvents.set(event, made);
  return made;
};
