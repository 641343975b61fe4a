import type { AllStreamRecordedEvent, RecordedEvent } from '@eventstore/db-client';
import type { EventMetadata, Position, Revision, StoredEvent } from './types.ts';

/**
 * Turns what the client read into Plaza's own shape. Metadata that another writer left out reads as empty; data that
 * is not JSON stays the bytes it is.
 */
export const toStoredEvent = (recorded: RecordedEvent | AllStreamRecordedEvent): StoredEvent => ({
  id: recorded.id,
  type: recorded.type,
  stream: recorded.streamId,
  revision: recorded.revision as Revision,
  position: recorded.position as Position,
  data: recorded.data,
  metadata: (recorded.metadata ?? {}) as EventMetadata,
});
