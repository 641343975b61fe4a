import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AppendWritten, Streams } from '../streams.ts';
import { type AppendResult, StoreUnavailableError, toWritten } from '../types.ts';

/** Everything that writes. */
export type Appending = Pick<Streams, 'append' | 'put' | 'keepLast'>;

/** One call on its way to the thread, under a number that its answer bears too. */
export type AppendRequest = { number: number } & Calls[keyof Calls];
type Called = Omit<Appending, 'append'> & { append: AppendWritten };
type Calls = { [Name in keyof Called]: { call: Name; given: Parameters<Called[Name]> } };

/** How it ended; `unavailable` tells why nobody knows. */
export type AppendReply = { number: number; result: unknown } | { number: number; unavailable: string };

/** Appends from a thread. */
export type AppendThread = Appending & {
  /** Ends the thread; what is still in flight is unavailable. */
  stop(): Promise<void>;
};

// biome-ignore lint/suspicious/noExplicitAny: the result of the call that it belongs to
type Pending = { resolve(result: any): void; reject(error: StoreUnavailableError): void };

/**
 * A connection for all that is written in a thread of its own. What an append costs in CPU is mostly the client's: while its thread
 * writes and reads messages, this one decides the next commands. What is to be written of one turn of the event loop crosses
 * in one message, and so do the answers.
 * @param url the event store's connection string
 * @param onDeath told when the thread ended by itself: appends are impossible from then on
 * @throws Error when the connection string can't be read
 */
export const startAppendThread = async (url: string, onDeath: (error: unknown) => void): Promise<AppendThread> => {
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
    // As JSON: to copy objects takes both threads longer.
    append: (stream, events, expected) =>
      request<AppendResult>({ call: 'append', given: [stream, events.map(toWritten), expected] }),
    put: (...given) => request({ call: 'put', given }),
    keepLast: (...given) => request({ call: 'keepLast', given }),
    async stop() {
      isStopping = true;
      await worker.terminate();
    },
  };
};

/** Events from which a group is cheaper to append here than to send to the thread and have sent back. */
const LARGE_GROUP = 16;

/**
 * Streams whose appends go through a thread, but for large groups: these cost little for each event, and those who wait behind
 * one, the whole stream, do without the way to the thread and back. An append that is repeated goes the same way again.
 */
export const sharedAppends = (direct: Streams, thread: Appending): Streams => ({
  ...direct,
  ...thread,
  append: (stream, events, expected) =>
    (events.length < LARGE_GROUP ? thread : direct).append(stream, events, expected),
});
