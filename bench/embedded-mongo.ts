/**
 * The embedded document store through the official driver: bulk upserts, findOne by _id, and indexed pages over a large
 * collection. Prints a Markdown table. `npm run bench -- embedded-mongo [documents]`, 1,000,000 when left out.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { startMongoServer } from '../embedded/mongo/server.ts';

const BATCH = 500;
const CLIENTS = 16;
const SECONDS = 5;
const CUSTOMERS = 1000;

type Reservation = { _id: string; _position: number; customerId: string; status: string; amount: number; at: Date };

/** The server runs in a process of its own, as in production. */
async function serve(file: string): Promise<void> {
  const { url } = await startMongoServer({ file });
  process.send?.({ url });
  process.on('message', () => process.send?.({ memory: process.memoryUsage().rss }));
  process.on('disconnect', () => process.exit());
}

function reservation(number: number): Reservation {
  return {
    _id: `lot-${number % 1000}.r${String(number).padStart(8, '0')}`,
    _position: number,
    customerId: `customer-${number % CUSTOMERS}`,
    status: number % 3 === 0 ? 'canceled' : 'reserved',
    amount: 5000,
    at: new Date(1_700_000_000_000 + number),
  };
}

/** Runs `work` from many clients for a while; gives runs per second. */
async function rate(work: (turn: number) => Promise<unknown>): Promise<number> {
  const start = performance.now();
  let done = 0;
  const client = async () => {
    while (performance.now() - start < SECONDS * 1000) {
      await work(done);
      done++;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return done / ((performance.now() - start) / 1000);
}

async function measure(total: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'embedded-mongo-'));
  const file = join(folder, 'documents.db');
  const child = fork(fileURLToPath(import.meta.url), ['serve', file]);
  const ask = () =>
    new Promise<{ url: string; memory: number }>((resolve) => child.once('message', (m) => resolve(m as never)));
  const { url } = await ask();
  const client = new MongoClient(url);
  const reservations = client.db().collection<Reservation>('reservations');
  const rows: [string, string][] = [];
  const report = (what: string, perSecond: number) => rows.push([what, Math.round(perSecond).toLocaleString('en')]);

  await reservations.createIndexes([
    { key: { customerId: 1, status: 1, at: 1, _id: 1 } },
    { key: { status: 1, at: 1, _id: 1 } },
  ]);
  const loading = performance.now();
  for (let from = 0; from < total; from += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, index) => reservation(from + index));
    await reservations.bulkWrite(
      batch.map(({ _id, ...rest }) => ({ replaceOne: { filter: { _id }, replacement: rest, upsert: true } })),
      { ordered: false },
    );
  }
  report(`documents/s, upserts of ${BATCH}, 2 compound indexes`, total / ((performance.now() - loading) / 1000));

  const plain = client.db().collection<Reservation>('plain');
  const writing = performance.now();
  const upserts = Math.min(total, 100_000);
  for (let from = 0; from < upserts; from += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, index) => reservation(from + index));
    await plain.bulkWrite(
      batch.map(({ _id, ...rest }) => ({ replaceOne: { filter: { _id }, replacement: rest, upsert: true } })),
      { ordered: false },
    );
  }
  report(`documents/s, upserts of ${BATCH}, no index but _id`, upserts / ((performance.now() - writing) / 1000));

  const any = (turn: number) => (turn * 7919) % total;
  report('findOne by _id/s', await rate((turn) => reservations.findOne({ _id: reservation(any(turn))._id })));
  report(
    `find of ${BATCH} by $in on _id/s`,
    await rate((turn) =>
      reservations
        .find({ _id: { $in: Array.from({ length: BATCH }, (_, index) => reservation(any(turn + index))._id) } })
        .toArray(),
    ),
  );
  report(
    'first page of 51 by customer and status, sorted/s',
    await rate((turn) =>
      reservations
        .find({ customerId: `customer-${turn % CUSTOMERS}`, status: 'reserved' })
        .sort({ at: 1, _id: 1 })
        .limit(51)
        .toArray(),
    ),
  );
  report(
    'page of 51 after a cursor deep in one status, sorted/s',
    await rate((turn) => {
      const { at, _id } = reservation(any(turn));
      return reservations
        .find({ status: 'reserved', $or: [{ at: { $gt: at } }, { at, _id: { $gt: _id } }] })
        .sort({ at: 1, _id: 1 })
        .limit(51)
        .toArray();
    }),
  );
  report(
    'checkpoint updateOne/s',
    await rate((turn) =>
      plain.updateOne({ _id: `checkpoint-${turn % CLIENTS}` }, { $set: { _position: turn } }, { upsert: true }),
    ),
  );

  child.send('memory');
  const { memory } = await ask();
  console.log(`\n${total.toLocaleString('en')} documents, ${CLIENTS} clients\n\n| measured | result |\n|---|---|`);
  for (const [what, result] of rows) console.log(`| ${what} | ${result} |`);
  console.log(`| resident memory of the server, MB | ${Math.round(memory / 1e6)} |`);
  console.log(`| file, MB | ${Math.round(statSync(file).size / 1e6)} |`);

  await client.close();
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.disconnect();
  await exited;
  rmSync(folder, { recursive: true });
}

const [mode, file] = process.argv.slice(2);
if (mode === 'serve' && file) await serve(file);
else await measure(Number(mode ?? 1_000_000));
