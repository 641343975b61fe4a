import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { machine } from '../../../platform/machine/machine.ts';
import { schema } from '../../../schemas/customers.ts';
import { upcast } from '../../../schemas/kernel/upcast.ts';
import { isRefusal } from '../../kernel/decider.ts';
import { stateAfter } from '../../kernel/testing.ts';
import { message as decider } from '../message.ts';
import type { Delivery } from '../policies.ts';
import type { Channel, Contact } from './channel.ts';
import { deliverMessages } from './deliver.ts';
import { mailChannel } from './mail.ts';
import { webhookChannel } from './webhook.ts';

const AT = '2026-01-31T09:00:00.000Z';
const NOW = Date.parse('2026-01-31T09:00:05.000Z');
/** Milliseconds in which even a busy machine sends a message. */
const PATIENT = 60_000;
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const delivery = (channel: 'email' | 'webhook', change: Partial<Delivery> = {}): Delivery => ({
  messageId: 'parking.booked.lot-1.r-1.4',
  thread: 'parking.booked.lot-1.r-1',
  customerId: 'CUST1',
  context: 'parking',
  kind: 'booked',
  about: { lotId: 'lot-1', reservationId: 'r-1' },
  texts: {
    ko: { subject: '주차 예약이 완료되었습니다', text: '주차 예약이 완료되었습니다\n요금: 9,000원' },
    en: { subject: 'Your parking spot is reserved', text: 'Your parking spot is reserved\nPrice: ₩9,000' },
  },
  at: AT,
  channel,
  before: '2026-02-01T09:00:00.000Z',
  ...change,
});

/** The stream of the messages, and the contacts of the customers. */
const world = (
  channels: { email?: Channel; webhook?: Channel },
  contact?: Partial<Contact>,
  language: 'ko' | 'en' = 'en',
) => {
  type Command = Parameters<typeof decider.decide>[0];
  const events: Parameters<typeof decider.evolve>[1][] = [];
  let now = NOW;
  let known = contact && ({ customerId: 'CUST1', language: 'ko', ...contact } as Contact);
  const deliver = deliverMessages({ channels, contactOf: async () => known, language });
  vi.spyOn(machine, 'now').mockImplementation(() => now);
  let isStoreThere = true;
  const dispatch = async (command: { type: string; data: object }) => {
    if (!isStoreThere && command.type !== 'CheckMessage') throw new Error('the event store did not answer');
    const input = { now: new Date(now).toISOString(), timeZone: 'Asia/Seoul', revision: BigInt(events.length) };
    const decision = decider.decide(command as Command, stateAfter(decider, events), input);
    if (isRefusal(decision)) return 'refused' as const;
    events.push(...decision);
    return 'done' as const;
  };
  return {
    events,
    send: (data: Delivery) => deliver({ data }, dispatch),
    changeContact: (next: Partial<Contact>) => {
      known = { customerId: 'CUST1', language: 'ko', ...next };
    },
    pass: (hours: number) => {
      now += hours * 3_600_000;
    },
    loseStore: (isLost: boolean) => {
      isStoreThere = !isLost;
    },
  };
};

describe('over SMTP', () => {
  type Mail = { to: string[]; text: string };

  const mailServer = async (port = 0, refuse?: string) => {
    const mails: Mail[] = [];
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onRcptTo: ({ address }, _session, done) => {
        if (address === refuse) done(Object.assign(new Error('no such mailbox'), { responseCode: 550 }));
        else done();
      },
      async onData(stream, { envelope }, done) {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
        done();
      },
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
    stops.push(stop);
    return { mails, port: (server.server.address() as AddressInfo).port, stop };
  };

  const open = (port: number, otherwise = '') => {
    const channel = mailChannel({
      url: `smtp://127.0.0.1:${port}`,
      from: 'plaza@plaza.example',
      otherwise,
      timeoutMs: PATIENT,
    });
    stops.push(async () => channel.close());
    return { email: channel };
  };

  const decoded = ({ text }: Mail): string => {
    const [, body = ''] = text.split('\r\n\r\n');
    return /Content-Transfer-Encoding: base64/i.test(text)
      ? Buffer.from(body, 'base64').toString()
      : body
          .replaceAll(/=\r\n/g, '')
          .replaceAll(/(=[0-9A-F]{2})+/g, (run) => decodeURIComponent(run.replaceAll('=', '%')));
  };

  it("sends a message in the customer's language once, and records it", async () => {
    const { mails, port } = await mailServer();
    const { send, events } = world(open(port), { email: 'gildong@example.com', language: 'ko' });
    await send(delivery('email'));
    await send(delivery('email'));
    expect(mails).toHaveLength(1);
    expect(mails[0]?.to).toEqual(['gildong@example.com']);
    expect(mails[0]?.text).toContain('Message-ID: <parking.booked.lot-1.r-1.4@plaza.example>');
    expect(decoded(mails[0]!)).toContain('요금: 9,000원');
    expect(events).toMatchObject([{ type: 'MessageSent', data: { channel: 'email', language: 'ko' } }]);
  });

  it('sends to the address of a contact that changed after the message was planned', async () => {
    const { mails, port } = await mailServer();
    const { send, changeContact } = world(open(port), { email: 'old@example.com' });
    changeContact({ email: 'new@example.com', language: 'en' });
    await send(delivery('email'));
    expect(mails[0]?.to).toEqual(['new@example.com']);
    expect(decoded(mails[0]!)).toContain('Your parking spot is reserved');
  });

  it('sends to MESSAGE_TO in the default language when a customer stored no contact', async () => {
    const { mails, port } = await mailServer();
    const { send } = world(open(port, '{customerId}@guests.example'), undefined, 'ko');
    await send(delivery('email'));
    expect(mails[0]?.to).toEqual(['CUST1@guests.example']);
    expect(decoded(mails[0]!)).toContain('주차 예약이 완료되었습니다');
  });

  it('sends nothing to a customer without an address', async () => {
    const { mails, port } = await mailServer();
    const { send, events } = world(open(port), { phone: '+821012345678' });
    await send(delivery('email'));
    expect([mails, events]).toEqual([[], []]);
  });

  it('lets a name add no header and no recipient', async () => {
    const { mails, port } = await mailServer();
    const name = '홍길동\r\nBcc: evil@example.com\r\n\r\nhello, <evil@example.com>';
    const { send } = world(open(port), { email: 'gildong@example.com', name });
    await send(delivery('email'));
    expect(mails[0]?.to).toEqual(['gildong@example.com']);
    const [headers = ''] = mails[0]!.text.split('\r\n\r\n');
    expect(headers).not.toMatch(/^Bcc:/im);
    expect(headers.split('\r\n').filter((line) => /^To:/i.test(line))).toHaveLength(1);
  });

  it('fails and records nothing while the server is down, and sends when it is up again', async () => {
    const first = await mailServer();
    const { send, events } = world(open(first.port), { email: 'gildong@example.com' });
    await first.stop();
    await expect(send(delivery('email'))).rejects.toThrow();
    expect(events).toEqual([]);
    const second = await mailServer(first.port);
    await send(delivery('email'));
    expect(second.mails).toHaveLength(1);
  });

  it('records a refused recipient, and does not try again', async () => {
    const { mails, port } = await mailServer(0, 'nobody@example.com');
    const { send, events } = world(open(port), { email: 'nobody@example.com' });
    await send(delivery('email'));
    await send(delivery('email'));
    expect(mails).toEqual([]);
    expect(events).toMatchObject([{ type: 'MessageFailed', data: { reason: 'refused' } }]);
  });

  it('records a message that waited too long for its channel, and does not send it', async () => {
    const { mails, port } = await mailServer();
    const { send, events, pass } = world(open(port), { email: 'gildong@example.com' });
    pass(24);
    await send(delivery('email'));
    expect(mails).toEqual([]);
    expect(events).toMatchObject([{ type: 'MessageFailed', data: { reason: 'too-late' } }]);
  });
});

describe('over a webhook', () => {
  type Call = { headers: IncomingHttpHeaders; body: string };
  type Answer = (call: Call, index: number) => number | 'hang' | { redirect: string };

  const gateway = async (answer: Answer = () => 204) => {
    const calls: Call[] = [];
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const call = { headers: request.headers, body: Buffer.concat(chunks).toString() };
      calls.push(call);
      const result = answer(call, calls.length - 1);
      if (result === 'hang') return;
      if (typeof result === 'object') response.writeHead(302, { Location: result.redirect }).end();
      else response.writeHead(result).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/messages`;
    return { calls, url };
  };

  const open = (url: string, timeoutMs = PATIENT) => ({
    webhook: webhookChannel({ url, secret: SECRET, timeoutMs }),
  });
  const phone = { phone: '+821012345678', name: '홍길동' };

  /** The signature as a receiver computes it (Standard Webhooks 1.0). */
  const signed = ({ headers, body }: Call): string => {
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
    return `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
  };

  it('posts a message with its id, the time and a signature', async () => {
    const { calls, url } = await gateway();
    const { send, events } = world(open(url), phone);
    await send(delivery('webhook'));
    expect(calls).toHaveLength(1);
    const [call] = calls as [Call];
    expect(call.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'parking.booked.lot-1.r-1.4',
      'webhook-timestamp': `${NOW / 1_000}`,
      'webhook-signature': signed(call),
    });
    expect(JSON.parse(call.body)).toEqual({
      type: 'message',
      timestamp: AT,
      data: {
        messageId: 'parking.booked.lot-1.r-1.4',
        customerId: 'CUST1',
        context: 'parking',
        kind: 'booked',
        language: 'ko',
        to: '+821012345678',
        name: '홍길동',
        subject: '주차 예약이 완료되었습니다',
        text: '주차 예약이 완료되었습니다\n요금: 9,000원',
      },
    });
    expect(events).toMatchObject([{ type: 'MessageSent', data: { channel: 'webhook' } }]);
  });

  it.each<[string, ReturnType<Answer>]>([
    ['fails', 503],
    ['refuses the signature', 401],
    ['limits the rate', 429],
    ['hangs', 'hang'],
  ])('posts a message again with the same id after the gateway %s', async (_what, first) => {
    const { calls, url } = await gateway((_call, index) => (index === 0 ? first : 200));
    const channels = open(url, first === 'hang' ? 200 : PATIENT);
    const { send, events } = world(channels, phone);
    // On a busy machine the time may be over before the gateway is asked.
    while (calls.length === 0) await expect(send(delivery('webhook'))).rejects.toThrow();
    expect(events).toEqual([]);
    Object.assign(channels, open(url));
    await send(delivery('webhook'));
    expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual(Array(2).fill('parking.booked.lot-1.r-1.4'));
    expect(events).toMatchObject([{ type: 'MessageSent' }]);
  });

  it('does not follow a redirect', async () => {
    const other = await gateway();
    const { calls, url } = await gateway(() => ({ redirect: other.url }));
    const { send, events } = world(open(url), phone);
    await expect(send(delivery('webhook'))).rejects.toThrow('302');
    expect([calls.length, other.calls.length, events.length]).toEqual([1, 0, 0]);
  });

  it('records a message that the gateway refuses, and does not post it again', async () => {
    const { calls, url } = await gateway(() => 422);
    const { send, events } = world(open(url), phone);
    await send(delivery('webhook'));
    await send(delivery('webhook'));
    expect(calls).toHaveLength(1);
    expect(events).toMatchObject([{ type: 'MessageFailed', data: { reason: 'refused', channel: 'webhook' } }]);
  });

  it('repeats a message whose record was lost, with the same id', async () => {
    const { calls, url } = await gateway();
    const { send, events, loseStore } = world(open(url), phone);
    loseStore(true);
    await expect(send(delivery('webhook'))).rejects.toThrow('event store');
    loseStore(false);
    await send(delivery('webhook'));
    await send(delivery('webhook'));
    expect(calls.map(({ headers }) => headers['webhook-id'])).toEqual(Array(2).fill('parking.booked.lot-1.r-1.4'));
    expect(events).toHaveLength(1);
  });
});

it('does not send what the cinema sent before other contexts had messages', async () => {
  const sends: string[] = [];
  const email: Channel = {
    addressOf: () => 'gildong@example.com',
    send: async ({ messageId }) => void sends.push(messageId),
    close() {},
  };
  const { send, events } = world({ email });
  const old = { kind: 'confirmed', showingId: 's1', reservationId: 'r2', hold: '3', customerId: 'CUST1' };
  events.push({ type: 'MessageSent', data: upcast(schema.events, 'MessageSent', 2, old) as never });
  const same = { messageId: 'confirmed.s1.r2.3', thread: 'confirmed.s1.r2', context: 'cinema', kind: 'confirmed' };
  await send(delivery('email', same));
  await send(delivery('email', { ...same, messageId: 'confirmed.s1.r2.9' }));
  expect(sends).toEqual(['confirmed.s1.r2.9']);
});
