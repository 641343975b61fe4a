import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { expect, onTestFinished } from 'vitest';
import { randomOf } from '../simulation/random.ts';
import { temporaryData } from '../support/plaza.ts';

const WRITERS = 8;
const SERVER = fileURLToPath(new URL('./crash-server.ts', import.meta.url));

type Counter = { _id: string; n: number };
type Entry = { _id: string; writer: number; turn: number };

/**
 * Kills the embedded MongoDB again and again while it is written to, and checks that no acknowledged write is lost, split
 * or doubled. @param seed decides after how many milliseconds
 */
export const crashDocuments = async (rounds: number, seed: number): Promise<void> => {
  const next = randomOf(String(seed)).next;
  const { folder, remove } = temporaryData();
  onTestFinished(remove);
  const acknowledged = new Map<string, number>();
  const entries = new Set<string>();
  let writes = 0;

  for (let round = 0; round <= rounds; round++) {
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
    if (round === rounds) {
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
  expect(writes).toBeGreaterThan(rounds);
};
