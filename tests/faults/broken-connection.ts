import { randomUUID } from 'node:crypto';
import { connectEventStore } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import type { EventMetadata } from '../../platform/event-store/types.ts';

/** Appends more than a connection accepts at once, and prints how many appends failed. */
const { append } = streams(connectEventStore(process.env.EVENTSTORE_URL ?? ''));
const large = (stream: string) => {
  const event = { id: randomUUID(), type: 'Large', data: { text: 'x'.repeat(20_000) }, metadata: {} as EventMetadata };
  return append(stream, [event], 'no-stream');
};

await large('first');
console.log('connected');
process.stdin.once('data', async () => {
  const appends = Promise.allSettled(Array.from({ length: 500 }, (_, index) => large(`s-${index}`)));
  await new Promise((resolve) => setImmediate(resolve));
  console.log('sent');
  const failed = (await appends).filter(({ status }) => status === 'rejected');
  await new Promise((resolve) => setImmediate(resolve));
  console.log(`${failed.length} failed`);
  process.exit(0);
});
