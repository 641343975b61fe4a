import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { expect } from 'vitest';

/** Returns the ids of a stream's events, none for a stream that does not exist. Their revisions must be whole. */
export const idsOf = async (client: EventStoreDBClient, stream: string): Promise<string[]> => {
  const ids: string[] = [];
  try {
    for await (const { event } of client.readStream(stream)) {
      expect(Number(event!.revision)).toBe(ids.length);
      ids.push(event!.id);
    }
  } catch (error) {
    if ((error as { type?: string }).type !== 'stream-not-found') throw error;
  }
  return ids;
};

/** Returns the error of a call, undefined for a call that succeeded. */
export const settled = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: Error & { code?: string; type?: string }) => error,
  );

/** Returns an event with a text of some bytes. */
export const event = (bytes: number) => jsonEvent({ type: 'Happened', data: { text: 'x'.repeat(bytes) } });
