import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEventStoreServer } from '../../embedded/event-store/server.ts';
import { connectEventStore, disconnectEventStore } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { newEvent } from '../../platform/event-store/testing.ts';
import { temporaryData } from '../../tests/support/plaza.ts';
import { watchedAppends } from './watched-appends.ts';

test('a write side on an event store whose disk is full is not ready, and its log names the disk', async () => {
  const data = temporaryData();
  onTestFinished(data.remove);
  const server = await startEventStoreServer({ file: join(data.folder, 'events.sqlite'), maxPages: 100 });
  onTestFinished(() => server.close());
  const client = connectEventStore(server.url);
  onTestFinished(() => disconnectEventStore(client));
  const lines: string[] = [];
  const { store, check } = watchedAppends(streams(client), (line) => void lines.push(line));
  const fill = async (bytes: number): Promise<void> => {
    for (;;)
      await store.append(randomUUID(), [newEvent({ type: 'Filled', data: { text: 'x'.repeat(bytes) } })], 'no-stream');
  };
  // Until not even a probe fits.
  for (const bytes of [10_000, 1_000, 1, 1]) await expect(fill(bytes)).rejects.toThrow('full');
  expect(await check()).toMatchObject({ ok: false, detail: expect.stringMatching(/^takes no events: .*disk.* full/) });
  expect(lines.filter((line) => /takes no events.*disk.* is full/.test(line)).length).toBeGreaterThan(0);
});
