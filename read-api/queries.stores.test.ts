import { hash } from 'node:crypto';
import type { Db } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statuses } from '../platform/subscriptions/status.ts';
import { FOLDED } from '../schemas/kernel/search.ts';
import { readSide as parking } from './parking.ts';
import { insertHistory, reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;
let db: Db;

const lot = (lotId: string, name: string, spots: number, reserved: number, status = 'open') => ({
  _id: lotId,
  _position: '40',
  lotId,
  name,
  status,
  spots,
  reserved,
  free: spots - reserved,
  [FOLDED]: { closed: status === 'closed' },
});

const reservation = (
  lotId: string,
  reservationId: string,
  customerId: string,
  minute: number,
  status = 'reserved',
) => ({
  _id: `${lotId}.${reservationId}`,
  _position: '41',
  lotId,
  reservationId,
  customerId,
  carNumber: '10더8612',
  amount: 5000,
  status,
  reservedAt: `2026-01-31T09:${String(minute).padStart(2, '0')}:00.000Z`,
});

beforeAll(async () => {
  database = await startDatabase();
  db = database.db;
  const lots = viewOf(db, 'parking.lots');
  await lots.createIndex({ name: 1, _id: 1 });
  await lots.createIndex({ free: 1, _id: 1 });
  await lots.insertMany([
    lot('lot-1', '정자역 주차장', 5, 1),
    lot('lot-2', '수내역 주차장', 0, 0),
    lot('lot-3', '서현역 주차장', 9, 5),
    lot('lot-4', '야탑역 주차장', 4, 0, 'closed'),
    lot('lot-5', '미금역 주차장', 4, 0),
    { _id: 'deleted', _position: '40', _deleted: true },
  ]);
  const reservations = viewOf(db, 'parking.reservations');
  await reservations.createIndex({ lotId: 1, reservedAt: 1, _id: 1 });
  await reservations.insertMany([
    ...Array.from({ length: 120 }, (_, at) =>
      reservation('lot-1', `r-${String(at).padStart(3, '0')}`, `c-${at % 3}`, at % 7, at % 2 ? 'canceled' : 'reserved'),
    ),
    reservation('lot-2', 'r-000', 'c-0', 0),
  ]);
  await insertHistory(db, 'parking', [
    { position: 10n, type: 'LotRegistered', resources: ['/parking/lots/lot-1'] },
    { position: 9n, type: 'LotRegistered', resources: ['/parking/lots/lot-2'] },
    {
      position: 100n,
      type: 'ParkingReserved',
      resources: ['/parking/lots/lot-1', '/parking/lots/lot-1/reservations/r-000'],
    },
    { position: 101n, type: 'CouponIssued', resources: ['/parking/coupons/lot-1.r-000'] },
  ]);
  for (const view of ['lots', 'reservations', 'coupons', 'history']) await reach(db, `parking.${view}`, 101n);
  api = await serveReadApi(db, [parking]);
});

afterAll(async () => {
  await api.stop();
  await database.stop();
});

/** Follows `next` to the end. */
const pages = async (path: string): Promise<Record<string, unknown>[][]> => {
  const found: Record<string, unknown>[][] = [];
  for (let next: string | undefined = '', target = path; next !== undefined; ) {
    const { status, body, headers } = await api.get(target);
    expect(status).toBe(200);
    found.push(body.items);
    next = body.next;
    const link = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    expect(link === undefined).toBe(next === undefined);
    if (link !== undefined) target = link;
  }
  return found;
};

describe('a query for one document', () => {
  it('answers its fields and nothing else', async () => {
    const { status, body, headers } = await api.get('/parking/lots/lot-1');
    expect(status).toBe(200);
    expect(body).toEqual({ lotId: 'lot-1', name: '정자역 주차장', status: 'open', spots: 5, reserved: 1, free: 4 });
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('view-position')).toBe('101');
  });

  it('finds it by its full name', async () => {
    const { body } = await api.get('/parking/lots/lot-2/reservations/r-000');
    expect(body).toMatchObject({ lotId: 'lot-2', reservationId: 'r-000', customerId: 'c-0' });
  });

  it('is 404 for a missing document, with the position', async () => {
    const { status, body, headers } = await api.get('/parking/lots/lot-9');
    expect(status).toBe(404);
    expect(body).toEqual({ type: '/problems/not-found', title: 'There is nothing here', status: 404 });
    expect(headers.get('view-position')).toBe('101');
  });

  it('answers HEAD without a body', async () => {
    const { status, text, headers } = await api.get('/parking/lots/lot-1', {}, 'HEAD');
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers.get('content-length'))).toBeGreaterThan(50);
  });
});

describe('a list', () => {
  it('is in the order of ids, filtered by its path', async () => {
    const { body } = await api.get('/parking/lots/lot-2/reservations');
    expect(body).toEqual({ items: [expect.objectContaining({ lotId: 'lot-2', reservationId: 'r-000' })] });
    expect(Object.keys(body.items[0])).not.toContain('_id');
  });

  it('is filtered by fields', async () => {
    const { body } = await api.get('/parking/reservations?customerId=c-1&lotId=lot-1&status=canceled&limit=200');
    expect(body.items).toHaveLength(20);
    for (const item of body.items)
      expect(item).toMatchObject({ customerId: 'c-1', lotId: 'lot-1', status: 'canceled' });
  });

  it.each([
    ['name', ['lot-5', 'lot-3', 'lot-2', 'lot-4', 'lot-1']],
    ['-name', ['lot-1', 'lot-4', 'lot-2', 'lot-3', 'lot-5']],
    ['free', ['lot-2', 'lot-1', 'lot-3', 'lot-4', 'lot-5']],
    ['-free', ['lot-5', 'lot-4', 'lot-3', 'lot-1', 'lot-2']],
  ])('is sorted by %s, equal values by id', async (sort, expected) => {
    const whole = await api.get(`/parking/lots?sort=${sort}`);
    expect(whole.body.items.map((item: { lotId: string }) => item.lotId)).toEqual(expected);
    const paged = await pages(`/parking/lots?sort=${sort}&limit=2`);
    expect(paged.flat().map(({ lotId }) => lotId)).toEqual(expected);
    expect(paged.map((page) => page.length)).toEqual([2, 2, 1]);
  });

  it('has closed lots last when the request names no order', async () => {
    const expected = ['lot-1', 'lot-2', 'lot-3', 'lot-5', 'lot-4'];
    for (const limit of [1, 2, 4, 5]) {
      const paged = await pages(`/parking/lots?limit=${limit}`);
      expect(paged.flat().map(({ lotId }) => lotId)).toEqual(expected);
    }
  });

  it.each(['', '&sort=reservedAt', '&sort=-reservedAt', '&status=canceled&sort=reservedAt'])(
    'gives every item once over its pages%s',
    async (query) => {
      const paged = (await pages(`/parking/lots/lot-1/reservations?limit=7${query}`)).flat();
      const ids = paged.map(({ reservationId }) => reservationId);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toHaveLength(query.includes('status') ? 60 : 120);
    },
  );

  it('gives no item twice when others come and go between two pages', async () => {
    const first = await api.get('/parking/lots/lot-1/reservations?limit=3&sort=reservedAt');
    const reservations = viewOf(db, 'parking.reservations');
    const early = reservation('lot-1', 'early', 'c-9', 0);
    await reservations.insertOne(early);
    const second = await api.get(`/parking/lots/lot-1/reservations?limit=3&sort=reservedAt&cursor=${first.body.next}`);
    await reservations.deleteOne({ _id: early._id });
    const seen = [...first.body.items, ...second.body.items].map((item) => item.reservationId);
    expect(seen.slice(0, 3)).toEqual(['r-000', 'r-007', 'r-014']);
    expect(new Set(seen).size).toBe(6);
  });

  it('has 50 items on a page unless asked otherwise', async () => {
    const { body } = await api.get('/parking/reservations');
    expect(body.items).toHaveLength(50);
  });
});

describe('an ETag', () => {
  const etagOf = async (path: string) => (await api.get(path)).headers.get('etag') ?? '';

  it.each(['/parking/lots/lot-1', '/parking/lots', '/parking/reservations?limit=3', '/parking/lots/lot-1/history'])(
    'of %s is answered with 304 until the answer changes',
    async (path) => {
      const etag = await etagOf(path);
      expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
      for (const named of [etag, etag.slice(2), `"other", ${etag}`, '*']) {
        const same = await api.get(path, { 'If-None-Match': named });
        expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', etag]);
        expect(same.headers.get('view-position')).toBe('101');
      }
      const other = await api.get(path, { 'If-None-Match': '"other", W/"x"' });
      expect([other.status, other.headers.get('etag')]).toEqual([200, etag]);
      expect((await api.get(path, { 'If-None-Match': etag }, 'HEAD')).status).toBe(304);
    },
  );

  it('changes with the document, in one document and in lists', async () => {
    const lots = viewOf(db, 'parking.lots');
    const paths = ['/parking/lots/lot-5', '/parking/lots', '/parking/lots?sort=name&limit=1'];
    const before = await Promise.all(paths.map(etagOf));
    await lots.updateOne({ _id: 'lot-5' }, { $set: { reserved: 1, free: 3 } });
    const after = await Promise.all(paths.map(etagOf));
    await lots.updateOne({ _id: 'lot-5' }, { $set: { reserved: 0, free: 4 } });
    for (const [at, etag] of after.entries()) expect(etag).not.toBe(before[at]);
    expect(await Promise.all(paths.map(etagOf))).toEqual(before);
  });

  it('lets caches keep an answer only where everybody may see it', async () => {
    const caching = async (path: string) => (await api.get(path)).headers.get('cache-control');
    expect(await caching('/parking/lots')).toBe('no-cache');
    expect(await caching('/parking/lots/lot-1/reservations/r-000')).toBe('no-store');
  });
});

describe("a resource's history", () => {
  it('is its events, in order', async () => {
    const { body } = await api.get('/parking/lots/lot-1/history');
    expect(body.items.map((item: { position: string }) => item.position)).toEqual(['10', '100']);
    expect(Object.keys(body.items[0]).sort()).toEqual(
      [
        'eventId',
        'type',
        'data',
        'time',
        'actor',
        'correlationId',
        'causationId',
        'commandId',
        'stream',
        'revision',
        'position',
      ].sort(),
    );
  });

  it('is paged in either order', async () => {
    const paged = await pages('/parking/lots/lot-1/history?sort=-position&limit=1');
    expect(paged.flat().map(({ position }) => position)).toEqual(['100', '10']);
  });

  it('exists for a resource with an id of two parts', async () => {
    const { body } = await api.get('/parking/coupons/lot-1.r-000/history');
    expect(body.items.map((item: { type: string }) => item.type)).toEqual(['CouponIssued']);
  });
});

describe('a hostile query', () => {
  const cursorOf = async (path: string) => (await api.get(path)).body.next as string;
  const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString('base64url');

  it.each([
    ['an unknown parameter', '/parking/lots?colour=red', '/colour'],
    ['an operator as a parameter', '/parking/lots?status[$ne]=open', '/status[$ne]'],
    ['an operator as a value', '/parking/lots?status={"$ne":"open"}', '/status'],
    ['__proto__', '/parking/lots?__proto__=1', '/__proto__'],
    ['constructor', '/parking/lots?constructor=1', '/constructor'],
    ['a repeated parameter', '/parking/lots?status=open&status=closed', '/status'],
    ['a wrong word', '/parking/lots?status=half-open', '/status'],
    ['an empty id', '/parking/reservations?customerId=', '/customerId'],
    ['NUL in an id', '/parking/reservations?customerId=a%00b', '/customerId'],
    ['an id of 65 characters', `/parking/reservations?customerId=${'a'.repeat(65)}`, '/customerId'],
    ['an id of 65 characters in the path', `/parking/lots/${'a'.repeat(65)}`, '/lotId'],
    ['NUL in the path', '/parking/lots/a%00b', '/lotId'],
    ['a slash in the path', '/parking/lots/a%2Fb', '/lotId'],
    ['a dollar in the path', '/parking/lots/$where', '/lotId'],
    ['a limit of 0', '/parking/lots?limit=0', '/limit'],
    ['a limit of 201', '/parking/lots?limit=201', '/limit'],
    ['a huge limit', '/parking/lots?limit=99999999999999999999', '/limit'],
    ['a limit of a half', '/parking/lots?limit=1.5', '/limit'],
    ['a limit that is no number', '/parking/lots?limit=ten', '/limit'],
    ['a field that is not sorted by', '/parking/lots?sort=spots', '/sort'],
    ['a cursor of garbage', '/parking/lots?cursor=!!!', '/cursor'],
    ['a cursor of nothing', '/parking/lots?cursor=', '/cursor'],
    ['a cursor of null', `/parking/lots?cursor=${forged(null)}`, '/cursor'],
    ['a cursor with an operator', `/parking/lots?cursor=${forged(['x', { $gt: '' }, null])}`, '/cursor'],
    ['a parameter for one document', '/parking/lots/lot-1?limit=3', '/limit'],
  ])('with %s is 400 and names it', async (_, path, pointer) => {
    const { status, body, headers } = await api.get(path);
    expect(status).toBe(400);
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toMatchObject({ type: '/problems/invalid-request', errors: [{ pointer }] });
  });

  const NOT_OURS = { pointer: '/cursor', detail: 'is not a cursor of this query: begin with its first page' };

  it('cannot use the cursor of another query, filter or sort', async () => {
    const cursor = await cursorOf('/parking/reservations?limit=1&status=reserved&sort=reservedAt');
    for (const other of [
      'lots?',
      'reservations?',
      'reservations?status=reserved&',
      'reservations?status=reserved&sort=-reservedAt&',
    ]) {
      const { status, body } = await api.get(`/parking/${other}cursor=${cursor}`);
      expect(status, other).toBe(400);
      expect(body.errors).toEqual([NOT_OURS]);
    }
    const own = await api.get(`/parking/reservations?status=reserved&sort=reservedAt&cursor=${cursor}`);
    expect(own.status).toBe(200);
  });

  it.each([
    ['an operator as its value', ['lot-1', { $regex: '^(.*)*x' }]],
    ['an unknown operator as its value', ['lot-1', { $foo: 1 }]],
    ['an operator as its id', [{ $gt: '' }, 1]],
    ['a value of another type', ['lot-1', 'many']],
    ['plain values', ['lot-1', 1]],
  ])('cannot forge a cursor with %s', async (_, parts) => {
    const question = JSON.stringify(['parking.lots', 'free', []]);
    const unsigned = [hash('sha256', question, 'base64url').slice(0, 12), ...parts];
    const own = Buffer.from(await cursorOf('/parking/lots?limit=1&sort=free'), 'base64url');
    const place = JSON.stringify(parts);
    const sealOfAnother = Buffer.concat([own.subarray(0, 28), Buffer.from(place)]).toString('base64url');
    for (const cursor of [forged(unsigned), sealOfAnother]) {
      const { status, body } = await api.get(`/parking/lots?sort=free&cursor=${cursor}`);
      expect([status, body.errors]).toEqual([400, [NOT_OURS]]);
    }
  });

  it('with broken escapes in the path is 400', async () => {
    const { status, body } = await api.get('/parking/lots/%E0%A4%A');
    expect([status, body.type]).toEqual([400, '/problems/malformed-request']);
  });

  it('with another method is 405 with Allow', async () => {
    const { status, headers } = await api.get('/parking/lots/lot-1/history', {}, 'POST');
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
    const options = await api.get('/parking/lots/lot-1/history', {}, 'OPTIONS');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
  });

  it('caused no unexpected error', () => {
    expect(api.errors).toEqual([]);
  });
});

describe('reading your own write', () => {
  it('is answered at once when the view has reached the position', async () => {
    const { status, headers } = await api.get('/parking/lots', { 'Min-Event-Position': '101' });
    expect([status, headers.get('view-position')]).toEqual([200, '101']);
  });

  it('is 503 with the position of the view without a wait preference', async () => {
    const { status, body, headers } = await api.get('/parking/lots', { 'Min-Event-Position': '102' });
    expect(status).toBe(503);
    expect(body).toMatchObject({
      type: '/problems/view-behind',
      position: '101',
      detail: 'parking.lots stands at 101',
    });
    expect(headers.get('retry-after')).toBe('1');
  });

  it('waits until the view has reached the position, then shows its content', async () => {
    await reach(db, 'parking.coupons', 500n);
    const waiting = api.get('/parking/coupons/lot-1.r-5', {
      'Min-Event-Position': '600',
      Prefer: 'respond-async, wait=20',
    });
    const coupon = { _id: 'lot-1.r-5', couponId: 'lot-1.r-5', lotId: 'lot-1', reservationId: 'r-5', customerId: 'c-1' };
    const coupons = viewOf(db, 'parking.coupons');
    await coupons.insertOne({ ...coupon, status: 'issued', issuedAt: '2026-01-31T09:00:00.000Z' });
    await reach(db, 'parking.coupons', 600n);
    const { status, body, headers } = await waiting;
    expect([status, body.status]).toEqual([200, 'issued']);
    expect(headers.get('preference-applied')).toBe('wait=20');
    expect(headers.get('view-position')).toBe('600');
  });

  it('waits no longer than requested', async () => {
    const started = performance.now();
    const { status, body } = await api.get('/parking/lots', { 'Min-Event-Position': '999999', Prefer: 'wait=1' });
    expect([status, body.type]).toEqual([503, '/problems/view-behind']);
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('releases every waiter with one move of the view', async () => {
    const headers = { 'Min-Event-Position': '700', Prefer: 'wait=20' };
    const waiting = Array.from({ length: 40 }, () => api.get('/parking/lots', headers));
    await reach(db, 'parking.lots', 700n);
    const answers = await Promise.all(waiting);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it.each(['-1', '1.5', 'ten', '', '1e3', '18446744073709551616', '1, 2'])(
    'refuses the position "%s"',
    async (position) => {
      const { status, body } = await api.get('/parking/lots', { 'Min-Event-Position': position });
      expect([status, body.type]).toEqual([400, '/problems/malformed-request']);
    },
  );
});

describe("the view's lag", () => {
  it('is shown once it was measured', async () => {
    await statuses(db).insertOne({
      _id: 'parking.lots',
      view: 'parking.lots',
      group: 'projections',
      state: 'catching-up',
      position: '101',
      tail: '140',
      eventsBehind: 3,
      secondsBehind: 0.42,
      progressAt: new Date(),
      worker: 'worker-1',
      updatedAt: new Date(Date.now() + 3_600_000),
    });
    await expect
      .poll(async () => (await api.get('/parking/lots')).headers.get('view-lag'))
      .toBe('events=3, seconds=0.4, state=catching-up');
  });
});
