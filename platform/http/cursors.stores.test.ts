import type { Db } from 'mongodb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDatabase } from '../../read-api/testing.ts';
import { sealedCursors } from './cursors.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;
let db: Db;

beforeAll(async () => {
  database = await startDatabase();
  db = database.db;
});
afterAll(() => database.stop());

const place = { id: 'lot-1', value: 'Lot A' };

it('is readable by every process on the database, whichever process made the key', async () => {
  const processes = Array.from({ length: 8 }, () => sealedCursors(db));
  const made = await Promise.all(processes.map((cursors) => cursors.encode('q', place)));
  expect(new Set(made).size).toBe(1);
  for (const cursors of processes) expect(await cursors.decode('q', made[0]!)).toEqual(place);
  expect(await db.collection('secrets').countDocuments()).toBe(1);
});

it('is refused with one changed bit, for another question, and without encryption', async () => {
  const cursors = sealedCursors(db);
  const cursor = await cursors.encode('q', place);
  const bytes = Buffer.from(cursor, 'base64url');
  const changed = Array.from(bytes, (byte, at) => {
    const copy = Buffer.from(bytes);
    copy[at] = byte ^ 1;
    return copy.toString('base64url');
  });
  const unsigned = Buffer.from(JSON.stringify(['q', 'lot-1', { $regex: '^(.*)*x' }])).toString('base64url');
  for (const wrong of [...changed, unsigned, '', 'A'])
    await expect(cursors.decode('q', wrong)).rejects.toMatchObject({ problem: { status: 400 } });
  await expect(cursors.decode('another', cursor)).rejects.toMatchObject({ problem: { status: 400 } });
});

it('is made with the new key after the database was replaced', async () => {
  const cursors = sealedCursors(db);
  const old = await cursors.encode('q', place);
  await db.collection('secrets').deleteMany({});
  const fresh = await sealedCursors(db).encode('q', place);
  expect(fresh).not.toBe(old);
  expect(await cursors.decode('q', fresh)).toEqual(place);
  await expect(cursors.decode('q', old)).rejects.toMatchObject({ problem: { status: 400 } });
});

it('carries only an id and a plain value, even when encrypted', async () => {
  const cursors = sealedCursors(db);
  for (const wrong of [
    { id: 'a', value: { $gt: '' } },
    { id: { $gt: '' }, value: 1 },
    { id: 'a', value: ['x'] },
  ]) {
    const cursor = await cursors.encode('q', wrong as never);
    await expect(cursors.decode('q', cursor)).rejects.toMatchObject({ problem: { status: 400 } });
  }
});
