import type { EventStoreDBClient } from '@eventstore/db-client';
import { pause } from '../machine/machine.ts';
import { clientOf } from './connection-string.ts';
import type { PersonalData } from './personal-data.ts';

/** A process's client for one EventStoreDB. */
export type EventStoreClient = EventStoreDBClient;

const isGrpcError = (reason: unknown): boolean =>
  reason instanceof Error && 'code' in reason && 'details' in reason && 'metadata' in reason;

let isGuarded = false;

/**
 * When a connection breaks while appends wait to be written, the client rejects each append, which its caller handles,
 * and also an internal promise that no caller can catch. That rejection must not end the process.
 */
const guard = (): void => {
  if (isGuarded) return;
  isGuarded = true;
  process.on('unhandledRejection', (reason) => {
    if (!isGrpcError(reason)) throw reason;
  });
};

const plain = new WeakSet<object>();
const encrypting = new WeakMap<object, PersonalData>();

/** Returns the encryption of a client's events, undefined for a client without one. */
export const personalDataOf = (client: object): PersonalData | undefined => encrypting.get(client);

/** Gives a client the encryption of the events that it appends and reads. */
export const encryptedBy = <Client extends object>(client: Client, personal: PersonalData): Client => {
  encrypting.set(client, personal);
  return client;
};

/** Marks a client: its appends and subscriptions do not take the fast path. */
export const withoutFastPath = <Client extends object>(client: Client): Client => {
  plain.add(client);
  return client;
};

/**
 * Creates a client; it connects with the first call.
 * @param url `esdb://host:port?tls=false`, or any other connection string of EventStoreDB or KurrentDB
 * @param options.fast whether appends and subscriptions take the fast path (fast/README.md); default true
 * @param options.personal encrypts personal fields; left out, they are stored as they are
 * @throws Error for an invalid connection string
 */
export const connectEventStore = (
  url: string,
  { fast = true, personal }: { fast?: boolean; personal?: PersonalData | undefined } = {},
): EventStoreClient => {
  guard();
  const client = clientOf(url);
  if (personal) encryptedBy(client, personal);
  return fast ? client : withoutFastPath(client);
};

/** Returns whether a client takes the fast path. */
export const isFast = (client: object): boolean => !plain.has(client);

/** Milliseconds for a client to end its calls: one of them may never report its end. */
const DISPOSE_WITHIN = 500;

/** Ends a client's calls. */
export const disconnectEventStore = async (client: EventStoreClient): Promise<void> => {
  await Promise.race([client.dispose(), pause(DISPOSE_WITHIN, { ref: false })]);
};
