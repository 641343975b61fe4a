import { expect, it } from 'vitest';
import { type ContextSchema, event } from '../../schemas/kernel/context.ts';
import { messagesOn, texts } from '../../schemas/kernel/messages.ts';
import { Id, Strict } from '../../schemas/kernel/values.ts';
import { messaging } from './policies.ts';

const Loan = Strict({ bookId: Id, readerId: Id });
const library = {
  name: 'library',
  title: 'Library',
  events: { BookLent: event('', Loan), BookReturned: event('', Loan) },
  commands: {},
  queries: {},
  problems: {},
} as const satisfies ContextSchema;

const DUE = '2026-02-14T00:00:00.000Z';
const messages = messagesOn<(typeof library)['events']>()({
  BookLent: ({ bookId, readerId }) => ({
    customerId: readerId,
    about: { bookId },
    message: { kind: 'lent', texts: texts({ ko: '빌렸습니다', en: 'You borrowed a book' }) },
    reminder: {
      at: '2026-02-13T00:00:00.000Z',
      until: DUE,
      texts: texts({ ko: '내일까지 반납해 주세요', en: 'Bring it back tomorrow' }),
    },
  }),
  BookReturned: ({ bookId, readerId }) => ({ customerId: readerId, about: { bookId }, reminder: null }),
});

const data = { bookId: 'b-1', readerId: 'CUST1' };
const lent = { type: 'BookLent', data, revision: '4', time: '2026-01-31T09:00:00.000Z' };
const returned = { ...lent, type: 'BookReturned', revision: '5' };
const { deliveries, reminders } = messaging({
  messaging: [{ schema: library, messages }],
  timeZone: 'Asia/Seoul',
  channels: ['email', 'webhook'],
  maxAgeHours: 24,
});

it('plans one delivery for each channel, until the message is too old', () => {
  const before = '2026-02-01T09:00:00.000Z';
  expect(deliveries.plan(lent)).toMatchObject([
    { key: 'email library.lent.b-1.4', task: 'send', afterMs: 0, before, data: { kind: 'lent', customerId: 'CUST1' } },
    { key: 'webhook library.lent.b-1.4', task: 'send', afterMs: 0, before },
  ]);
  expect(deliveries.plan(returned)).toEqual([]);
});

it('plans no delivery after one is recorded', () => {
  const message = { messageId: 'library.lent.b-1.4', channel: 'email' };
  for (const type of ['MessageSent', 'MessageFailed'])
    expect(deliveries.plan({ ...lent, type, data: message })).toEqual([
      { key: 'email library.lent.b-1.4', task: null },
    ]);
});

it('plans a reminder until it helps no longer, and removes it', () => {
  const key = 'library.b-1';
  expect(reminders.plan(lent)).toMatchObject([
    { key, task: 'RemindCustomer', at: '2026-02-13T00:00:00.000Z', before: DUE, data: { until: DUE } },
  ]);
  expect(reminders.plan(returned)).toEqual([{ key, task: null }]);
});

it('plans no reminder that would be due at once', () =>
  expect(reminders.plan({ ...lent, time: '2026-02-13T00:00:00.000Z' })).toEqual([{ key: 'library.b-1', task: null }]));

it('makes a message of a reminder whose time has come', () => {
  const [planned] = reminders.plan(lent) as unknown as { data: object }[];
  const { at: _at, until: _until, ...reminded } = planned!.data as Record<string, unknown>;
  const event = { type: 'CustomerReminded', data: reminded, revision: '0', time: '2026-02-13T00:00:00.000Z' };
  expect(deliveries.plan(event)[0]).toMatchObject({
    key: 'email library.reminder.b-1.4',
    data: { texts: { en: { subject: 'Bring it back tomorrow' } }, context: 'library' },
  });
});
