/** The thread of append-thread.ts: performs the calls and replies in the order in which they end. */
import { parentPort, workerData } from 'node:worker_threads';
import { connectEventStore } from '../client.ts';
import { appendsWritten, streams } from '../streams.ts';
import type { AppendReply, AppendRequest } from './append-thread.ts';

const client = connectEventStore(workerData);
const append = appendsWritten(client);
const store = streams(client);
let replies: AppendReply[] = [];

const send = () => {
  parentPort?.postMessage(replies);
  replies = [];
};

const reply = (one: AppendReply): void => {
  if (replies.length === 0) setImmediate(send);
  replies.push(one);
};

const perform = ({ call, given }: AppendRequest): Promise<unknown> => {
  switch (call) {
    case 'append':
      return append(...given);
    case 'put':
      return store.put(...given);
    case 'keepLast':
      return store.keepLast(...given);
  }
};

parentPort?.on('message', (requests: readonly AppendRequest[]) => {
  for (const request of requests)
    perform(request).then(
      (result) => reply({ number: request.number, result }),
      (error) => reply({ number: request.number, unavailable: String(error.message) }),
    );
});
parentPort?.postMessage('ready');
