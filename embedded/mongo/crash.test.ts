import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 25);
const SEED = Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 2 ** 31));
const WRITERS = 8;
const SERVER = fileURLToPath(new URL('./crash-server.ts', import.meta.url));

/** Mulberry32: the rounds of one seed are killed after the same delays. */
const random = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

type Counter = { _id: string; n: number };
type Entry = { _id: string; writer: number; turn: number };

test(`${ROUNDS} kills with SIGKILL under load lose, split or double no acknowledged write`, {
  timeout: 300_000 + ROUNDS * 4000,
}, async () => {
  console.log(`CRASH_SEED=${SEED} CRASH_ROUNDS=${ROUNDS}`);
  const next = random(SEED);
  const folder = mkdtempSync(join(tmpdir(), 'mongo-crash-'));
  const acknowledged = new Map<string, number>();
  const entries = new Set<string>();
  let writes = 0;

  for (let round = 0; round <= ROUNDS; round++) {
    const child = fork(SERVER, [join(folder, 'documents.sqlite')]);
    const exited = once(child, 'exit');
    const [{ url }] = (await Promise.race([
      once(child, 'message'),
      exited.then(() => expect.fail(`it did not start again in round ${round}`)),
    ])) as [{ url: string }];
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 10_000 });
    const counters = client.db().collection<Counter>('counters');
    const journal = client.db().collection<Entry>('journal');
    await journal.createIndex({ writer: 1, turn: 1 });

    for (const [id, least] of acknowledged) {
      const stored = (await counters.findOne({ _id: id }))?.n ?? -1;
      // One more may be stored whose answer was lost.
      expect({ id, kept: stored === least || stored === least + 1 }).toEqual({ id, kept: true });
      acknowledged.set(id, stored);
    }
    const stored = new Set((await journal.find().toArray()).map(({ _id }) => _id));
    expect([...entries].filter((id) => !stored.has(id))).toEqual([]);
    expect(await journal.countDocuments({ writer: { $gte: 0 } })).toBe(stored.size);
    if (round === ROUNDS) {
      await client.close();
      child.kill();
      await exited;
      break;
    }

    let dead = false;
    const write = async (writer: number) => {
      const id = `counter-${writer}`;
      while (!dead) {
        const n = (acknowledged.get(id) ?? 0) + 1;
        const entry = { _id: `${round}.${writer}.${n}`, writer, turn: round * 1e6 + n };
        try {
          await counters.updateOne({ _id: id }, { $set: { n } }, { upsert: true });
          acknowledged.set(id, n);
          await journal.bulkWrite([{ replaceOne: { filter: { _id: entry._id }, replacement: entry, upsert: true } }]);
          entries.add(entry._id);
          writes++;
        } catch {
          dead = true;
        }
      }
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    setTimeout(() => child.kill('SIGKILL'), 30 + next() * 250);
    await exited;
    dead = true;
    await client.close(true);
    await Promise.all(writers);
  }
  rmSync(folder, { recursive: true });
  expect(writes).toBeGreaterThan(ROUNDS);
});
