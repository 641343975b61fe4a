import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { temporaryData } from '../../tests/support/plaza.ts';
import { lagCheck } from './lag-check.ts';
import { parked } from './parked.ts';
import { type ConsumerStatus, readStatuses, statuses } from './status.ts';

const LIMIT = 30;
const data = temporaryData();
let stores: OpenedStores;
let mongo: MongoClient;

beforeAll(async () => {
  stores = await openTestStores({ dataFolder: data.folder });
  mongo = new MongoClient(stores.mongoUrl);
});
afterAll(async () => {
  await mongo.close();
  await stores.stop();
  data.remove();
});
beforeEach(async () => {
  await statuses(mongo.db('plaza')).deleteMany({});
});

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
const checked = async (...consumers: Partial<ConsumerStatus>[]) => {
  const healthy = {
    view: 'parking.lots',
    group: 'projections',
    state: 'live' as const,
    position: '7',
    tail: '7',
    eventsBehind: 0,
    secondsBehind: 0,
    progressAt: ago(0),
    worker: 'w',
    updatedAt: ago(0),
  };
  await statuses(mongo.db('plaza')).insertMany(
    consumers.map((one, index) => ({ ...healthy, _id: `m${index}`, ...one })),
  );
  return lagCheck(mongo.db('plaza'), LIMIT, 'projections')();
};

test('passes when no event waits, however old the last event is', async () => {
  expect(await checked({ progressAt: ago(9_000) })).toEqual({
    ok: true,
    detail: 'm0: live, 0 events and 0.0 s behind',
  });
});

test.each<[string, Partial<ConsumerStatus>]>([
  ['has left an event waiting for too long', { state: 'catching-up', eventsBehind: 3, secondsBehind: LIMIT + 1 }],
  ['does not move although events wait', { eventsBehind: 3, secondsBehind: 1, progressAt: ago(LIMIT + 5) }],
  ['is stopped', { state: 'stopped' }],
  ['has no live process', { updatedAt: ago(60) }],
])('reports a consumer that %s, and no healthy one', async (_, status) => {
  const { ok, detail } = await checked({}, status);
  expect(ok).toBe(false);
  expect(detail).toMatch(/^m1: /);
});

test('says of a consumer without a live process since when it has no report', async () => {
  const { detail } = await checked({ updatedAt: ago(60) });
  expect(detail).toMatch(/^m0: stopped, no report for 6\d s$/);
});

test('a consumer without a live process has events to handle when another one knows of later events', async () => {
  await checked({ updatedAt: ago(60) }, { position: '9', tail: '9', group: 'policies' });
  const [dead] = await readStatuses(mongo.db('plaza'));
  expect(dead).toMatchObject({ _id: 'm0', isReported: false, position: '7', tail: '9', eventsBehind: 1 });
  expect(dead!.secondsBehind).toBeCloseTo(dead!.secondsSinceReport);
});

test('passes within the limit, and ignores other groups', async () => {
  const late = { state: 'catching-up' as const, eventsBehind: 900, secondsBehind: LIMIT - 1 };
  expect((await checked(late, { state: 'stopped', group: 'policies' })).ok).toBe(true);
});

test('does not depend on the clocks of this process and the reporting one', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  try {
    const reported = { progressAt: ago(0), updatedAt: ago(0), eventsBehind: 1 };
    for (const difference of [-3_600_000, 3_600_000]) {
      vi.setSystemTime(reported.updatedAt.getTime() + difference);
      expect((await checked(reported)).ok).toBe(true);
      await statuses(mongo.db('plaza')).deleteMany({});
    }
  } finally {
    vi.useRealTimers();
  }
});

test('reports a consumer that has retried an unanswered event for longer than the limit', async () => {
  const db = mongo.db('plaza');
  await parked(db).insertOne({ _id: 'm1:e', member: 'm1', state: 'replaying', parkedAt: ago(LIMIT + 5) } as never);
  const { ok, detail } = await checked({}, {});
  await parked(db).deleteMany({});
  expect(ok).toBe(false);
  expect(detail).toMatch(/^m1: .*, 1 parked, without an answer for 3\d s$/);
});
