import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { queriesOf } from '../../schemas/kernel/history.ts';
import {
  type Answer,
  call,
  eventually,
  openPlaza,
  type Plaza,
  temporaryData,
  viewsAreBuilt,
} from '../support/plaza.ts';

const CONTEXTS = ['parking', 'food-court'];

/** docs/history.md: an answer at a moment is given again as of that moment, after everything has changed. */
const DOCUMENTS = ['/parking/lots/1', '/parking/lots/1/reservations/r1', '/parking/coupons/1.r1'];
const HISTORIES = ['/parking/lots/1/history', '/parking/lots/1/history?sort=-position&limit=2'];
const LISTS = [
  '/parking/lots',
  '/parking/reservations?count=true',
  '/parking/reservations?lotId=1&status=reserved',
  '/parking/lots/1/waiting-list',
];

type Recorded = { position: string; time: string; answers: Map<string, Answer> };

const data = temporaryData();
let plaza: Plaza;
const recorded: Recorded[] = [];

const get = (path: string, headers: Record<string, string> = {}) => call(plaza.url, 'GET', path, undefined, headers);
const ready = (path: string, headers: Record<string, string>) =>
  eventually(
    () => get(path, headers),
    ({ status }) => status !== 202,
  );
const send = async (method: string, path: string, body: object) => {
  const answer = await call(plaza.url, method, path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
};

type ControlCenter = { events: { position: string; time: string; type: string }[]; contexts: Record<string, object> };
const center = async (headers: Record<string, string> = {}) =>
  (await ready('/control-center', headers)).body as unknown as ControlCenter;

/** Waits for an event in every view, and keeps the answers at that moment. */
const record = async (type: string) => {
  const before = BigInt(recorded.at(-1)?.position ?? -1);
  const isNext = ([last]: ControlCenter['events']) => last?.type === type && BigInt(last.position) > before;
  const { events } = await eventually(center, (seen) => isNext(seen.events));
  const [last] = events;
  const wait = { 'Min-Event-Position': last!.position, Prefer: 'wait=30' };
  const answers = new Map<string, Answer>();
  for (const path of [...DOCUMENTS, ...HISTORIES, ...LISTS]) answers.set(path, await get(path, wait));
  const { contexts } = (await get('/control-center', wait)).body as unknown as ControlCenter;
  answers.set('/control-center', { status: 200, headers: new Headers(), body: contexts });
  recorded.push({ position: last!.position, time: last!.time, answers });
};

const start = async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: CONTEXTS.join() });
  await viewsAreBuilt(plaza.url);
};

beforeAll(async () => {
  await start();
  const lot = '/parking/lots/1';
  await send('POST', '/parking/lots', { lotId: '1', name: '정자역 주차장', spots: 3 });
  await record('LotRegistered');
  for (const n of [1, 2]) {
    const reservation = { reservationId: `r${n}`, customerId: 'CUST1', carNumber: `10더861${n}`, amount: 5000 };
    await send('POST', `${lot}/reservations`, reservation);
    await record('CouponIssued');
  }
  await send('PATCH', lot, { name: '정자역 지하 주차장', spots: 2 });
  await record('LotChanged');
  await send('POST', `${lot}/waiting-list`, { entryId: 'w1', customerId: 'CUST2', places: 1 });
  await record('SpotWaitingListJoined');
  await send('DELETE', `${lot}/reservations/r1`, {});
  await record('CouponRevoked');
});
afterAll(async () => {
  await plaza.close();
  data.remove();
});

const seen = ({ status, body }: Answer) => ({ status, body: status === 200 ? body : (body as { type: string }).type });

describe('as of an earlier moment', () => {
  test('documents and histories are what they were, without waiting', async () => {
    for (const { position, time, answers } of recorded) {
      for (const path of [...DOCUMENTS, ...HISTORIES]) {
        const answer = await get(path, { 'As-Of': position });
        expect(seen(answer), `${path} as of ${position}`).toEqual(seen(answers.get(path)!));
        expect(answer.headers.get('Memento-Datetime')).toBe(new Date(time).toUTCString());
        expect(answer.headers.get('Link')).toContain(`<${path}>; rel="original timegate"`);
        if (answer.status === 200) expect(answer.headers.get('View-Position')).toBe(position);
      }
    }
  });

  test('lists and the control centre are what they were, when their views are built', async () => {
    const first = await get('/parking/lots', { 'As-Of': recorded[1]!.position });
    expect([200, 202]).toContain(first.status);
    // More moments than may be built at a time would have to wait for a minute.
    for (const { position, answers } of recorded.slice(1, 4)) {
      for (const path of LISTS)
        expect(seen(await ready(path, { 'As-Of': position })), `${path} as of ${position}`).toEqual(
          seen(answers.get(path)!),
        );
      const { contexts, events } = await center({ 'As-Of': position });
      expect(contexts, position).toEqual(answers.get('/control-center')!.body);
      expect(events[0]!.position).toBe(position);
    }
    const activity = await ready('/control-center/activity', { 'As-Of': recorded[1]!.position });
    expect(activity).toMatchObject({ status: 200, body: { contexts: { parking: { level: 1 } } } });
  });

  test('a page leads to the next one of the same moment', async () => {
    const asOf = { 'As-Of': recorded[3]!.position };
    const first = await ready('/parking/reservations?limit=1', asOf);
    const [, next] = /<([^>]+)>; rel="next"/.exec(first.headers.get('Link') ?? '') ?? [];
    const second = await ready(next!, asOf);
    const ids = [first, second].flatMap(({ body }) => body.items as { reservationId: string }[]);
    expect(ids.map(({ reservationId }) => reservationId).sort()).toEqual(['r1', 'r2']);
    expect(second.body.next).toBeUndefined();
  });

  test('a time, with any offset, is that of the last event at or before it', async () => {
    const [{ time }, { answers, position }] = [recorded[2]!, recorded[2]!];
    const path = '/parking/lots/1';
    const local = new Date(Date.parse(time) + 9 * 3_600_000).toISOString().replace('Z', '+09:00');
    for (const asOf of [time, local]) {
      const answer = await get(path, { 'As-Of': asOf });
      expect(answer.headers.get('View-Position')).toBe(position);
      expect(answer.body).toEqual(answers.get(path)!.body);
    }
    const justBefore = await get(path, { 'As-Of': new Date(Date.parse(time) - 1).toISOString() });
    expect(BigInt(justBefore.headers.get('View-Position')!)).toBeLessThan(BigInt(position));
    const now = await get(path, { 'Accept-Datetime': new Date(Date.now() - 1_000).toUTCString() });
    expect(now.status).toBe(200);
  });

  test.each([
    ['As-Of', 'yesterday', 400, 'malformed-request'],
    ['As-Of', '-1', 400, 'malformed-request'],
    ['As-Of', '2026-01-31', 400, 'malformed-request'],
    ['As-Of', '2026-02-30T25:00:00Z', 400, 'malformed-request'],
    ['As-Of', '', 400, 'malformed-request'],
    ['As-Of', '99999999999999999999', 400, 'malformed-request'],
    ['As-Of', '9999999999', 422, 'no-such-moment'],
    ['As-Of', '2100-01-01T00:00:00Z', 422, 'no-such-moment'],
    ['As-Of', '2001-01-01T00:00:00Z', 422, 'no-such-moment'],
    ['Accept-Datetime', '2026-01-31T09:00:00Z', 400, 'malformed-request'],
    ['Accept-Datetime', 'Mon, 31 Jan 2026 09:00:00 GMT', 400, 'malformed-request'],
    ['Accept-Datetime', 'Fri, 01 Jan 2100 00:00:00 GMT', 422, 'no-such-moment'],
  ])('%s: %s is refused', async (header, value, status, name) => {
    for (const path of ['/parking/lots/1', '/parking/lots', '/control-center'])
      expect(await get(path, { [header]: value })).toMatchObject({ status, body: { type: `/problems/${name}` } });
  });

  test('a moment that is malformed, in the future or before the first event is refused by every query', async () => {
    const enabled = contextSchemas.filter(({ name }) => CONTEXTS.includes(name));
    const paths = enabled.flatMap((schema) => [
      ...Object.values(queriesOf(schema)).map(({ path }) => path.replaceAll(/\{\w+\}/g, '1')),
      `/control-center/reports/${schema.name}`,
    ]);
    expect(paths.length).toBeGreaterThan(15);
    for (const path of [...paths, '/control-center', '/control-center/activity', '/control-center/search?q=1'])
      for (const [moment, status, name] of [
        ['yesterday', 400, 'malformed-request'],
        ['2100-01-01T00:00:00Z', 422, 'no-such-moment'],
        ['2001-01-01T00:00:00Z', 422, 'no-such-moment'],
      ] as const)
        expect(await get(path, { 'As-Of': moment }), `${path} as of ${moment}`).toMatchObject({
          status,
          body: { type: `/problems/${name}` },
        });
  });

  test('two moments at once are refused, and a moment before the first event', async () => {
    const both = { 'As-Of': '1', 'Accept-Datetime': new Date().toUTCString() };
    expect(await get('/parking/lots', both)).toMatchObject({ status: 400 });
    const before = String(BigInt(recorded[0]!.position) - 1n);
    expect(await get('/parking/lots', { 'As-Of': before })).toMatchObject({ status: 422 });
    expect(await get('/control-center/events', { 'As-Of': recorded[0]!.position })).toMatchObject({ status: 400 });
  });

  test('commands are refused and change nothing', async () => {
    for (const headers of [{ 'As-Of': recorded[0]!.position }, { 'Accept-Datetime': new Date().toUTCString() }]) {
      const answer = await call(plaza.url, 'DELETE', '/parking/lots/1', undefined, headers as Record<string, string>);
      expect(answer).toMatchObject({ status: 400, body: { type: '/problems/malformed-request' } });
    }
    expect((await get('/parking/lots/1')).body.status).toBe('open');
  });

  test('built views are limited in number, and gone after a restart', async () => {
    const path = '/parking/coupons';
    // Each is in use now, so that none makes room for another one.
    for (const { position } of recorded.slice(1, 5))
      expect((await ready(path, { 'As-Of': position })).status).toBe(200);
    const fifth = await get(path, { 'As-Of': recorded[5]!.position });
    expect(fifth).toMatchObject({ status: 503, body: { type: '/problems/overloaded' } });
    await plaza.close();
    await start();
    const again = await eventually(
      () => get(path, { 'As-Of': recorded[5]!.position }),
      ({ status }) => status === 200,
    );
    expect(again.body.items).toHaveLength(2);
  });
});
