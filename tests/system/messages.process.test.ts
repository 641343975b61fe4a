import { afterAll, beforeAll, expect, test } from 'vitest';
import { openMessageGateway } from '../support/message-gateway.ts';
import { call, eventually, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';
import { book, openSlot } from '../walkthroughs/screening.ts';

type Message = { messageId: string; context: string; kind: string; status: string; channels: string[] };

const data = temporaryData();
let gateway: Awaited<ReturnType<typeof openMessageGateway>>;
let env: Record<string, string>;
let plaza: Program;

beforeAll(async () => {
  gateway = await openMessageGateway();
  env = { PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'screening,customers', ...gateway.env };
  plaza = await startProgram('all-in-one', env);
});
afterAll(async () => {
  await plaza?.end();
  await gateway.close();
  data.remove();
});

const messagesOf = async (customerId: string, query = 'sort=at') =>
  (await call<{ items: Message[] }>(plaza.url, 'GET', `/customers/${customerId}/messages?${query}`)).body.items;

test('a message whose sender was killed before the record is sent again with the same id, and then no more', async () => {
  await openSlot(plaza.url, 's1', 5);
  await call(plaza.url, 'PUT', '/customers/lee/contact', { phone: '+821087654321', language: 'en' });
  let kill = true;
  gateway.doBeforeAnswer(async () => {
    if (!kill) return;
    kill = false;
    await plaza.end('SIGKILL');
  });
  await book(plaza.url, 's1', 'b3', 'lee').catch(() => {});
  await plaza.ended;
  plaza = await startProgram('all-in-one', env);
  const [message] = await eventually(
    () => messagesOf('lee', 'status=sent'),
    ({ length }) => length === 1,
  );
  expect(gateway.posted.map(({ id }) => id)).toEqual([message?.messageId, message?.messageId]);

  // The next message proves that nothing else was left to send.
  await call(plaza.url, 'DELETE', '/screening/slots/s1/bookings/b3');
  await eventually(
    () => messagesOf('lee', 'status=sent'),
    ({ length }) => length === 2,
  );
  expect(gateway.posted.map(({ data: { kind } }) => kind)).toEqual(['booked', 'booked', 'canceled']);
});
