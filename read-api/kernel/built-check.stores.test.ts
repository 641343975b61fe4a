import { afterAll, beforeAll, expect, test } from 'vitest';
import { parked } from '../../platform/subscriptions/parked.ts';
import { builtPositions } from '../../platform/subscriptions/position.ts';
import { reach, startDatabase } from '../testing.ts';
import { builtCheck } from './built-check.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;
beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

const checkOf = (name: string, ...views: string[]) => {
  const db = database.db.client.db(name);
  return { db, check: builtCheck(db, views, builtPositions(db)) };
};

test('a read API is not ready until each of its views was built, and stays ready when one is lost', async () => {
  const { db, check } = checkOf('built', 'a', 'b');
  expect(await check()).toEqual({ ok: false, detail: 'built for the first time: a, b' });
  await reach(db, 'a', 5n);
  expect(await check()).toEqual({ ok: false, detail: 'built for the first time: b' });
  await reach(db, 'b', 5n);
  expect(await check()).toEqual({ ok: true });
  await db.dropDatabase();
  expect(await check()).toEqual({ ok: true });
});

test('a read API does not wait for a view whose build is stopped by an event', async () => {
  const { db, check } = checkOf('stopped', 'a', 'b');
  await reach(db, 'a', 5n);
  const event = { _id: 'b@next:e', member: 'b@next', view: 'b', blocks: true } as never;
  await parked(db).insertOne({ ...(event as object), state: 'discarded' } as never);
  expect(await check()).toMatchObject({ ok: false });
  await parked(db).updateOne({ member: 'b@next' }, { $set: { state: 'parked' } });
  expect(await check()).toEqual({ ok: true });
});
