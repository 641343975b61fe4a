import fc from 'fast-check';
import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Caller } from '../platform/identity/caller.ts';
import { report } from '../projections/kernel/report.ts';
import { documentsAfter, type Given } from '../projections/kernel/testing.ts';
import { type ContextSchema, event } from '../schemas/kernel/context.ts';
import { periods } from '../schemas/kernel/periods.ts';
import { inView, list } from '../schemas/kernel/queries.ts';
import { CalendarDay, Id, Strict, Time } from '../schemas/kernel/values.ts';
import type { ReadContext } from './kernel/context.ts';
import { reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const Amount = Type.Integer();
const Gate = Strict({ gateId: Id, places: Amount });
const Entry = Strict({ gateId: Id, amount: Amount });
const Tour = Strict({ tourId: Id, day: CalendarDay, places: Amount, sold: Amount, status: Type.String() });
const Show = Strict({ showId: Id, at: Time, places: Amount, sold: Amount, status: Type.String() });

const garage = {
  name: 'garage',
  title: 'Garage',
  events: { Opened: event('', Gate), Entered: event('', Entry), Left: event('', Entry), Missed: event('', Entry) },
  commands: {},
  queries: {},
  problems: {},
  scope: { kind: 'gate', field: 'gateId' },
  report: { occupancy: 'Cars.' },
} as const satisfies ContextSchema;

const theatre = {
  ...garage,
  name: 'theatre',
  queries: inView('theatre.shows', { shows: list('', '/theatre/shows', Show) }),
  report: {
    occupancy: 'Seats.',
    places: { view: 'theatre.shows', at: 'at', taken: 'sold', capacity: 'places', only: { status: ['open', 'ended'] } },
  },
} as const satisfies ContextSchema;

const museum = {
  ...garage,
  name: 'museum',
  queries: inView('museum.tours', { tours: list('', '/museum/tours', Tour) }),
  report: { occupancy: 'Guests.', places: { view: 'museum.tours', at: 'day', taken: 'sold', capacity: 'places' } },
} as const satisfies ContextSchema;

const library = { ...garage, name: 'library', report: undefined };

const projection = report(garage, {
  version: 1,
  counts: {
    Entered: ({ amount }) => ({ bookings: 1, revenue: amount, taken: 1 }),
    Left: ({ amount }) => ({ cancellations: 1, refunds: amount, taken: -1 }),
    Missed: () => ({ noShows: 1, taken: -1 }),
  },
  capacity: { Opened: ({ gateId, places }) => [gateId, places] },
});

const readSide = (schema: ContextSchema): ReadContext => ({ schema, overview: async () => ({}) });
const contexts = [garage, theatre, museum, library].map((schema) => readSide(schema as ContextSchema));

let database: Awaited<ReturnType<typeof startDatabase>>;
let db: Db;
let now = '2026-02-10T00:00:00.000Z';
const zones = ['Asia/Seoul', 'Asia/Kathmandu', 'Europe/Berlin'] as const;
const apis = new Map<string, Awaited<ReturnType<typeof serveReadApi>>>();

beforeAll(async () => {
  database = await startDatabase();
  db = database.db;
  for (const view of ['garage.report', 'theatre.report', 'theatre.shows', 'museum.report', 'museum.tours'])
    await reach(db, view, 7n);
  for (const timeZone of zones) apis.set(timeZone, await serveReadApi(db, contexts, { timeZone, now: () => now }));
});
afterAll(async () => {
  for (const api of apis.values()) await api.stop();
  await database.stop();
});
beforeEach(() => {
  now = '2026-02-10T00:00:00.000Z';
});

const happened = async (...events: Given[]) => {
  const view = viewOf(db, 'garage.report');
  await view.deleteMany({});
  const documents = Object.entries(documentsAfter(projection, ...events));
  if (documents.length > 0) await view.insertMany(documents.map(([_id, document]) => ({ _id, ...document })));
};

const ask = (path: string, headers = {}, zone: string = zones[0]) =>
  apis.get(zone)!.get(`/control-center/reports/${path}`, headers);

const opened = (gateId: string, places: number, time: string): Given => ({
  type: 'Opened',
  data: { gateId, places },
  time,
});
const of = (type: string, amount: number, time: string): Given => ({ type, data: { gateId: 'g', amount }, time });

const nothing = { bookings: 0, cancellations: 0, noShows: 0, revenue: 0, refunds: 0 };

describe('the report of a context', () => {
  it('has each day of the time zone with its sums and its average occupancy', async () => {
    await happened(
      opened('g', 2, '2026-01-30T15:00:00.000Z'),
      of('Entered', 5000, '2026-01-31T03:00:00.000Z'), // noon in Seoul
      of('Entered', 3000, '2026-01-31T14:59:59.999Z'),
      of('Left', 3000, '2026-01-31T15:00:00.000Z'), // midnight in Seoul
      of('Missed', 0, '2026-02-01T09:00:00.000Z'),
    );
    const { status, body, headers } = await ask(
      'garage?from=2026-01-31T00:00:00%2B09:00&to=2026-02-03T00:00:00%2B09:00',
    );
    expect(status).toBe(200);
    expect(body).toEqual({
      context: 'garage',
      timeZone: 'Asia/Seoul',
      by: 'day',
      buckets: [
        { ...nothing, start: '2026-01-31', bookings: 2, revenue: 8000, taken: 0.5, capacity: 2, occupancy: 0.25 },
        {
          ...nothing,
          start: '2026-02-01',
          cancellations: 1,
          refunds: 3000,
          noShows: 1,
          taken: 0.75,
          capacity: 2,
          occupancy: 0.375,
        },
        { ...nothing, start: '2026-02-02', taken: 0, capacity: 2, occupancy: 0 },
      ],
    });
    expect(headers.get('view-position')).toBe('7');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('has each hour, the running one up to now, and no occupancy of the future', async () => {
    now = '2026-01-31T03:30:00.000Z';
    await happened(opened('g', 4, '2026-01-31T02:00:00.000Z'), of('Entered', 1, '2026-01-31T03:15:00.000Z'));
    const { body } = await ask('garage?by=hour&from=2026-01-31T02:00:00Z&to=2026-01-31T04:00:00.001Z');
    expect(body.buckets).toEqual([
      { ...nothing, start: '2026-01-31T11:00:00+09:00', taken: 0, capacity: 4, occupancy: 0 },
      {
        ...nothing,
        start: '2026-01-31T12:00:00+09:00',
        bookings: 1,
        revenue: 1,
        taken: 0.5,
        capacity: 4,
        occupancy: 0.125,
      },
      { ...nothing, start: '2026-01-31T13:00:00+09:00', taken: null, capacity: null, occupancy: null },
    ]);
  });

  it('is of the last 30 days, or of the last 24 hours, unless the request says otherwise', async () => {
    now = '2026-02-10T00:00:00.000Z';
    const days = (await ask('garage')).body.buckets.map(({ start }: { start: string }) => start);
    expect([days[0], days.at(-1), days.length]).toEqual(['2026-01-11', '2026-02-10', 31]);
    const hours = (await ask('garage?by=hour')).body.buckets.map(({ start }: { start: string }) => start);
    expect([hours[0], hours.length]).toEqual(['2026-02-09T09:00:00+09:00', 24]);
    expect((await ask('garage?from=2026-02-10T00:00:00Z')).body.buckets).toEqual([]);
  });

  it('counts the places of a resource in the period in which it begins', async () => {
    const show = (showId: string, at: string, sold: number, status = 'open') => ({
      _id: showId,
      showId,
      at,
      sold,
      places: 10,
      status,
    });
    await viewOf(db, 'theatre.shows').insertMany([
      show('a', '2026-01-31T14:59:59.999Z', 5),
      show('b', '2026-01-31T15:00:00.000Z', 7, 'ended'),
      show('c', '2026-02-01T10:00:00.000Z', 8),
      show('d', '2026-02-01T10:00:00.000Z', 0, 'canceled'),
      show('e', '2026-02-02T15:00:00.000Z', 9),
    ]);
    const tours = [
      { day: '2026-01-31', sold: 3 },
      { day: '2026-02-01', sold: 4 },
    ];
    await viewOf(db, 'museum.tours').insertMany(tours.map((tour) => ({ _id: tour.day, places: 4, ...tour })));
    const range = 'from=2026-01-31T00:00:00%2B09:00&to=2026-02-03T00:00:00%2B09:00';
    const occupancies = async (path: string) =>
      (await ask(path)).body.buckets.map(({ occupancy }: { occupancy: number }) => occupancy);
    expect(await occupancies(`theatre?${range}`)).toEqual([0.5, 0.75, null]);
    expect(await occupancies(`museum?${range}`)).toEqual([0.75, 1, null]);
    const hours = await occupancies('museum?by=hour&from=2026-01-31T14:00:00Z&to=2026-01-31T17:00:00Z');
    expect(hours).toEqual([null, 1, null]);
  });
});

describe('a report as CSV', () => {
  it('has a header and a row for each period, for Excel', async () => {
    await happened(opened('g', 3, '2026-01-30T15:00:00.000Z'), of('Entered', 5000, '2026-01-31T03:00:00.000Z'));
    const path = 'garage?from=2026-01-31T00:00:00%2B09:00&to=2026-02-02T00:00:00%2B09:00';
    const res = await fetch(`${apis.get('Asia/Seoul')!.url}/control-center/reports/${path}`, {
      headers: { Accept: 'text/csv' },
    });
    const bytes = Buffer.from(await res.arrayBuffer());
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xef, 0xbb, 0xbf]));
    expect(bytes.subarray(3).toString()).toBe(
      'start,occupancy,taken,capacity,bookings,cancellations,noShows,revenue,refunds\r\n' +
        '2026-01-31,0.1667,0.5,3,1,0,0,5000,0\r\n' +
        '2026-02-01,0.3333,1,3,0,0,0,0,0\r\n',
    );
    expect(res.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(res.headers.get('content-disposition')).toBe('attachment; filename="garage-report.csv"');
    expect(res.headers.get('vary')).toContain('Accept');
  });

  it.each([
    ['text/csv;q=0.5, application/json', 'application/json'],
    ['text/html, */*', 'application/json'],
    ['text/csv, */*;q=0.1', 'text/csv; charset=utf-8; header=present'],
  ])('is sent for Accept: %s as %s', async (Accept, type) => {
    expect((await ask('garage', { Accept })).headers.get('content-type')).toBe(type);
  });

  it('has no body for HEAD', async () => {
    const { status, text } = await apis
      .get('Asia/Seoul')!
      .get('/control-center/reports/garage', { Accept: 'text/csv' }, 'HEAD');
    expect([status, text]).toEqual([200, '']);
  });
});

describe('a report is refused', () => {
  it.each([
    ['a range that ends before it begins', 'garage?from=2026-02-01T00:00:00Z&to=2026-01-31T00:00:00Z', '/from'],
    ['days over three years', 'garage?from=2023-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', '/from'],
    ['hours over a year', 'garage?by=hour&from=2025-01-01T00:00:00Z&to=2026-02-01T00:00:00Z', '/from'],
    ['a day as a moment', 'garage?from=2026-01-31', '/from'],
    ['29 February in another year', 'garage?to=2026-02-29T00:00:00Z', '/to'],
    ['another period', 'garage?by=week', '/by'],
    ['an unknown parameter', 'garage?lotId=1', '/lotId'],
  ])('with 400 for %s', async (_, path, pointer) => {
    const { status, body } = await ask(path);
    expect([status, body.type]).toEqual([400, '/problems/invalid-request']);
    expect(body.errors).toMatchObject([{ pointer }]);
  });

  it('with 404 for an unknown context, and for one without a report', async () => {
    expect((await ask('bowling')).status).toBe(404);
    expect((await ask('library')).status).toBe(404);
  });
});

it('a report is for staff and admins whose token reaches the whole context', async () => {
  const callers: Readonly<Record<string, Pick<Caller, 'roles' | 'scope'>>> = {
    staff: { roles: ['staff'] },
    admin: { roles: ['admin'] },
    whole: { roles: ['staff'], scope: ['garage'] },
    part: { roles: ['staff'], scope: ['garage:gate:g'] },
    other: { roles: ['staff'], scope: ['museum'] },
    shop: { roles: ['shop'] },
    manager: { roles: ['manager'] },
    customer: { roles: ['customer'] },
  };
  const identify = async (name?: string) =>
    name === undefined ? undefined : { sub: name, id: name, expiresAt: Date.now() + 60_000, ...callers[name]! };
  const api = await serveReadApi(db, contexts, { identify, now: () => now });
  const statusFor = async (headers = {}) => (await api.get('/control-center/reports/garage', headers)).status;
  const found: Record<string, number> = {};
  for (const name of Object.keys(callers)) found[name] = await statusFor({ Authorization: name });
  const refused = { part: 403, other: 403, shop: 403, manager: 403, customer: 403 };
  expect(found).toEqual({ staff: 200, admin: 200, whole: 200, ...refused });
  expect(await statusFor()).toBe(401);
  await api.stop();
});

it('a report equals what the events say, in every time zone, whatever their order and streams', async () => {
  const START = Date.parse('2026-03-27T00:00:00.000Z'); // Berlin changes its clocks on 29 March.
  const HOUR = 3_600_000;
  const moment = fc.integer({ min: 0, max: 5 * 24 * 60 }).map((minutes) => START + minutes * 60_000 + (minutes % 7));
  const given = fc.record({
    moves: fc.array(fc.tuple(moment, fc.constantFrom('Entered', 'Left', 'Missed'), fc.nat(9)), { maxLength: 40 }),
    sizes: fc.array(fc.tuple(moment, fc.constantFrom('a', 'b'), fc.nat(9)), { maxLength: 6 }),
    from: moment,
    hours: fc.integer({ min: 1, max: 80 }),
    by: fc.constantFrom('day' as const, 'hour' as const),
    zone: fc.constantFrom(...zones),
  });
  now = new Date(START + 4 * 24 * HOUR + 1234).toISOString();
  const end = Date.parse(now);
  await fc.assert(
    fc.asyncProperty(given, async ({ moves, sizes, from, hours, by, zone }) => {
      // Nobody leaves before somebody entered: the level is never below 0.
      const entered = moves.map(([at]) => of('Entered', 0, new Date(Math.min(at, START + 1)).toISOString()));
      const capacities = sizes.filter(([at]) => at <= end).toSorted(([a], [b]) => a - b);
      const past = moves.filter(([at]) => at <= end);
      await happened(
        ...capacities.map(([at, gateId, places]) => opened(gateId, places, new Date(at).toISOString())),
        ...past.map(([at, type, amount]) => of(type, amount, new Date(at).toISOString())),
        ...entered,
      );
      const to = from + hours * HOUR;
      const text = (time: number) => new Date(time).toISOString();
      const { status, body } = await ask(`garage?by=${by}&from=${text(from)}&to=${text(to)}`, {}, zone);
      expect(status).toBe(200);
      const spans = [...periods(text(from), text(to), by, zone)];
      expect(body.buckets.map(({ start }: { start: string }) => start)).toEqual(spans.map(({ label }) => label));
      const all = [
        ...past.map(([at, type, amount]) => ({ at, type, amount })),
        ...entered.map(({ time }) => ({ at: Date.parse(time!), type: 'Entered', amount: 0 })),
      ];
      /** The area under the steps of a level, over a period up to now. */
      const average = (steps: { at: number; by: number }[], start: number, until: number) => {
        const areas = steps.map((step) => step.by * Math.max(0, until - Math.max(start, step.at)));
        return areas.reduce((sum, area) => sum + area, 0) / (until - start);
      };
      const levels = all.map(({ at, type }) => ({ at, by: type === 'Entered' ? 1 : -1 }));
      const places = capacities.map(([at, gate, size], index) => {
        const before = capacities.slice(0, index).findLast(([, other]) => other === gate)?.[2] ?? 0;
        return { at, by: size - before };
      });
      for (const [index, { start, end: stop }] of spans.entries()) {
        const inside = all.filter(({ at }) => at >= start && at < stop);
        const sum = (type: string) =>
          inside.filter((one) => one.type === type).reduce((total, { amount }) => total + amount, 0);
        const count = (type: string) => inside.filter((one) => one.type === type).length;
        const bucket = body.buckets[index];
        expect(bucket).toMatchObject({
          bookings: count('Entered'),
          cancellations: count('Left'),
          noShows: count('Missed'),
          revenue: sum('Entered'),
          refunds: sum('Left'),
        });
        if (start >= end) expect(bucket.taken).toBeNull();
        else {
          const until = Math.min(stop, end);
          expect(bucket.taken).toBeCloseTo(average(levels, start, until), 1);
          expect(bucket.capacity).toBeCloseTo(average(places, start, until), 1);
        }
      }
    }),
    { numRuns: 60 },
  );
});

it('caused no unexpected error', () => {
  for (const api of apis.values()) expect(api.errors).toEqual([]);
});
