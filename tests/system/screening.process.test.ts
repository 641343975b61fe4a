import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { streams } from '../../platform/event-store/streams.ts';
import { momentOf } from '../../schemas/kernel/calendar.ts';
import { commandHandler } from '../../write-side/kernel/command-handler.ts';
import { writeSide } from '../../write-side/screening/index.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';
import {
  allOf,
  type Booking,
  book,
  dayIn,
  type Event,
  following,
  noonZone,
  openSlot,
  type Page,
  reaching,
  type Slot,
} from '../walkthroughs/screening.ts';

describe('with processes that stop and die', () => {
  /** Enough to kill the policies half way; SCREENING_BOOKINGS=5000 is a large hospital's day. */
  const BOOKINGS = Number(process.env.SCREENING_BOOKINGS ?? 1_000);
  const AT_ONCE = 32;
  /** Attempts to kill the policies before they have finished. */
  const ATTEMPTS = 5;
  const WITHIN = 120_000;

  const data = temporaryData();
  let stores: OpenedStores;
  let client: EventStoreClient;
  const timeZone = noonZone();
  let env: Record<string, string>;
  let programs: Record<'writeSide' | 'readApi' | 'projections' | 'gateway', Plaza>;
  /** A process of its own, which can be killed. */
  let policies: Program;

  beforeAll(async () => {
    stores = await openTestStores({ dataFolder: data.folder });
    client = connectEventStore(stores.eventStoreUrl);
    env = { EVENTSTORE_URL: stores.eventStoreUrl, MONGODB_URL: stores.mongoUrl, TIME_ZONE: timeZone };
    env.PLAZA_CONTEXTS = 'screening';
    const [writeSide, readApi, projections, started] = await Promise.all([
      openProgram('write-side', env),
      openProgram('read-api', env),
      openProgram('projections', env),
      startProgram('policies', env),
    ]);
    const sides = { WRITE_SIDE_URL: writeSide.url, READ_API_URL: readApi.url };
    policies = started;
    programs = { writeSide, readApi, projections, gateway: await openProgram('gateway', sides) };
  });
  afterAll(async () => {
    await Promise.all([policies.end(), ...Object.values(programs).map((program) => program.close())]);
    await disconnectEventStore(client);
    await stores.stop();
    data.remove();
  });

  /** Number of answers by status. A client that gets 503 retries. */
  const bookAll = async (url: string, slotId: string, count: number): Promise<Record<number, number>> => {
    const tally: Record<number, number> = {};
    let next = 0;
    const customer = async () => {
      for (let n = next++; n < count; n = next++) {
        const key = `${slotId}-${n}`;
        const { status } = await eventually(
          () => book(url, slotId, `b${n}`, `c${n}`, { 'Idempotency-Key': key }),
          (answer) => answer.status !== 503,
        );
        tally[status] = (tally[status] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, customer));
    return tally;
  };

  /** Deletes a slot with many bookings, kills the policies, cancels some open bookings, and restarts the policies. */
  const deleteAndKill = async (slotId: string) => {
    const { url } = programs.gateway;
    const path = `/screening/slots/${slotId}`;
    const { body } = await call(url, 'DELETE', path);
    expect(body.openBookings).toBe(BOOKINGS);
    const store = streams(client);
    await eventually(
      () => store.readLast(`screeningSlot-${slotId}`),
      (last) => last?.type === 'BookingForceCanceled',
      WITHIN,
    );
    await policies.end('SIGKILL');

    const canceled: string[] = [];
    for (let n = BOOKINGS - 50; n < BOOKINGS; n++) {
      const { status } = await call(url, 'DELETE', `${path}/bookings/b${n}`);
      if (status === 200) canceled.push(`b${n}`);
    }
    const before = await store.readLast(`screeningSlot-${slotId}`);
    policies = await startProgram('policies', env);
    await eventually(following<Slot>(url, path), (answer) => answer.body.booked === 0, WITHIN);
    const after = await store.readLast(`screeningSlot-${slotId}`);
    const cutOff = Number((after?.revision ?? 0n) - (before?.revision ?? 0n));
    return { canceled, cutOff, position: String(after?.position.commit) };
  };

  test(
    'policies that are killed half way cancel every booking exactly once',
    async () => {
      const { url } = programs.gateway;
      let halfWay = 0;
      for (let attempt = 1; attempt <= ATTEMPTS && halfWay === 0; attempt++) {
        const slotId = `big-${attempt}`;
        await openSlot(url, slotId, BOOKINGS);
        expect(await bookAll(url, slotId, BOOKINGS + 5)).toEqual({ 201: BOOKINGS, 409: 5 });

        const { canceled, cutOff, position } = await deleteAndKill(slotId);
        halfWay = cutOff;

        const events = await allOf<Event>(url, `/screening/slots/${slotId}/history`, reaching(position));
        const closed = (type: string) =>
          events.filter((event) => event.type === type).map((event) => event.data.bookingId);
        const forced = closed('BookingForceCanceled');
        expect(closed('BookingCanceled').sort()).toEqual(canceled.sort());
        expect(new Set([...forced, ...canceled]).size).toBe(BOOKINGS);
        expect(forced.length + canceled.length).toBe(BOOKINGS);
      }
      expect(halfWay).toBeGreaterThan(0);
    },
    2 * WITHIN,
  );

  test('the waiting list of a session ends when the session begins; that of a later one continues', async () => {
    const { url } = programs.gateway;
    const date = dayIn(timeZone);
    // A write side whose clock shows eight o'clock: the timer of 09:00 is due as soon as it is planned.
    const handler = commandHandler({
      store: streams(client),
      contexts: [writeSide],
      timeZone,
      now: () => new Date(momentOf(date, '08:00', timeZone)),
      onError: () => {},
    });
    const give = async (type: string, data: object) =>
      expect(await handler.handle({ type, data: { slotId: 'begun', ...data }, actor: 'test' })).toMatchObject({
        kind: 'done',
      });
    const [morning, evening] = [{ at: '09:00' }, { at: '23:00' }];
    const sessions = [morning, evening].map((session) => ({ ...session, capacity: 1 }));
    await give('OpenSlot', { hospitalName: '분당서울대학교병원', date, sessions });
    await give('BookScreening', { bookingId: 'b1', customerId: 'c1', ...morning });
    await give('BookScreening', { bookingId: 'b2', customerId: 'c2', ...evening });
    const waiting = { customerId: 'c3', places: 1 };
    await give('JoinScreeningPlaceWaitingList', { entryId: 'later', ...waiting, ...evening });
    await give('JoinScreeningPlaceWaitingList', { entryId: 'begun', ...waiting, ...morning });

    const path = '/screening/slots/begun';
    const left = await eventually(
      following<{ status: string }>(url, `${path}/waiting-list/begun`),
      ({ status, body }) => status === 200 && body.status !== 'waiting',
    );
    expect(left.body).toMatchObject({ status: 'left', ...morning });
    expect((await call(url, 'GET', `${path}/waiting-list/later`)).body).toMatchObject({ status: 'waiting' });
    const events = await eventually(
      () => allOf<Event & { data: object }>(url, `${path}/history`),
      ({ length }) => length >= 7,
    );
    expect(events.slice(5).map(({ type, data }) => [type, data])).toMatchObject([
      ['SessionPlacesClosed', { ...morning, remaining: 1 }],
      ['ScreeningPlaceWaitingListLeft', { entryId: 'begun', reason: 'closed' }],
    ]);
    const late = await call(url, 'POST', `${path}/waiting-list`, { entryId: 'late', ...waiting, ...morning });
    expect(late.body.type).toBe('/problems/too-late');
  });

  test('with the projections stopped booking continues, and the views catch up later', async () => {
    const { url } = programs.gateway;
    const opened = await openSlot(url, 'small', 2);
    await call(url, 'GET', '/screening/slots/small', undefined, reaching(opened.headers.get('Event-Position')));
    await programs.projections.close();

    expect((await book(url, 'small', 'b1', 'kim')).status).toBe(201);
    expect((await book(url, 'small', 'b2', 'lee')).status).toBe(201);
    expect((await book(url, 'small', 'b3', 'park')).body.type).toBe('/problems/slot-full');
    const canceled = await call(url, 'DELETE', '/screening/slots/small/bookings/b1');
    expect(canceled.status).toBe(200);
    const standing = await call<Page<Booking>>(url, 'GET', '/screening/customers/kim/bookings');
    expect(standing).toMatchObject({ status: 200, body: { items: [] } });

    programs.projections = await openProgram('projections', env);
    const caughtUp = reaching(canceled.headers.get('Event-Position'));
    const mine = await allOf<Booking>(url, '/screening/customers/kim/bookings', caughtUp);
    expect(mine.map(({ history }) => history.map(({ status }) => status))).toEqual([['booked', 'canceled']]);
    const desk = await call<Page<Booking>>(
      url,
      'GET',
      '/screening/bookings?slotId=small&status=booked',
      undefined,
      caughtUp,
    );
    expect(desk.body.items.map(({ bookingId }) => bookingId)).toEqual(['b2']);
  });
});
