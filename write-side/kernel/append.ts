import type { Streams } from '../../platform/event-store/streams.ts';
import {
  type AppendResult,
  type NewEvent,
  type Revision,
  StoreUnavailableError,
} from '../../platform/event-store/types.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import type { CommandMetrics } from '../../platform/telemetry/commands.ts';
import type { AppendBatch } from './append-batch.ts';
import { derivedUuid } from './ids.ts';

export type AppendOptions = {
  stream: string;
  store: Pick<Streams, 'append'>;
  /** The current schema version of an event type. */
  schemaVersion(type: string): number;
  /** Waits before a retry, in milliseconds. */
  pause?(milliseconds: number): Promise<unknown>;
  random?(): number;
  onError(error: unknown): void;
  observe?: Partial<CommandMetrics>;
};

const MAX_TRIES = 3;

/**
 * Appends the events of a batch behind a revision. An append without an answer is repeated with the same ids and
 * revision, so it is written once.
 * @returns undefined when it is not known whether the batch was written
 */
export const append = async (
  options: AppendOptions,
  batch: AppendBatch,
  after: bigint,
): Promise<AppendResult | undefined> => {
  const { stream, store, observe, onError, pause: wait = pause, random = machine.random } = options;
  const events = toNewEvents(options, batch);
  for (let tries = 1; ; tries++) {
    try {
      const started = machine.elapsed();
      const result = await store.append(stream, events, after < 0n ? 'no-stream' : (after as Revision));
      if (result.ok) observe?.appended?.(batch.decided.length, events.length, (machine.elapsed() - started) / 1000);
      return result;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) onError(error);
      if (tries === MAX_TRIES) return undefined;
      await wait(50 * tries + 50 * random());
    }
  }
};

/**
 * The store recognises a repeated append by its event ids alone, and then keeps what it has. An id therefore depends on
 * all that its event says: two desks that decide one command differently (at another time, by another version of the
 * rules) append different events, and the later one conflicts.
 */
const toNewEvents = ({ stream, schemaVersion }: AppendOptions, { decided }: AppendBatch): NewEvent[] =>
  decided.flatMap(({ waiting: { request }, events }) => {
    const { commandId, fingerprint } = request.metadata;
    const isRepeatable = fingerprint !== '';
    return events.map(({ type, data }, index): NewEvent => {
      const version = schemaVersion(type);
      const id = isRepeatable
        ? derivedUuid(JSON.stringify([stream, commandId, fingerprint, index, type, version, data]))
        : machine.uuid();
      return { id, type, data, metadata: { ...request.metadata, schemaVersion: version } };
    });
  });
