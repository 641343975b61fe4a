import { EventStoreDBClient } from '@eventstore/db-client';
import { expect, onTestFinished } from 'vitest';
import { event, idsOf, settled } from '../../embedded/event-store/testing.ts';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { randomOf } from '../simulation/random.ts';
import { temporaryData } from '../support/plaza.ts';

const APPENDERS = 24;

/**
 * Kills the embedded event store again and again while it is appended to, and checks that no acknowledged event is lost
 * or doubled. @param seed decides after how many appends
 */
export const crashEventStore = async (rounds: number, seed: number): Promise<void> => {
  const { folder, remove } = temporaryData();
  onTestFinished(remove);
  const random = randomOf(String(seed)).next;
  const acknowledged = new Map<string, string[]>();
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const stores = await startEmbeddedStores({ dataFolder: folder });
    const client = EventStoreDBClient.connectionString(stores.eventStoreUrl);
    const killAfter = 1 + Math.floor(random() * 300);
    let appends = 0;
    const appender = async (name: string) => {
      const ids = await idsOf(client, name);
      const before = acknowledged.get(name) ?? [];
      // Every acknowledged event is in its place; at most the append in progress at the kill follows.
      expect(ids.slice(0, before.length)).toEqual(before);
      expect(ids.length - before.length).toBeLessThanOrEqual(3);
      acknowledged.set(name, ids);
      for (;;) {
        const batch = Array.from({ length: 1 + Math.floor(random() * 3) }, () => event(Math.floor(random() * 2_000)));
        const expectedRevision = ids.length === 0 ? 'no_stream' : BigInt(ids.length - 1);
        if (await settled(client.appendToStream(name, batch, { expectedRevision }))) return;
        ids.push(...batch.map(({ id }) => id));
        total += batch.length;
        if (++appends === killAfter) process.kill(stores.pid, 'SIGKILL');
      }
    };
    const appenders = Array.from({ length: APPENDERS }, (_, n) => settled(appender(`stream-${n}`)));
    const results = await Promise.all(appenders);
    // Fewer appends than that: every appender failed for another reason, which is thrown below.
    if (appends < killAfter) process.kill(stores.pid, 'SIGKILL');
    await stores.exited;
    // A read that the kill interrupted rejects as unavailable; a failed expectation is thrown.
    for (const result of results) {
      if (result && result.type !== 'unavailable' && result.type !== 'cancelled') throw result;
    }
    await client.dispose();
  }
  const stores = await startEmbeddedStores({ dataFolder: folder });
  onTestFinished(() => stores.stop());
  const client = EventStoreDBClient.connectionString(stores.eventStoreUrl);
  onTestFinished(() => client.dispose());
  for (const [name, ids] of acknowledged) expect((await idsOf(client, name)).slice(0, ids.length)).toEqual(ids);
  const positions: bigint[] = [];
  const seen = new Set<string>();
  for await (const { event } of client.readAll()) {
    positions.push(event!.position!.commit);
    expect(seen.has(event!.id)).toBe(false);
    seen.add(event!.id);
  }
  expect(positions.every((position, n) => n === 0 || position > positions[n - 1]!)).toBe(true);
  expect(total).toBeGreaterThan(rounds);
  expect(seen.size).toBeGreaterThanOrEqual(total);
};
