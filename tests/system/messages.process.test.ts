import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, eventually, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';
import { book, openSlot } from '../walkthroughs/screening.ts';

type Posted = { id: string; data: { to: string; kind: string; text: string; language: string } };
type Message = { messageId: string; context: string; kind: string; status: string; channels: string[] };

const data = temporaryData();
const posted: Posted[] = [];
/** Called with each message before the gateway answers. */
let beforeAnswer = async (_posted: Posted): Promise<void> => {};
let gateway: Server;
let env: Record<string, string>;
let plaza: Program;

beforeAll(async () => {
  gateway = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Pick<Posted, 'data'>;
    const call = { id: String(request.headers['webhook-id']), data: body.data };
    posted.push(call);
    await beforeAnswer(call);
    response.writeHead(204).end();
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  env = {
    PLAZA_DATA: data.folder,
    PLAZA_CONTEXTS: 'screening,customers',
    MESSAGE_WEBHOOK_URL: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/`,
    MESSAGE_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  };
  plaza = await startProgram('all-in-one', env);
});
afterAll(async () => {
  await plaza?.end();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
  data.remove();
});

const messagesOf = async (customerId: string, query = 'sort=at') =>
  (await call<{ items: Message[] }>(plaza.url, 'GET', `/customers/${customerId}/messages?${query}`)).body.items;

test('a message whose sender was killed before the record is sent again with the same id, and then no more', async () => {
  await openSlot(plaza.url, 's1', 5);
  await call(plaza.url, 'PUT', '/customers/lee/contact', { phone: '+821087654321', language: 'en' });
  let kill = true;
  beforeAnswer = async () => {
    if (!kill) return;
    kill = false;
    await plaza.end('SIGKILL');
  };
  await book(plaza.url, 's1', 'b3', 'lee').catch(() => {});
  await plaza.ended;
  plaza = await startProgram('all-in-one', env);
  const [message] = await eventually(
    () => messagesOf('lee', 'status=sent'),
    ({ length }) => length === 1,
  );
  expect(posted.map(({ id }) => id)).toEqual([message?.messageId, message?.messageId]);

  // The next message proves that nothing else was left to send.
  await call(plaza.url, 'DELETE', '/screening/slots/s1/bookings/b3');
  await eventually(
    () => messagesOf('lee', 'status=sent'),
    ({ length }) => length === 2,
  );
  expect(posted.map(({ data: { kind } }) => kind)).toEqual(['booked', 'booked', 'canceled']);
});
