import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PersonalData } from '../personal-data.ts';
import { type Streams, sealing } from '../streams.ts';
import { type AppendResult, type AppendWritten, StoreUnavailableError, toWritten } from '../types.ts';

/** The methods that write. */
export type Appending = Pick<Streams, 'append' | 'put' | 'keepLast'>;

/** One call to the thread; its reply has the same number. */
export type AppendRequest = { number: number } & Calls[keyof Calls];
type Called = Omit<Appending, 'append'> & { append: AppendWritten };
type Calls = { [Name in keyof Called]: { call: Name; given: Parameters<Called[Name]> } };

/** The outcome of a call; `unavailable` is the reason why it is unknown. */
export type AppendReply = { number: number; result: unknown } | { number: number; unavailable: string };

export type AppendThread = Appending & {
  /** Ends the thread; calls in flight become unavailable. */
  stop(): Promise<void>;
};

// biome-ignore lint/suspicious/noExplicitAny: each call has its own type of result
type Pending = { resolve(result: any): void; reject(error: StoreUnavailableError): void };

/**
 * Opens a connection for writes in a thread of its own. Most CPU of an append is the client's: while its thread encodes
 * and decodes messages, this thread decides the next commands. All writes of one turn of the event loop cross in one
 * message, and so do the replies.
 * @param url the event store's connection string
 * @param onDeath called when the thread ends by itself: appends are impossible from then on
 * @param personal encrypts personal fields, in this thread
 * @throws Error for an invalid connection string
 */
export const startAppendThread = async (
  url: string,
  onDeath: (error: unknown) => void,
  personal?: PersonalData,
): Promise<AppendThread> => {
  const worker = new Worker(new URL('./append-worker.ts', import.meta.url), { workerData: url });
  const pending = new Map<number, Pending>();
  let requests: AppendRequest[] = [];
  let count = 0;
  let isStopping = false;

  const send = () => {
    worker.postMessage(requests);
    requests = [];
  };

  await once(worker, 'message');
  worker.on('error', onDeath);
  worker.on('exit', () => {
    for (const { reject } of pending.values()) reject(new StoreUnavailableError('the appending thread ended'));
    pending.clear();
    if (!isStopping) onDeath(new Error('The appending thread ended'));
  });
  worker.on('message', (replies: readonly AppendReply[]) => {
    for (const reply of replies) {
      const { resolve, reject } = pending.get(reply.number) as Pending;
      pending.delete(reply.number);
      if ('result' in reply) resolve(reply.result);
      else reject(new StoreUnavailableError(reply.unavailable));
    }
  });

  const request = <Result>(call: Calls[keyof Calls]): Promise<Result> => {
    if (requests.length === 0) setImmediate(send);
    requests.push({ number: count, ...call });
    return new Promise((resolve, reject) => {
      pending.set(count, { resolve, reject });
      count += 1;
    });
  };

  return {
    // As JSON: copying objects takes both threads longer.
    append: sealing(personal, (stream, events, expected) =>
      request<AppendResult>({ call: 'append', given: [stream, events.map(toWritten), expected] }),
    ),
    put: (...given) => request({ call: 'put', given }),
    keepLast: (...given) => request({ call: 'keepLast', given }),
    async stop() {
      isStopping = true;
      await worker.terminate();
    },
  };
};

/** Number of events from which an append is cheaper on this thread than with a round trip to the other. */
const LARGE_GROUP = 16;

/**
 * Sends appends through the thread, except large ones. These cost little per event, and the commands that wait for
 * them, a whole stream's, save the round trip. A repeated append takes the same route.
 */
export const sharedAppends = (direct: Streams, thread: Appending): Streams => ({
  ...direct,
  ...thread,
  append: (stream, events, expected) =>
    (events.length < LARGE_GROUP ? thread : direct).append(stream, events, expected),
});
