import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMessageGateway } from '../support/message-gateway.ts';
import { call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

type Message = { messageId: string; context: string; kind: string; status: string; channels: string[] };

const data = temporaryData();
let gateway: Awaited<ReturnType<typeof openMessageGateway>>;
let plaza: Plaza;

const env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking,screening,customers' };

beforeAll(async () => {
  gateway = await openMessageGateway();
  plaza = await openPlaza(env);
});
afterAll(async () => {
  await plaza?.close();
  await gateway.close();
  data.remove();
});

const messagesOf = async (customerId: string, query = 'sort=at') =>
  (await call<{ items: Message[] }>(plaza.url, 'GET', `/customers/${customerId}/messages?${query}`)).body.items;

const book = (slotId: string, bookingId: string, customerId: string) =>
  call(plaza.url, 'POST', `/screening/slots/${slotId}/bookings`, { bookingId, customerId });

test('a contact is stored, normalised and shown', async () => {
  const contact = { name: ' 홍길동 ', phone: '010-1234-5678', language: 'ko' };
  const stored = await call(plaza.url, 'PUT', '/customers/kim/contact', contact);
  const expected = { customerId: 'kim', name: '홍길동', phone: '+821012345678', language: 'ko' };
  expect(stored).toMatchObject({ status: 200, body: expected });
  const headers = { 'Min-Event-Position': stored.headers.get('Event-Position')!, Prefer: 'wait=30' };
  const shown = await call(plaza.url, 'GET', '/customers/kim/contact', undefined, headers);
  expect(shown).toMatchObject({ status: 200, body: expected });
  expect((await call(plaza.url, 'GET', '/customers/nobody/contact')).status).toBe(404);
});

test('without a channel, messages of every context stay in the view', async () => {
  await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: '정자역 주차장', spots: 5 });
  const car = { reservationId: 'r1', customerId: 'kim', carNumber: '10더8612', amount: 9_000 };
  await call(plaza.url, 'POST', '/parking/lots/1/reservations', car);
  const slot = { slotId: 's1', hospitalName: '분당서울대학교병원', date: '2030-01-31', capacity: 9 };
  await call(plaza.url, 'POST', '/screening/slots', slot);
  await book('s1', 'b1', 'kim');
  await call(plaza.url, 'DELETE', '/screening/slots/s1/bookings/b1');
  const messages = await eventually(
    () => messagesOf('kim'),
    ({ length }) => length === 3,
  );
  expect(messages.map(({ context, kind, status }) => [context, kind, status])).toEqual([
    ['parking', 'booked', 'kept'],
    ['screening', 'booked', 'kept'],
    ['screening', 'canceled', 'kept'],
  ]);
  expect(await messagesOf('kim', 'context=parking')).toHaveLength(1);
});

test('a channel that is set later sends new messages, and none of the time before', async () => {
  await plaza.close();
  plaza = await openPlaza({ ...env, ...gateway.env });
  await book('s1', 'b2', 'kim');
  const [message] = await eventually(
    () => messagesOf('kim', 'status=sent'),
    ({ length }) => length === 1,
  );
  expect(message).toMatchObject({ context: 'screening', kind: 'booked', channels: ['webhook'] });
  const { posted } = gateway;
  expect(posted.map(({ id }) => id)).toEqual([message?.messageId]);
  expect(posted[0]?.data).toMatchObject({ to: '+821012345678', language: 'ko' });
  expect(posted[0]?.data.text).toContain('검진일: 2030년 1월 31일 목요일');
});

test('customers without an address get no message, and bookings continue while the gateway hangs', async () => {
  const { posted } = gateway;
  posted.length = 0;
  const answers: (() => void)[] = [];
  gateway.doBeforeAnswer(() => new Promise((resolve) => answers.push(resolve)));
  await call(plaza.url, 'PUT', '/customers/lee/contact', { phone: '+821087654321', language: 'en' });
  await book('s1', 'b4', 'lee');
  await eventually(
    async () => posted,
    ({ length }) => length > 0,
  );
  expect((await book('s1', 'b5', 'nobody')).status).toBe(201);
  expect((await book('s1', 'b6', 'kim')).status).toBe(409);
  gateway.doBeforeAnswer(async () => {});
  for (const answer of answers) answer();
  await eventually(
    () => messagesOf('lee', 'status=sent'),
    ({ length }) => length === 1,
  );
  expect(await messagesOf('nobody')).toMatchObject([{ status: 'kept', channels: [] }]);
  expect(new Set(posted.map(({ data }) => data.to))).toEqual(new Set(['+821087654321']));
});
