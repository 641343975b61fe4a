/**
 * P6: how long it takes from an append's acknowledgement until the view shows it, at a steady rate of commands.
 *
 *     npm run bench -- visibility [--rate 500] [--seconds 20]
 *
 * Embedded stores and projections run as in production, in processes of their own. A reservation is visible when
 * the view's position, which is what queries wait for, has reached it. Prints a Markdown table.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import { startEmbeddedStores } from '../embedded/start.ts';
import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { streams } from '../platform/event-store/streams.ts';
import type { Revision } from '../platform/event-store/types.ts';
import { reachedPosition } from '../platform/subscriptions/position.ts';
import { projectionsOf } from '../programs/contexts.ts';
import type { ParkingEvent } from '../schemas/parking.ts';
import { quantile } from './figures.ts';
import { newEvent } from './mixed-history.ts';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '500' }, seconds: { type: 'string', default: '20' } },
});
const rate = Number(values.rate);
const total = rate * Number(values.seconds);
const LOTS = 100;

const folder = mkdtempSync(join(tmpdir(), 'plaza-visibility-'));
const stores = await startEmbeddedStores({ dataFolder: folder });
const client = connectEventStore(stores.eventStoreUrl);
const mongo = await MongoClient.connect(stores.mongoUrl);
const db = mongo.db('plaza');
const { append: appendTo } = streams(client);
const revisions = new Map<string, Revision>();

/** @returns the commit position */
const append = async (stream: string, event: ParkingEvent): Promise<bigint> => {
  const result = await appendTo(stream, [newEvent(event)], revisions.get(stream) ?? 'no-stream');
  if (!result.ok) throw new Error(result.reason);
  revisions.set(stream, result.revision);
  return result.position.commit;
};

const projections = spawn(process.execPath, ['programs/projections.ts'], {
  env: {
    ...process.env,
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    MONGODB_DATABASE: 'plaza',
    PLAZA_CONTEXTS: 'parking',
    LOG_LEVEL: 'silent',
  },
  stdio: 'inherit',
});

try {
  const lotIds = Array.from({ length: LOTS }, (_, lot) => `lot-${lot}`);
  const registered = await Promise.all(
    lotIds.map((lotId) =>
      append(`parkingLot-${lotId}`, { type: 'LotRegistered', data: { lotId, name: lotId, spots: 100_000 } }),
    ),
  );
  const ready = registered.sort((a, b) => Number(a - b)).at(-1)!;
  for (const { name } of await projectionsOf(['parking'], 'Asia/Seoul'))
    while ((await reachedPosition(db, name)).commit < ready) await new Promise((resolve) => setTimeout(resolve, 10));

  const waits: number[] = [];
  const waiting: { position: bigint; appendedAt: number }[] = [];
  let appending = true;
  const watch = async () => {
    while (appending || waiting.length > 0) {
      const { commit } = await reachedPosition(db, 'parking.reservations');
      const now = performance.now();
      const visible = waiting.filter(({ position }) => position <= commit);
      waits.push(...visible.map(({ appendedAt }) => now - appendedAt));
      waiting.splice(0, waiting.length, ...waiting.filter(({ position }) => position > commit));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const queues = Array.from({ length: LOTS }, () => Promise.resolve());
  const reserve = async (lotId: string) => {
    const data = { lotId, reservationId: randomUUID(), customerId: 'c', carNumber: '10더8612', amount: 5000 };
    const position = await append(`parkingLot-${lotId}`, { type: 'ParkingReserved', data });
    waiting.push({ position, appendedAt: performance.now() });
  };
  const watching = watch();
  const began = performance.now();
  for (let n = 0; n < total; n++) {
    const due = began + (n * 1000) / rate;
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const lot = n % LOTS;
    queues[lot] = queues[lot]!.then(() => reserve(`lot-${lot}`));
  }
  await Promise.all(queues);
  const took = (performance.now() - began) / 1000;
  appending = false;
  await watching;
  const at = (share: number) => quantile(waits, share).toFixed(1);
  console.log('| commands/s | p50, ms | p90, ms | p99, ms | most, ms |\n|---|---|---|---|---|');
  console.log(`| ${(total / took).toFixed(0)} | ${at(0.5)} | ${at(0.9)} | ${at(0.99)} | ${at(1)} |`);
} finally {
  projections.kill('SIGTERM');
  await new Promise((resolve) => projections.once('close', resolve));
  await Promise.all([disconnectEventStore(client), mongo.close()]);
  await stores.stop();
  rmSync(folder, { recursive: true, force: true });
}
