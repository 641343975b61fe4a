import type { Collection, Db } from 'mongodb';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Consumer } from './consumer.ts';
import type { Assignment } from './delivery.ts';
import { type Lease, leases } from './leases.ts';
import { ownership } from './ownership.ts';
import { startTestStores, type TestStores } from './testing.ts';
import { joinWorkers } from './workers.ts';

let stores: TestStores;

beforeAll(async () => {
  stores = await startTestStores();
});
afterAll(() => stores.stop());

const consumers = ['a', 'b'].map(
  (name): Consumer => ({
    name,
    view: name,
    version: 1,
    partitions: 1,
    takes: () => false,
    handle: async () => {},
    onPoison: 'park',
  }),
);

const join = (db: Db, finish = async () => {}) => {
  const session = joinWorkers(db, 'test', 3_600_000);
  const assignments = new Map<string, Assignment>();
  const drop = ({ consumer }: Assignment) => void assignments.delete(consumer.name);
  const log = () => {};
  const mayWork = () => true;
  const owned = ownership({
    db,
    group: 'test',
    consumers,
    session,
    assignments,
    mayWork,
    drop,
    lose: drop,
    finish,
    log,
  });
  return { ...owned, id: session.id, leave: session.leave, working: () => [...assignments.keys()] };
};

/** The database behind a connection that breaks at the first request for leases, which arrives later. */
const breaking = (db: Db) => {
  let arrive: (() => Promise<unknown>) | undefined;
  const withLeases = (behind: Collection<Lease>): Collection<Lease> => {
    const write = behind.bulkWrite.bind(behind);
    behind.bulkWrite = async (...writes) => {
      if (arrive) return write(...writes);
      arrive = () => write(...writes);
      throw new Error('connection closed');
    };
    return behind;
  };
  const collection = (name: string) => (name === 'leases' ? withLeases(leases(db)) : db.collection(name));
  return { db: { collection } as unknown as Db, arrive: () => arrive!() };
};

test('a lease that is taken after its failure goes to the process that has it in its share', async () => {
  const db = stores.newDb();
  const connection = breaking(db);
  const first = join(connection.db);
  await first.balance();
  expect(first.working()).toEqual([]);

  await connection.arrive();
  const second = join(db);
  await second.balance();
  expect(second.working()).toEqual([]);
  expect(await leases(db).countDocuments({ owner: first.id })).toBe(2);

  await first.balance();
  await second.balance();
  expect(first.working()).toEqual(['b']);
  expect(second.working()).toEqual(['a']);
});

test('a consumer whose checkpoint cannot be written when it is given back is taken again', async () => {
  const db = stores.newDb();
  const finish = vi.fn().mockRejectedValueOnce(new Error('connection closed')).mockResolvedValue(undefined);
  const first = join(db, finish);
  const second = join(db);
  expect(await first.balance()).toHaveLength(2);
  await second.balance();
  expect(await first.balance()).toEqual([]);
  expect(finish).toHaveBeenCalledOnce();
  expect(first.working()).toHaveLength(1);

  await second.leave();
  expect(await first.balance()).toHaveLength(1);
  expect(first.working().sort()).toEqual(['a', 'b']);
});
