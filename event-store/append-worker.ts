/** What append-thread.ts starts: appends what it is sent, and answers in the order in which appends end. */
import { parentPort, workerData } from 'node:worker_threads';
import type { AppendReply, AppendRequest } from './append-thread.ts';
import { connectEventStore } from './client.ts';
import { streams } from './streams.ts';

const { append } = streams(connectEventStore(workerData));
let replies: AppendReply[] = [];

const send = () => {
  parentPort?.postMessage(replies);
  replies = [];
};

const reply = (one: AppendReply): void => {
  if (replies.length === 0) setImmediate(send);
  replies.push(one);
};

parentPort?.on('message', (requests: readonly AppendRequest[]) => {
  for (const { number, stream, events, expected } of requests)
    append(stream, events, expected).then(
      (result) => reply({ number, result }),
      (error) => reply({ number, unavailable: String(error.message) }),
    );
});
parentPort?.postMessage('ready');
