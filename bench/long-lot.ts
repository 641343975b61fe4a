/**
 * P4: a lot with a million events against one with ten: a command on a lot that is in memory, and the first command
 * after a restart, in order and after a kill, with and without its snapshot.
 *
 *     npm run bench -- long-lot [--events 1000000] [--rounds 5]
 *
 * Prints a Markdown table of medians, in milliseconds.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { streams } from '../platform/event-store/streams.ts';
import type { NewEvent, Revision } from '../platform/event-store/types.ts';
import { median } from './figures.ts';
import { startServer } from './write-side/servers.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '5' } },
});
const LENGTHS = { short: 10, long: Number(values.events) };

const folder = await mkdtemp(join(tmpdir(), 'plaza-bench-'));
const stores = await startEmbeddedStores({ dataFolder: folder });
const client = connectEventStore(stores.eventStoreUrl);
const store = streams(client);

const toEvent = (lotId: string, index: number): NewEvent => {
  const [type, data] =
    index === 0
      ? ['LotRegistered', { name: lotId, spots: 100_000 }]
      : index % 2 === 1
        ? ['ParkingReserved', { reservationId: `r-${index}`, customerId: 'c', carNumber: `${index}`, amount: 1 }]
        : ['ReservationCanceled', { reservationId: `r-${index - 1}`, customerId: 'c' }];
  const commandId = `c-${index}`;
  return {
    id: randomUUID(),
    type,
    data: { lotId, ...data },
    metadata: {
      $correlationId: commandId,
      $causationId: commandId,
      commandId,
      fingerprint: '',
      actor: 'anonymous',
      time: new Date(0).toISOString(),
      schemaVersion: 1,
    },
  };
};

const seed = async (lotId: string, length: number): Promise<void> => {
  for (let from = 0; from < length; from += 1_000) {
    const events = Array.from({ length: Math.min(1_000, length - from) }, (_, at) => toEvent(lotId, from + at));
    await store.append(`parkingLot-${lotId}`, events, from === 0 ? 'no-stream' : (BigInt(from - 1) as Revision));
  }
};

const reserve = async (url: string, lotId: string): Promise<number> => {
  const started = performance.now();
  const response = await fetch(`${url}/parking/lots/${lotId}/reservations`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ customerId: 'c', carNumber: randomUUID().slice(0, 20), amount: 1 }),
  });
  await response.text();
  return response.status === 201 ? performance.now() - started : Number.NaN;
};

/** Starts a write side, gives a command on another lot, so that code and connections are there, then those measured. */
const restart = async (lotId: string, isKilled: boolean) => {
  const server = await startServer('plaza', stores.eventStoreUrl);
  for (let warm = 0; warm < 20; warm++) await reserve(server.url, 'other');
  const first = await reserve(server.url, lotId);
  const rest: number[] = [];
  for (let count = 0; count < 20; count++) rest.push(await reserve(server.url, lotId));
  if (isKilled) process.kill(server.pid, 'SIGKILL');
  await server.stop();
  return { first, warm: median(rest) };
};

try {
  await seed('other', 1);
  await seed('long', LENGTHS.long);

  // Without a snapshot commands are 503 until the stream is read; a snapshot is left when the process ends.
  const server = await startServer('plaza', stores.eventStoreUrl);
  const started = performance.now();
  while (Number.isNaN(await reserve(server.url, 'long'))) await delay(100);
  console.log(
    `first accepted on ${values.events} events without a snapshot: ${Math.round(performance.now() - started)} ms`,
  );
  await server.stop();

  const rows: string[] = [];
  for (const isKilled of [false, true]) {
    const figures: Record<string, { first: number[]; warm: number[] }> = {};
    for (let round = 0; round <= Number(values.rounds); round++) {
      const short = `short-${isKilled}-${round}`;
      await seed(short, LENGTHS.short);
      for (const [name, lotId] of Object.entries({ short, long: 'long' })) {
        const { first, warm } = await restart(lotId, isKilled);
        figures[name] ??= { first: [], warm: [] };
        if (round === 0) continue;
        figures[name].first.push(first);
        figures[name].warm.push(warm);
      }
    }
    for (const what of ['first', 'warm'] as const) {
      const [short, long] = [median(figures.short![what]), median(figures.long![what])];
      const name = what === 'first' ? `first command after a ${isKilled ? 'kill' : 'restart'}` : 'later command';
      rows.push(`| ${name} | ${short.toFixed(2)} | ${long.toFixed(2)} | ${(long / short).toFixed(2)} |`);
    }
  }
  console.log(`| | 10 events, ms | ${values.events} events, ms | ratio |\n|---|---:|---:|---:|\n${rows.join('\n')}`);
} finally {
  await disconnectEventStore(client);
  await stores.stop();
  await rm(folder, { recursive: true, force: true });
}
