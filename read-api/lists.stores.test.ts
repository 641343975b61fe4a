import fc from 'fast-check';
import type { Db } from 'mongodb';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextSchemas, readSidesOf } from '../programs/contexts.ts';
import { createIndexes } from '../projections/kernel/create-indexes.ts';
import { foldedTexts, indexesOf } from '../projections/kernel/indexes.ts';
import { anyone, staff } from '../schemas/access.ts';
import type { ContextSchema, QuerySchema } from '../schemas/kernel/context.ts';
import { inView, list, one } from '../schemas/kernel/queries.ts';
import { FOLDED, folded } from '../schemas/kernel/search.ts';
import { CalendarDay, Id, Status, Strict, Text, Time } from '../schemas/kernel/values.ts';
import type { ReadContext } from './kernel/context.ts';
import { reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const Visit = Strict({ visitId: Id, gateId: Id, plate: Text(20, '10더8612'), day: CalendarDay, at: Time });

const Gate = Strict({ gateId: Id, hall: Id, status: Status('open', 'shut') });

const Car = Strict({ carId: Id, name: Text(60, 'Red Lotus'), doors: Type.Integer() });

const Shift = Strict({ shiftId: Id, day: CalendarDay, status: Status('open', 'over') });

const schema = {
  name: 'garage',
  title: 'Garage',
  events: {},
  commands: {},
  queries: {
    ...inView('garage.gates', {
      gates: list('Gates', '/garage/gates', Gate, { filters: { hall: Id }, sorts: ['gateId'], closed: ['shut'] }),
    }),
    ...inView('garage.shifts', {
      shifts: list('Shifts', '/garage/shifts', Shift, { sorts: ['day'], closed: ['over'], closedBy: 'day' }),
    }),
    ...inView('garage.cars', {
      cars: list('Cars', '/garage/cars', Car, { sorts: ['name', 'doors'], prefix: 'name' }),
      car: one('A car', '/garage/cars/{carId}', Car, { search: { name: 'name' } }),
    }),
    ...inView('garage.visits', {
      visits: list('Visits', '/garage/visits', Visit, {
        filters: { gateId: Id, day: CalendarDay },
        sorts: ['at', 'plate'],
        range: 'at',
        prefix: 'plate',
      }),
      days: list('Visits by day', '/garage/days', Visit, {
        filters: { day: CalendarDay },
        sorts: ['day'],
        range: 'day',
      }),
      gateVisits: list("A gate's visits", '/garage/gates/{gateId}/visits', Visit, { prefix: 'plate' }),
    }),
  },
  access: { gates: anyone, cars: anyone, car: anyone, shifts: anyone, visits: anyone, days: staff, gateVisits: staff },
  problems: {},
} as const satisfies ContextSchema;

const garage: ReadContext = { schema, overview: async () => ({}) };

const plates = ['10더 8612', '10더9999', '10덕8612', '12가 3456', '12가3456', 'ABC 1', 'abc-2', 'ａｂｃ３'];
const START = Date.parse('2026-01-31T12:00:00.000Z');
const HOUR = 3_600_000;

/** 120 visits over two days; every hour has five of them, at the same moment. */
const visits = Array.from({ length: 120 }, (_, number) => {
  const at = new Date(START + Math.floor(number / 5) * 2 * HOUR).toISOString();
  const day = new Date(Date.parse(at) + 9 * HOUR).toISOString().slice(0, 10);
  const plate = plates[(number * 7) % plates.length]!;
  return { visitId: `v-${String(number).padStart(3, '0')}`, gateId: `g-${number % 3}`, plate, day, at };
});

/** Every third gate is shut. */
const gates = Array.from({ length: 12 }, (_, number) => {
  const status = number % 3 === 0 ? 'shut' : 'open';
  return { gateId: `g-${String(number).padStart(2, '0')}`, hall: `h-${number % 2}`, status };
});

/** Two shifts a day, the latest days first. Every third is over. */
const shifts = Array.from({ length: 9 }, (_, number) => ({
  shiftId: `s-${number}`,
  day: `2026-01-${30 - Math.floor(number / 2)}`,
  status: number % 3 === 0 ? 'over' : 'open',
}));

const cars = [
  'Gangnam lot',
  'Lot of Gangnam lot',
  'lot',
  'The long lot 3',
  'A very old red lot', // from its fifth word on: not found
  'Salotto',
  '판교역 환승주차장',
  'Central 판교 역',
].map((name, at) => ({ carId: `c-${at}`, name, doors: (at * 3) % 4 }));

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;
let db: Db;

beforeAll(async () => {
  database = await startDatabase();
  db = database.db;
  await createIndexes(db, 'garage.visits', indexesOf(schema, 'garage.visits'));
  const stored = visits.map((visit) => ({
    _id: visit.visitId,
    _position: '1',
    ...visit,
    [FOLDED]: { plate: folded(visit.plate) },
  }));
  await viewOf(db, 'garage.visits').insertMany([...stored, { _id: 'v-gone', _position: '1', _deleted: true }]);
  await createIndexes(db, 'garage.gates', indexesOf(schema, 'garage.gates'));
  await viewOf(db, 'garage.gates').insertMany(
    gates.map((gate) => ({ _id: gate.gateId, _position: '1', ...gate, [FOLDED]: { closed: gate.status === 'shut' } })),
  );
  await createIndexes(db, 'garage.shifts', indexesOf(schema, 'garage.shifts'));
  await viewOf(db, 'garage.shifts').insertMany(
    shifts.map((shift) => {
      const closed = `${shift.status === 'over' ? 1 : 0} ${shift.day}`;
      return { _id: shift.shiftId, _position: '1', ...shift, [FOLDED]: { closed } };
    }),
  );
  await createIndexes(db, 'garage.cars', indexesOf(schema, 'garage.cars'));
  const texts = foldedTexts(schema, 'garage.cars');
  await viewOf(db, 'garage.cars').insertMany(
    cars.map((car) => {
      const found = texts.flatMap(({ name, of }) => (of(car.name) ? [[name, of(car.name)]] : []));
      return { _id: car.carId, _position: '1', ...car, [FOLDED]: Object.fromEntries(found) };
    }),
  );
  for (const view of ['gates', 'shifts', 'cars', 'visits', 'history']) await reach(db, `garage.${view}`, 1n);
  api = await serveReadApi(db, [garage]);
});

afterAll(async () => {
  await api.stop();
  await database.stop();
});

type Given = Readonly<Record<string, string | undefined>>;

const pathOf = (path: string, given: Given) => {
  const known = Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return `${path}?${new URLSearchParams(known)}`;
};
const platesOf = async (given: Given, path = '/garage/visits') => {
  const { status, body } = await api.get(pathOf(path, { limit: '200', ...given }));
  expect(status).toBe(200);
  return [...new Set(body.items.map(({ plate }: { plate: string }) => plate))].sort();
};

describe('a search by prefix', () => {
  it.each([
    ['10더', ['10더 8612', '10더9999']],
    ['10 더8', ['10더 8612']],
    ['１０더', ['10더 8612', '10더9999']],
    ['10더'.normalize('NFD'), ['10더 8612', '10더9999']],
    ['10', ['10더 8612', '10더9999', '10덕8612']],
    ['12가3', ['12가 3456', '12가3456']],
    ['aBc', ['ABC 1', 'abc-2', 'ａｂｃ３']],
    ['더', []],
    ['.*', []],
    ['{"$gt":""}', []],
  ])('for %s ignores case, spaces and Unicode forms', async (platePrefix, expected) => {
    expect(await platesOf({ platePrefix })).toEqual(expected);
    expect(await platesOf({ platePrefix }, '/garage/gates/g-0/visits')).toEqual(expected);
  });

  it('is ordered by the text unless the request names an order', async () => {
    const found = async (given: Given) =>
      (await api.get(pathOf('/garage/visits', { platePrefix: 'abc', limit: '200', ...given }))).body.items;
    const byText = (await found({})).map(({ plate }: { plate: string }) => folded(plate));
    expect(byText).toEqual(byText.toSorted());
    const times = (await found({ sort: '-at' })).map(({ at }: { at: string }) => at);
    expect(times).toEqual(times.toSorted().reverse());
  });
});

describe('a prefix of a name by which documents are searched', () => {
  const pagesOf = async (given: Given) => {
    const found: string[] = [];
    for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
      const { status, body } = await api.get(pathOf('/garage/cars', { ...given, cursor, count: 'true' }));
      expect(status).toBe(200);
      found.push(...body.items.map(({ name }: { name: string }) => name));
      cursor = body.next;
      expect(body.items.length).toBe(cursor === undefined ? body.items.length : Number(given.limit));
      if (cursor === undefined) expect(body.count).toBe(found.length);
    }
    return found;
  };

  it.each([
    ['lot', ['lot', 'The long lot 3', 'Gangnam lot', 'Lot of Gangnam lot']],
    ['LOT 3', ['The long lot 3']],
    ['gangnam', ['Gangnam lot', 'Lot of Gangnam lot']],
    ['판교', ['Central 판교 역', '판교역 환승주차장']],
    ['ㅍㄱ', ['Central 판교 역', '판교역 환승주차장']],
    ['ㅎㅅ', ['판교역 환승주차장']],
    ['otto', []],
  ])('%s finds it also from a later word on, once, in pages of any length', async (namePrefix, expected) => {
    for (const limit of ['1', '2', '3', '200'])
      expect((await pagesOf({ namePrefix, limit })).toSorted(), limit).toEqual(expected.toSorted());
  });

  it('is in the order of the text that begins with it, and in any order that a request names', async () => {
    const first = { namePrefix: 'lot', limit: '1' };
    expect(await pagesOf(first)).toEqual(['Gangnam lot', 'lot', 'The long lot 3', 'Lot of Gangnam lot']);
    const doors = new Map(cars.map(({ name, doors }) => [name, doors]));
    const byDoors = await pagesOf({ ...first, sort: 'doors' });
    expect(byDoors.map((name) => doors.get(name))).toEqual(byDoors.map((name) => doors.get(name)).toSorted());
    expect(await pagesOf({ ...first, sort: '-doors' })).toEqual(byDoors.toReversed());
    expect(await pagesOf({ ...first, sort: '-name' })).toEqual([
      'lot',
      'The long lot 3',
      'Lot of Gangnam lot',
      'Gangnam lot',
    ]);
  });
});

const countBetween = async (given: Given, path = '/garage/visits') => {
  const { status, body } = await api.get(pathOf(path, { count: 'true', limit: '1', ...given }));
  expect(status).toBe(200);
  return body.count;
};

describe('a time range', () => {
  it('includes its first moment and excludes its last one', async () => {
    expect(await countBetween({ from: '2026-01-31T12:00:00Z', to: '2026-01-31T14:00:00Z' })).toBe(5);
    expect(await countBetween({ from: '2026-01-31T12:00:00.001Z', to: '2026-01-31T14:00:00.001Z' })).toBe(5);
    expect(await countBetween({ from: '2026-01-31T12:00:00Z', to: '2026-01-31T12:00:00Z' })).toBe(0);
    expect(await countBetween({ to: '2026-01-31T14:00:00Z' })).toBe(5);
    expect(await countBetween({ from: '2026-01-31T14:00:00Z' })).toBe(115);
  });

  it('is a time, whatever its offset and its digits', async () => {
    const to = '2026-01-31T14:00:00Z';
    expect(await countBetween({ from: '2026-01-31T21:00:00+09:00', to })).toBe(5);
    expect(await countBetween({ from: '2026-01-31t06:30:00-05:30', to })).toBe(5);
    expect(await countBetween({ from: '2026-01-31T12:00:00.0000001Z', to })).toBe(0);
    expect(await countBetween({ from: '2026-01-31T11:59:59.9999999Z', to: '2026-01-31T12:00:00.0000001Z' })).toBe(5);
  });

  it('may have a plus sign that is not escaped', async () => {
    const { status, body } = await api.get(
      '/garage/visits?from=2026-01-31T21:00:00+09:00&to=2026-01-31T23:00:00+09:00&count=true',
    );
    expect([status, body.count]).toEqual([200, 5]);
  });

  it('of days has those that begin within it', async () => {
    const days = async (from: string, to: string, rest: Given = {}) =>
      countBetween({ from, to, ...rest }, '/garage/days');
    const all = (day: string) => visits.filter((visit) => visit.day === day).length;
    expect(all('2026-02-01')).toBeGreaterThan(0);
    expect(await days('2026-02-01T00:00:00+09:00', '2026-02-02T00:00:00+09:00')).toBe(all('2026-02-01'));
    expect(await days('2026-01-31T15:00:00Z', '2026-01-31T15:00:00.001Z')).toBe(all('2026-02-01'));
    expect(await days('2026-01-31T15:00:00.001Z', '2026-02-01T15:00:00Z')).toBe(0);
    const both = { day: '2026-02-01' };
    expect(await days('2026-01-31T15:00:00Z', '2026-02-03T15:00:00Z', both)).toBe(all('2026-02-01'));
  });

  it.each([
    ['that ends before it begins', { from: '2026-02-01T00:00:00Z', to: '2026-01-31T23:59:59Z' }, '/from'],
    [
      'that ends before it begins, by its offsets',
      { from: '2026-02-01T00:00:00Z', to: '2026-02-01T08:00:00+09:00' },
      '/from',
    ],
    ['of a day', { from: '2026-01-31' }, '/from'],
    ['without an offset', { from: '2026-01-31T09:00:00' }, '/from'],
    ['of 29 February in another year', { to: '2026-02-29T09:00:00Z' }, '/to'],
    ['with an unknown offset', { to: '2026-02-01T09:00:00+25:00' }, '/to'],
    ['before the year 0', { from: '0000-01-01T00:00:00+09:00' }, '/from'],
    ['of nothing', { from: '' }, '/from'],
    ['of words', { to: 'tomorrow' }, '/to'],
    ['of an operator', { from: '{"$ne":null}' }, '/from'],
  ])('%s is 400', async (_, given: Given, pointer) => {
    const { status, body } = await api.get(pathOf('/garage/visits', given));
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: '/problems/invalid-request', errors: [{ pointer }] });
  });
});

it.each([
  ['a list without a range', '/garage/gates/g-0/visits?from=2026-01-31T09:00:00Z', '/from'],
  ['a list without a prefix', '/garage/days?platePrefix=10', '/platePrefix'],
  ['a blank prefix', '/garage/visits?platePrefix=%20%E2%80%8B', '/platePrefix'],
  ['an empty prefix', '/garage/visits?platePrefix=', '/platePrefix'],
  ['a control character', '/garage/visits?platePrefix=a%00', '/platePrefix'],
  ['a prefix of 201 characters', `/garage/visits?platePrefix=${'a'.repeat(201)}`, '/platePrefix'],
  ['a wish to count that is neither true nor false', '/garage/visits?count=yes', '/count'],
  ['a repeated prefix', '/garage/visits?platePrefix=1&platePrefix=2', '/platePrefix'],
])('%s is refused with 400', async (_, path, pointer) => {
  const { status, body } = await api.get(path);
  expect(status).toBe(400);
  expect(body.errors).toMatchObject([{ pointer }]);
});

it('a count is left out unless it is asked for, and never above 10,000', async () => {
  expect((await api.get('/garage/visits?limit=1')).body).not.toHaveProperty('count');
  expect((await api.get('/garage/visits?limit=1&count=false')).body).not.toHaveProperty('count');
  expect(await countBetween({})).toBe(120);
  const many = viewOf(db, 'garage.visits');
  await many.insertMany(Array.from({ length: 10_001 }, (_, at) => ({ _id: `many-${at}`, gateId: 'g-many' })));
  expect(await countBetween({ gateId: 'g-many' })).toBe(10_000);
  expect(await countBetween({})).toBe(10_000);
  await many.deleteMany({ gateId: 'g-many' });
});

describe('the pages of a list with a range and a prefix', () => {
  const cursorOf = async (given: Given) => (await api.get(pathOf('/garage/visits', given))).body.next as string;

  it('have a cursor that is valid only for them', async () => {
    const own: Given = { from: '2026-01-31T12:00:00Z', platePrefix: '1', limit: '2' };
    const cursor = await cursorOf(own);
    expect((await api.get(pathOf('/garage/visits', { ...own, cursor, limit: '7', count: 'true' }))).status).toBe(200);
    const others: Given[] = [
      { ...own, from: '2026-01-31T12:00:01Z' },
      { ...own, to: '2026-02-05T12:00:00Z' },
      { ...own, from: undefined },
      { ...own, platePrefix: '10' },
      { ...own, platePrefix: undefined },
      { ...own, sort: 'at' },
    ];
    for (const other of others)
      expect((await api.get(pathOf('/garage/visits', { ...other, cursor }))).status, JSON.stringify(other)).toBe(400);
    const sameMoment = { ...own, from: '2026-01-31T21:00:00+09:00', platePrefix: ' 1' };
    expect((await api.get(pathOf('/garage/visits', { ...sameMoment, cursor }))).status).toBe(200);
  });

  it('have every match once, in order, whatever is combined', async () => {
    const moment = fc.integer({ min: -3, max: 51 }).map((hours) => new Date(START + hours * HOUR).toISOString());
    const given = fc.record(
      {
        gateId: fc.constantFrom('g-0', 'g-1'),
        day: fc.constantFrom('2026-01-31', '2026-02-01', '2026-02-03'),
        range: fc.tuple(fc.option(moment, { nil: undefined }), fc.option(moment, { nil: undefined })),
        platePrefix: fc.constantFrom('1', '10', '10더', '12 가', 'A', 'abc', 'x'),
        sort: fc.constantFrom('at', '-at', 'plate', '-plate'),
        limit: fc.integer({ min: 1, max: 60 }),
      },
      { requiredKeys: ['limit'] },
    );
    await fc.assert(
      fc.asyncProperty(given, async ({ range = [undefined, undefined], limit, ...rest }) => {
        const [from, to] = range[0] && range[1] && range[0] > range[1] ? [range[1], range[0]] : range;
        const { gateId, day, platePrefix, sort } = rest;
        const matches = visits.filter(
          (visit) =>
            (gateId === undefined || visit.gateId === gateId) &&
            (day === undefined || visit.day === day) &&
            (from === undefined || visit.at >= from) &&
            (to === undefined || visit.at < to) &&
            (platePrefix === undefined || folded(visit.plate).startsWith(folded(platePrefix))),
        );
        const field = sort?.replace('-', '') as 'at' | 'plate' | undefined;
        const keyOf = (visit: (typeof visits)[number]) => {
          const value = field ? visit[field] : platePrefix ? folded(visit.plate) : from || to ? visit.at : '';
          return Buffer.from(`${value}\0${visit.visitId}`);
        };
        const expected = matches.toSorted((a, b) => Buffer.compare(keyOf(a), keyOf(b))).map(({ visitId }) => visitId);
        if (sort?.startsWith('-')) expected.reverse();
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const asked = { ...rest, from, to, cursor, limit: String(limit), count: 'true' };
          const { status, body } = await api.get(pathOf('/garage/visits', asked));
          expect([status, body.count]).toEqual([200, matches.length]);
          found.push(...body.items.map(({ visitId }: { visitId: string }) => visitId));
          expect(body.items.length).toBe(body.next === undefined ? body.items.length : limit);
          cursor = body.next;
        } while (cursor !== undefined);
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a list that shows closed items last', () => {
  const pagesOf = async (given: Given) => {
    const found: string[] = [];
    for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
      const { status, body } = await api.get(pathOf('/garage/gates', { ...given, cursor }));
      expect(status).toBe(200);
      for (const item of body.items) {
        expect(Object.keys(item)).toEqual(['gateId', 'hall', 'status']);
        found.push(item.gateId);
      }
      cursor = body.next;
    }
    return found;
  };
  const idsOf = (status: string, hall?: string) =>
    gates.filter((gate) => gate.status === status && (hall ?? gate.hall) === gate.hall).map(({ gateId }) => gateId);

  it.each(['1', '3', '4', '200'])('has every item once, the open ones first, in pages of %s', async (limit) => {
    expect(await pagesOf({ limit })).toEqual([...idsOf('open'), ...idsOf('shut')]);
    expect(await pagesOf({ limit, hall: 'h-1' })).toEqual([...idsOf('open', 'h-1'), ...idsOf('shut', 'h-1')]);
  });

  it('has the order that a request names', async () => {
    expect(await pagesOf({ limit: '5', sort: 'gateId' })).toEqual(gates.map(({ gateId }) => gateId));
  });

  it('must have the status of its closed items', () =>
    expect(() => list('', '/x', Gate, { closed: ['gone'] })).toThrow('/x has no status gone'));

  it.each(['1', '2', '200'])('orders the open and the closed items by a field, in pages of %s', async (limit) => {
    const found: string[] = [];
    for (let cursor: string | undefined, isLast = false; !isLast; isLast = cursor === undefined) {
      const { status, body } = await api.get(pathOf('/garage/shifts', { limit, cursor }));
      expect(status).toBe(200);
      for (const { shiftId } of body.items) found.push(shiftId);
      cursor = body.next;
    }
    expect(found).toEqual(['s-8', 's-7', 's-4', 's-5', 's-2', 's-1', 's-6', 's-3', 's-0']);
  });

  it('must be sorted by the field that orders its open and closed items', () => {
    expect(() => list('', '/x', Gate, { closed: ['shut'], closedBy: 'hall' })).toThrow('is not sorted by hall');
    expect(() => list('', '/x', Gate, { sorts: ['hall'], closedBy: 'hall' })).toThrow('/x has no closed items');
  });
});

it('a list cannot have a range without an index, nor a prefix of a field that it lacks', () => {
  expect(() => list('', '/x', Visit, { sorts: ['day'], range: 'at' })).toThrow('/x is not sorted by its range at');
  expect(() => list('', '/x', Strict({ a: Type.String() }), { prefix: 'b' })).toThrow('/x has no b');
  const current = { plate: { view: 'garage.cars', by: 'visitId' } };
  expect(() => list('', '/x', Visit, { prefix: 'plate', current })).toThrow('/x has no plate');
});

it('caused no unexpected error', () => {
  expect(api.errors).toEqual([]);
});

it('every list of every context refuses a range that ends before it begins', async () => {
  const real = await serveReadApi(db, await readSidesOf(contextSchemas.map(({ name }) => name)));
  const ranged = contextSchemas
    .flatMap(({ queries }) => Object.values<QuerySchema>(queries))
    .filter(({ range }) => range !== undefined);
  expect(ranged.length).toBeGreaterThan(15);
  for (const { path } of ranged) {
    const given = { from: '2026-02-01T00:00:00Z', to: '2026-02-01T08:00:00+09:00' };
    const { status, body } = await real.get(pathOf(path.replaceAll(/\{\w+\}/g, 'x'), given));
    expect([path, status, body.type]).toEqual([path, 400, '/problems/invalid-request']);
    expect(body.errors).toEqual([{ pointer: '/from', detail: 'must not be after `to`' }]);
  }
  await real.stop();
});
