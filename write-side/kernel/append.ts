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
 * The store takes an append with known event ids as done, wherever the stream ends. So ids are new with each append, and
 * only its own retries repeat them: an append that succeeds proves that the stream ended there. A repeated command is
 * found by its command id.
 */
const toNewEvents = ({ schemaVersion }: AppendOptions, { decided }: AppendBatch): NewEvent[] =>
  decided.flatMap(({ waiting: { request }, events }) =>
    events.map(({ type, data }): NewEvent => {
      const metadata = { ...request.metadata, schemaVersion: schemaVersion(type) };
      return { id: machine.uuid(), type, data, metadata };
    }),
  );
