import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createIndexes } from '../projections/kernel/create-indexes.ts';
import { foldedTexts, indexesOf } from '../projections/kernel/indexes.ts';
import { staff } from '../schemas/access.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import { inView, list, one } from '../schemas/kernel/queries.ts';
import { FOLDED } from '../schemas/kernel/search.ts';
import { Id, Strict, Text } from '../schemas/kernel/values.ts';
import type { ReadContext } from './kernel/context.ts';
import { reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const Gate = Strict({ gateId: Id, name: Text(100, '판교역') });
const Visit = Strict({ gateId: Id, visitId: Id, plate: Text(20, '10더8612') });
const Driver = Strict({
  driverId: Id,
  name: Text(100, '홍길동'),
  phone: Text(20, '+821012345678'),
  email: Text(100, 'kim@example.com'),
});

const schema = {
  name: 'garage',
  title: 'Garage',
  events: {},
  commands: {},
  queries: {
    ...inView('garage.gates', {
      gates: list('Gates', '/garage/gates', Gate, { sorts: ['name'], prefix: 'name' }),
      gate: one('A gate', '/garage/gates/{gateId}', Gate, { search: { gateId: 'id', name: 'name' } }),
    }),
    ...inView('garage.visits', {
      visit: one('A visit', '/garage/gates/{gateId}/visits/{visitId}', Visit, {
        search: { plate: 'plate', visitId: 'id' },
      }),
    }),
    ...inView('garage.drivers', {
      driver: one('A driver', '/garage/drivers/{driverId}', Driver, {
        search: { name: 'name', phone: 'phone', email: 'id' },
      }),
    }),
    // Nobody may read it, so nobody finds anything in it.
    ...inView('garage.secrets', {
      secret: one('A secret', '/garage/secrets/{gateId}', Gate, { search: { name: 'name' } }),
    }),
  },
  access: { gates: staff, gate: staff, visit: staff, driver: staff, secret: {} },
  problems: {},
} as const satisfies ContextSchema;

const garage: ReadContext = { schema, overview: async () => ({}) };

const GATES = [
  { gateId: 'g1', name: '판교역 환승주차장' },
  { gateId: 'g2', name: '정자역 Tower 2' },
  { gateId: 'g3', name: '현대백화점 판교점' },
  { gateId: 'G4', name: 'Tower' },
  { gateId: 'g5', name: '서울 중앙 병원 Annex hall' },
];
const DRIVERS = [
  { driverId: 'd1', name: '김민지', phone: '+821012345678', email: 'Minji@example.com' },
  { driverId: 'd2', name: '이서연', phone: '+15551234567', email: 'lee@example.com' },
];
/** Plates with the same end, of two gates. */
const VISITS = Array.from({ length: 25 }, (_, at) => ({
  gateId: `g${1 + (at % 2)}`,
  visitId: `v-${String(at).padStart(2, '0')}`,
  plate: `${10 + at}더8612`,
}));

let database: Awaited<ReturnType<typeof startDatabase>>;
let api: Awaited<ReturnType<typeof serveReadApi>>;

/** Stores documents like the writer of their view, with the indexes of its projection. */
const store = async (view: string, documents: readonly Record<string, string>[], idOf: (item: never) => string) => {
  await createIndexes(database.db, view, indexesOf(schema, view));
  const texts = (item: Record<string, string>) =>
    Object.fromEntries(
      foldedTexts(schema, view).flatMap(({ name, field, of }) => {
        const text = of(item[field]!);
        return text === undefined ? [] : [[name, text]];
      }),
    );
  await viewOf(database.db, view).insertMany(
    documents.map((item) => ({ _id: idOf(item as never), _position: '1', ...item, [FOLDED]: texts(item) })),
  );
  await reach(database.db, view, 1n);
};

beforeAll(async () => {
  database = await startDatabase();
  await store('garage.gates', GATES, ({ gateId }: { gateId: string }) => gateId);
  await store(
    'garage.visits',
    VISITS,
    ({ gateId, visitId }: { gateId: string; visitId: string }) => `${gateId}.${visitId}`,
  );
  await store('garage.drivers', DRIVERS, ({ driverId }: { driverId: string }) => driverId);
  await store('garage.secrets', [GATES[0]!], ({ gateId }: { gateId: string }) => gateId);
  api = await serveReadApi(database.db, [garage], {
    identify: async () => ({ sub: 'kim', id: 'kim', roles: ['staff'], expiresAt: Number.MAX_SAFE_INTEGER }),
  });
});
afterAll(async () => {
  await api.stop();
  await database.stop();
});

type Found = { kind: string; path: string; item: Record<string, string> };
const search = (query: Record<string, string>) => api.get(`/control-center/search?${new URLSearchParams(query)}`);
const pathsOf = async (query: Record<string, string>): Promise<string[]> => {
  const { status, body } = await search(query);
  expect(status, JSON.stringify(body)).toBe(200);
  return (body.items as Found[]).map(({ path }) => path);
};
const gates = (...ids: string[]) => ids.map((id) => `/garage/gates/${id}`);

describe('the search', () => {
  it.each([
    ['the beginning of a name', '판교', gates('g1', 'g3')],
    ['letters in another case, form and spacing', ' ｔｏｗ ', gates('G4', 'g2')],
    ['initial consonants', 'ㅍㄱ', gates('g1', 'g3')],
    ['initial consonants over a space', 'ㅍㄱㅇ ㅎㅅ', gates('g1')],
    ['the second word', '환승', gates('g1')],
    ['the initial consonants of the second word', 'ㅎㅅㅈㅊㅈ', gates('g1')],
    ['the third word', '병원', gates('g5')],
    ['the fourth word', 'annex', gates('g5')],
    ['the initial consonants of the third word', 'ㅂㅇ', gates('g5')],
    ['a phone number', '+821012345678', ['/garage/drivers/d1']],
    ['a phone number as it is dialled', '010 1234-5678', ['/garage/drivers/d1']],
    ['the beginning of a phone number', '010-1234', ['/garage/drivers/d1']],
    ['a phone number of another country', '+1 555 123 4567', ['/garage/drivers/d2']],
    ['an e-mail address in another case', 'minji@EXAMPLE.com', ['/garage/drivers/d1']],
    ['nothing by a phone number that nobody has', '010-9999-9999', []],
    ['an id in another case', 'g4', gates('G4')],
    ['a plate', '10더', ['/garage/gates/g1/visits/v-00']],
    ['an id of a part of a resource', 'V-24', ['/garage/gates/g1/visits/v-24']],
    ['nothing by the middle of a word', '교역', []],
    ['nothing by an operator', '{"$gt":""}', []],
  ])('finds by %s', async (_, q, expected) => {
    expect(await pathsOf({ q })).toEqual(expected);
  });

  it('answers what the path of the document answers', async () => {
    const { body } = await search({ q: '판교역' });
    const [{ path, item }] = body.items as [Found];
    expect((await api.get(path)).body).toEqual(item);
    expect(body.items).toEqual([{ context: 'garage', kind: 'gate', path, item: GATES[0] }]);
  });

  it('turns pages without a gap or a repeat', async () => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const { body } = await search({ q: '8612', limit: '4', ...(cursor === undefined ? {} : { cursor }) });
      expect(body.items.length).toBeLessThanOrEqual(4);
      found.push(...(body.items as Found[]).map(({ path }) => path));
      cursor = body.next;
    } while (cursor !== undefined);
    expect(found).toHaveLength(VISITS.length);
    expect(new Set(found).size).toBe(VISITS.length);
  });

  it('finds a document once, by the first of its texts, over the pages', async () => {
    const first = await search({ q: 'g', limit: '1' });
    expect(first.body.next).toBeDefined();
    const rest = await search({ q: 'g', cursor: first.body.next });
    expect([...first.body.items, ...rest.body.items].map(({ path }: Found) => path)).toEqual(
      gates('g1', 'g2', 'g3', 'G4', 'g5'),
    );
  });

  it.each([
    ['no text', '', '/q'],
    ['a blank text', 'q=%20%20', '/q'],
    ['an unknown context', 'q=a&context=cellar', '/context'],
    ['an unknown parameter', 'q=a&sort=name', '/sort'],
    ['a cursor of another text', 'q=a&cursor=0-abc', '/cursor'],
    ['a cursor that is none', 'q=a&cursor=abc', '/cursor'],
    ['a limit of zero', 'q=a&limit=0', '/limit'],
  ])('refuses %s', async (_, query, pointer) => {
    const { status, body } = await api.get(`/control-center/search?${query}`);
    expect(status).toBe(400);
    expect(body.type).toBe('/problems/invalid-request');
    expect(body.errors[0].pointer).toBe(pointer);
  });
});
