import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Channel, mailChannel } from './channel.ts';
import { performMessages } from './perform.ts';

type Mail = { to: string[]; text: string };

const startMailServer = async (port = 0) => {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    async onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      mails.push({ to: envelope.rcptTo.map(({ address }) => address), text: Buffer.concat(chunks).toString() });
      done();
    },
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    mails,
    port: (server.server.address() as { port: number }).port,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
};

const data = {
  messageId: 'confirmed.s-1.r-1',
  customerId: 'CUST1',
  kind: 'confirmed',
  showingId: 's-1',
  reservationId: 'r-1',
  text: 'Your reservation r-1 is confirmed.',
};

let mail: Awaited<ReturnType<typeof startMailServer>>;
let channel: Channel;
let recorded: string[];

/** The stream of messages, with the two commands that the sender uses. */
const dispatch = async ({ type }: { type: string }) => {
  if (type === 'CheckMessage') return recorded.length > 0 ? ('refused' as const) : ('done' as const);
  recorded.push(type);
  return 'done' as const;
};

beforeEach(async () => {
  mail = await startMailServer();
  channel = mailChannel({ url: `smtp://127.0.0.1:${mail.port}`, from: 'cinema@plaza.example', timeoutMs: 500 });
  recorded = [];
});
afterEach(async () => {
  channel.close();
  await mail.stop();
});

const send = () => performMessages({ channel, address: '{customerId}@guests.example' })({ data }, dispatch);

it('sends a message and records it', async () => {
  await send();
  expect(recorded).toEqual(['RecordMessageSent']);
  expect(mail.mails).toHaveLength(1);
  expect(mail.mails[0]?.to).toEqual(['CUST1@guests.example']);
  expect(mail.mails[0]?.text).toContain('Message-ID: <confirmed.s-1.r-1@plaza.example>');
  expect(mail.mails[0]?.text).toContain(data.text);
});

it('does not send a message again', async () => {
  await send();
  await send();
  expect(mail.mails).toHaveLength(1);
});

it('fails and records nothing while the channel is down, and sends when it is up again', async () => {
  const { port } = mail;
  await mail.stop();
  await expect(send()).rejects.toThrow();
  expect(recorded).toEqual([]);
  mail = await startMailServer(port);
  await send();
  expect(mail.mails).toHaveLength(1);
});

it('keeps messages in the view without a channel', async () => {
  await performMessages({ channel: undefined, address: '' })({ data }, dispatch);
  expect(recorded).toEqual([]);
});
