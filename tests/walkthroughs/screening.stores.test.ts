import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import {
  allOf,
  type Booking,
  book,
  dayIn,
  type Event,
  noonZone,
  openSlot,
  type Page,
  reaching,
  type Slot,
} from './screening.ts';

describe('the walk-through', () => {
  const data = temporaryData();
  const timeZone = noonZone();
  let plaza: Plaza;

  beforeAll(async () => {
    plaza = await openPlaza({
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS: 'screening',
      TIME_ZONE: timeZone,
    });
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  test('two places are booked and a third customer gets one after a cancellation', async () => {
    const opened = await openSlot(plaza.url, 's1', 2);
    expect(opened.status).toBe(201);
    expect(opened.headers.get('Location')).toBe('/screening/slots/s1');
    expect((await book(plaza.url, 's1', 'b1', 'c1')).status).toBe(201);
    const second = await book(plaza.url, 's1', 'b2', 'c2');
    expect(second.body).toEqual({
      slotId: 's1',
      bookingId: 'b2',
      customerId: 'c2',
      hospitalName: '분당서울대학교병원',
      date: '2030-01-31',
      cancelUntil: '2030-01-30',
      status: 'booked',
    });

    const refused = await book(plaza.url, 's1', 'b3', 'c3');
    expect(refused).toMatchObject({ status: 409, body: { type: '/problems/slot-full' } });
    const booked = reaching(second.headers.get('Event-Position'));
    const { body: slot } = await call<Slot>(plaza.url, 'GET', '/screening/slots/s1', undefined, booked);
    expect(slot).toMatchObject({ capacity: 2, booked: 2, left: 0 });
    expect((await allOf<Event>(plaza.url, '/screening/slots/s1/history', booked)).map(({ type }) => type)).toEqual([
      'SlotOpened',
      'ScreeningBooked',
      'ScreeningBooked',
    ]);

    expect((await call(plaza.url, 'DELETE', '/screening/slots/s1/bookings/b1')).status).toBe(200);
    expect(await call(plaza.url, 'DELETE', '/screening/slots/s1/bookings/b1')).toMatchObject({
      status: 409,
      body: { type: '/problems/already-canceled' },
    });
    expect((await book(plaza.url, 's1', 'b3', 'c3')).status).toBe(201);
  });

  test('the first customer’s bookings show each status with its time', async () => {
    const again = await openSlot(plaza.url, 's2', 1);
    const shown = reaching(again.headers.get('Event-Position'));
    const mine = await allOf<Booking>(plaza.url, '/screening/customers/c1/bookings', shown);
    expect(mine).toHaveLength(1);
    const [{ history, bookedAt, status }] = mine as [Booking];
    expect(status).toBe('canceled');
    expect(history.map((entry) => entry.status)).toEqual(['booked', 'canceled']);
    expect(history[0]?.time).toBe(bookedAt);
    expect(Date.parse(history[1]?.time ?? '')).toBeGreaterThanOrEqual(Date.parse(bookedAt));
  });

  test('a deleted slot takes no booking, and its open bookings are force-cancelled, once each', async () => {
    const deleted = await call(plaza.url, 'DELETE', '/screening/slots/s1');
    expect(deleted).toMatchObject({ status: 200, body: { slotId: 's1', status: 'deleted', openBookings: 2 } });
    expect(await book(plaza.url, 's1', 'b4', 'c4')).toMatchObject({
      status: 409,
      body: { type: '/problems/slot-deleted' },
    });

    const desk = '/screening/bookings?slotId=s1&status=force-canceled';
    const { body } = await eventually(
      () => call<Page<Booking>>(plaza.url, 'GET', desk),
      (answer) => answer.body.items.length === 2,
    );
    expect(body.items.map(({ bookingId }) => bookingId)).toEqual(['b2', 'b3']);
    for (const { history } of body.items)
      expect(history.map(({ status }) => status)).toEqual(['booked', 'force-canceled']);

    const { body: first } = await call<Booking>(plaza.url, 'GET', '/screening/slots/s1/bookings/b1');
    expect(first.status).toBe('canceled');
    const { body: slot } = await eventually(
      () => call<Slot>(plaza.url, 'GET', '/screening/slots/s1'),
      (answer) => answer.body.booked === 0,
    );
    expect(slot).toMatchObject({ status: 'deleted', capacity: 2, left: 0 });
  });

  test('requests that break a rule are refused by its stable type', async () => {
    const refusals = await Promise.all([
      call(plaza.url, 'POST', '/screening/slots', { hospitalName: '병원', date: '2020-01-31', capacity: 1 }),
      call(plaza.url, 'POST', '/screening/slots', { hospitalName: '병원', date: '2030-02-30', capacity: 1 }),
      book(plaza.url, 'nowhere', 'b', 'c'),
      call(plaza.url, 'DELETE', '/screening/slots/s1/bookings/nothing'),
      call(plaza.url, 'DELETE', '/screening/slots/s1'),
    ]);
    expect(refusals.map(({ status, body }) => [status, body.type])).toEqual([
      [422, '/problems/date-in-past'],
      [400, '/problems/invalid-request'],
      [404, '/problems/slot-not-found'],
      [404, '/problems/booking-not-found'],
      [409, '/problems/slot-deleted'],
    ]);
  });

  test('the control centre shows the places left', async () => {
    const booked = await book(plaza.url, 's2', 'b1', 'c1');
    const { body } = await call<{ contexts: { screening: { totals: object; slots: Slot[]; bookings: Booking[] } } }>(
      plaza.url,
      'GET',
      '/control-center',
      undefined,
      reaching(booked.headers.get('Event-Position')),
    );
    const { totals, slots, bookings } = body.contexts.screening;
    expect(totals).toEqual({ slots: 1, capacity: 1, booked: 1, left: 0 });
    expect(slots).toMatchObject([{ slotId: 's2', left: 0 }]);
    expect(bookings[0]).toMatchObject({ slotId: 's2', bookingId: 'b1', status: 'booked' });
  });

  const slots = '/screening/slots';
  const ours = { hospitalId: 'h1', hospitalName: '서울아산병원', date: '2030-03-01' };
  const sessions = [
    { at: '13:30', capacity: 1 },
    { at: '09:00', capacity: 2 },
  ];

  test('a hospital has one slot on a day, also when many ask at once, and a free day after a deletion', async () => {
    const asked = await Promise.all(
      ['s3', 's4', 's5', 's6'].map((slotId) => call(plaza.url, 'POST', slots, { slotId, ...ours, sessions })),
    );
    const opened = asked.filter(({ status }) => status === 201);
    expect(opened).toHaveLength(1);
    expect(opened[0]?.body).toMatchObject({ ...ours, capacity: 3, cancelUntil: '2030-02-28', status: 'open' });
    const existing = `${slots}/${opened[0]?.body.slotId}`;
    for (const { status, body } of asked.filter((answer) => answer.status !== 201))
      expect([status, body]).toMatchObject([409, { type: '/problems/slot-already-open', existing }]);

    expect((await call(plaza.url, 'DELETE', existing)).status).toBe(200);
    expect((await call(plaza.url, 'POST', slots, { slotId: 's7', ...ours, sessions })).status).toBe(201);
    const other = { ...ours, hospitalName: '강남세브란스병원', date: '2030-03-02', capacity: 1 };
    expect((await call(plaza.url, 'POST', slots, other)).body.type).toBe('/problems/hospital-name-differs');
  });

  test('a session has places of its own, and a group takes them together', async () => {
    const group = { bookingId: 'g1', customerId: 'c7', at: '09:00', places: 2 };
    expect((await call(plaza.url, 'POST', `${slots}/s7/bookings`, group)).status).toBe(201);
    const refused = async (body: object) =>
      (await call(plaza.url, 'POST', `${slots}/s7/bookings`, { customerId: 'c8', ...body })).body.type;
    expect(await refused({ at: '09:00' })).toBe('/problems/slot-full');
    expect(await refused({ at: '10:00' })).toBe('/problems/no-such-session');
    expect(await refused({ at: '9:00' })).toBe('/problems/invalid-request');
    expect(await refused({ at: '24:00' })).toBe('/problems/invalid-request');
    for (const places of [0, 11])
      expect(await refused({ at: '13:30', places })).toMatch(/invalid-request|out-of-range/);
    const { status, headers } = await call(plaza.url, 'PATCH', `${slots}/s7`, {
      sessions: [
        { at: '09:00', capacity: 2 },
        { at: '13:30', capacity: 3 },
      ],
    });
    expect(status).toBe(200);
    expect((await call(plaza.url, 'PATCH', `${slots}/s7`, { sessions })).status).toBe(200);
    expect((await call(plaza.url, 'PATCH', `${slots}/s7`, { capacity: 1, sessions: [] })).body.type).toBe(
      '/problems/capacity-below-booked',
    );
    const shown = await call(plaza.url, 'GET', `${slots}/s7`, undefined, reaching(headers.get('Event-Position')));
    expect(shown.body).toMatchObject({ booked: 2 });
  });

  test('a moved booking keeps its id and its history', async () => {
    await openSlot(plaza.url, 's8', 3);
    await book(plaza.url, 's8', 'm1', 'c9');
    const target = { slotId: 's7', at: '13:30' };
    const moved = await call(plaza.url, 'POST', `${slots}/s8/bookings/m1/reschedule`, target);
    expect([moved.status, moved.body, moved.headers.get('Location')]).toEqual([
      200,
      { ...target, bookingId: 'm1', status: 'booked' },
      `${slots}/s7/bookings/m1`,
    ]);
    const shown = reaching(moved.headers.get('Event-Position'));
    const mine = await allOf<Booking & { slotId: string }>(plaza.url, '/screening/customers/c9/bookings', shown);
    expect(mine.map(({ slotId, status, history }) => [slotId, status, history.map((entry) => entry.status)])).toEqual([
      ['s7', 'booked', ['booked', 'rescheduled']],
    ]);
    const left = await call<Slot>(plaza.url, 'GET', `${slots}/s8`, undefined, shown);
    expect(left.body).toMatchObject({ booked: 0, left: 3 });

    await book(plaza.url, 's8', 'm2', 'c10');
    const full = await call(plaza.url, 'POST', `${slots}/s8/bookings/m2/reschedule`, target);
    expect(full).toMatchObject({ status: 409, body: { type: '/problems/slot-full' } });
    await book(plaza.url, 's8', 'm3', 'c9');
    const back = await call(plaza.url, 'POST', `${slots}/s7/bookings/m1/reschedule`, { slotId: 's8' });
    expect(back).toMatchObject({ status: 409, body: { type: '/problems/customer-already-booked' } });
    expect((await call(plaza.url, 'DELETE', `${slots}/s7/bookings/m1`)).status).toBe(200);
    expect((await call(plaza.url, 'DELETE', `${slots}/s8/bookings/m1`)).body.type).toBe(
      '/problems/already-rescheduled',
    );
  });

  test('places are held, and a freed one is offered to the first who waits', async () => {
    const slot = { slotId: 's9', hospitalName: '병원', date: '2030-05-01', capacity: 2, holdFor: 3600 };
    await call(plaza.url, 'POST', slots, slot);
    const path = `${slots}/s9`;
    const held = await call(plaza.url, 'POST', `${path}/holds`, { holdId: 'h1', customerId: 'c1', places: 2 });
    expect([held.status, held.body.status]).toEqual([201, 'held']);
    expect((await book(plaza.url, 's9', 'b2', 'c2')).body.type).toBe('/problems/slot-full');
    const stolen = { bookingId: 'b2', customerId: 'c2', holdId: 'h1' };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, stolen)).body.type).toBe('/problems/hold-not-found');
    const mine = { bookingId: 'b1', customerId: 'c1', holdId: 'h1', places: 2 };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, mine)).status).toBe(201);
    for (const places of [0, 11])
      expect((await call(plaza.url, 'POST', `${path}/holds`, { customerId: 'c3', places })).body.type).toMatch(
        /invalid-request|out-of-range/,
      );

    for (const [entryId, customerId] of [
      ['e1', 'c2'],
      ['e2', 'c3'],
    ]) {
      const joined = await call(plaza.url, 'POST', `${path}/waiting-list`, { entryId, customerId, places: 2 });
      expect([joined.status, joined.body.status]).toEqual([201, 'waiting']);
    }
    const canceled = await call(plaza.url, 'DELETE', `${path}/bookings/b1`);
    const shown = reaching(canceled.headers.get('Event-Position'));
    const { body } = await call<Slot>(plaza.url, 'GET', path, undefined, shown);
    expect(body).toMatchObject({ booked: 0, onHold: 2, waiting: 1, left: 0 });
    const early = { bookingId: 'b3', customerId: 'c3', entryId: 'e2', places: 2 };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, early)).body.type).toBe('/problems/not-offered');
    const accepted = { bookingId: 'b2', customerId: 'c2', entryId: 'e1', places: 2 };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, accepted)).status).toBe(201);
    const twice = { ...accepted, bookingId: 'b4', customerId: 'c2' };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, twice)).status).toBe(409);
  });

  test('a full session has a waiting list of its own, with positions', async () => {
    const slot = { slotId: 's10', hospitalName: '병원', date: '2030-05-02', sessions, holdFor: 3600 };
    expect((await call(plaza.url, 'POST', slots, slot)).status).toBe(201);
    const path = `${slots}/s10`;
    const [morning, afternoon] = [{ at: '09:00' }, { at: '13:30' }];
    const hold = { ...afternoon, holdId: 'h1', customerId: 'c1', places: 1 };
    const held = await call(plaza.url, 'POST', `${path}/holds`, hold);
    expect([held.status, held.body]).toMatchObject([201, { ...hold, hospitalName: '병원', date: slot.date }]);
    const elsewhere = { customerId: 'c2', places: 1 };
    expect((await call(plaza.url, 'POST', `${path}/holds`, elsewhere)).body.type).toBe('/problems/no-such-session');
    const inMorning = { ...elsewhere, ...morning };
    expect((await call(plaza.url, 'POST', `${path}/waiting-list`, inMorning)).body.type).toBe('/problems/places-left');

    for (const [entryId, customerId, session] of [
      ['e1', 'c2', afternoon],
      ['e2', 'c3', afternoon],
    ] as const) {
      const entry = { entryId, customerId, places: 1, ...session };
      const joined = await call(plaza.url, 'POST', `${path}/waiting-list`, entry);
      expect([joined.status, joined.body]).toEqual([201, { slotId: 's10', ...entry, status: 'waiting' }]);
    }
    const larger = { entryId: 'e3', customerId: 'c2', places: 3, ...morning };
    const joined = await call(plaza.url, 'POST', `${path}/waiting-list`, larger);
    const waiting = await call<Page<{ entryId: string; at: string; position: number }>>(
      plaza.url,
      'GET',
      `${path}/waiting-list`,
      undefined,
      reaching(joined.headers.get('Event-Position')),
    );
    expect(waiting.body.items.map(({ entryId, at, position }) => [entryId, at, position]).sort()).toEqual([
      ['e1', '13:30', 1],
      ['e2', '13:30', 2],
      ['e3', '09:00', 1],
    ]);
    const ofMorning = await call<Page<{ entryId: string }>>(plaza.url, 'GET', `${path}/waiting-list?at=09:00`);
    expect(ofMorning.body.items.map(({ entryId }) => entryId)).toEqual(['e3']);

    const released = await call(plaza.url, 'DELETE', `${path}/holds/h1`);
    const shown = reaching(released.headers.get('Event-Position'));
    const { body } = await call(plaza.url, 'GET', path, undefined, shown);
    expect(body).toMatchObject({
      onHold: 1,
      waiting: 2,
      left: 2,
      sessions: [
        { at: '09:00', onHold: 0, waiting: 1, left: 2 },
        { at: '13:30', onHold: 1, waiting: 1, left: 0 },
      ],
    });
    const wrong = { bookingId: 'b1', customerId: 'c2', ...morning, entryId: 'e1' };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, wrong)).body.type).toBe('/problems/entry-not-found');
    const accepted = { ...wrong, ...afternoon };
    expect((await call(plaza.url, 'POST', `${path}/bookings`, accepted)).status).toBe(201);
  });

  test('the list shows open slots first, unless the request names an order', async () => {
    const opened = await openSlot(plaza.url, 'zz', 1);
    const shown = reaching(opened.headers.get('Event-Position'));
    const statuses = (await allOf<Slot>(plaza.url, slots, shown)).map(({ status }) => status);
    expect(statuses).toContain('deleted');
    expect(statuses.lastIndexOf('open')).toBeLessThan(statuses.indexOf('deleted'));
  });

  test('on its day a slot takes bookings and attendance, and no cancellation', async () => {
    const today = { slotId: 'today', hospitalName: '병원', date: dayIn(timeZone), capacity: 2 };
    expect((await call(plaza.url, 'POST', slots, today)).status).toBe(201);
    expect((await book(plaza.url, 'today', 'b1', 'c1')).status).toBe(201);
    expect((await call(plaza.url, 'DELETE', `${slots}/today/bookings/b1`)).body.type).toBe('/problems/too-late');
    const attended = await call(plaza.url, 'POST', `${slots}/today/bookings/b1/attendance`);
    expect([attended.status, attended.body.status]).toEqual([200, 'attended']);
    expect((await call(plaza.url, 'POST', `${slots}/s8/bookings/m2/attendance`)).body.type).toBe('/problems/too-early');
    const yesterday = { ...today, slotId: 'yesterday', date: dayIn(timeZone, -1) };
    expect((await call(plaza.url, 'POST', slots, yesterday)).body.type).toBe('/problems/date-in-past');
    const shown = reaching(attended.headers.get('Event-Position'));
    const { body } = await call<Slot>(plaza.url, 'GET', `${slots}/today`, undefined, shown);
    expect(body).toMatchObject({ booked: 1, left: 1, attended: 1, missed: 0 });
  });
});
