import type { StoredEvent } from '../../platform/event-store/types.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { AnyEvent } from './projection.ts';

/** The key of the cached result in the event itself: a weak map of millions of events is slow to collect. */
const PROJECTED = Symbol('projected');

type Kept = StoredEvent & { [PROJECTED]?: AnyEvent };

/**
 * Returns a stored event as projections see it, and caches it for all projections that take it.
 * @throws UnknownEventVersionError
 */
export const projected = (context: ContextSchema, event: Kept): AnyEvent => {
  const known = event[PROJECTED];
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
  event[PROJECTED] = made;
  return made;
};
