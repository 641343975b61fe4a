import fc from 'fast-check';
import { expect, it } from 'vitest';
import { schema } from '../../schemas/customers.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import { holdsForEveryDecider, specification } from '../kernel/testing.ts';
import { message } from './message.ts';

const { given } = specification(message);
const about = { messageId: 'parking.booked.lot-1.r-1.4', thread: 'parking.booked.lot-1.r-1', customerId: 'CUST1' };
const base = { ...about, context: 'parking', kind: 'booked' };
const mail = { ...base, channel: 'email' } as const;
const check = { type: 'CheckMessage', data: mail } as const;
const record = { type: 'RecordMessageSent', data: { ...mail, language: 'ko' } } as const;
const sent = { type: 'MessageSent', data: { ...mail, language: 'ko' } } as const;
const fail = { type: 'RecordMessageFailed', data: { ...mail, reason: 'refused' } } as const;
const failed = { type: 'MessageFailed', data: { ...mail, reason: 'refused' } } as const;
const byWebhook = { type: 'CheckMessage', data: { ...base, channel: 'webhook' } } as const;

it('is recorded as sent once', () => {
  given().when(record).thenEvents(sent);
  given(sent).when(record).thenNothing();
});

it('is not sent again over the same channel', () => {
  given().when(check).thenNothing();
  given(sent).when(check).thenRefused('message-ended');
  given(sent).when(byWebhook).thenNothing();
});

it('is not sent after it failed', () => {
  given().when(fail).thenEvents(failed);
  given(failed).when(check).thenRefused('message-ended');
  given(failed).when(record).thenNothing();
});

it('of the cinema, sent before other contexts had messages, is not sent again', () => {
  const old = { kind: 'confirmed', showingId: 's1', reservationId: 'r2', hold: '3', customerId: 'CUST1' };
  const data = upcast(schema.events, 'MessageSent', 2, old) as typeof sent.data;
  const again = { ...data, messageId: 'confirmed.s1.r2.3', thread: 'confirmed.s1.r2' };
  given({ type: 'MessageSent', data }).when({ type: 'CheckMessage', data: again }).thenRefused('message-ended');
  const { hold: _hold, ...first } = old;
  expect(upcast(schema.events, 'MessageSent', 1, first)).toMatchObject({ messageId: 'confirmed.s1.r2' });
});

const texts = { ko: { subject: '내일', text: '내일' }, en: { subject: 'Tomorrow', text: 'Tomorrow' } };
const reminder = { ...base, kind: 'reminder', about: { lotId: 'lot-1', reservationId: 'r-1' }, texts };
const remindAt = (at: string, until: string) => ({ type: 'RemindCustomer', data: { ...reminder, at, until } }) as const;
const due = remindAt('2026-01-31T09:00:00.000Z', '2026-01-31T09:00:00.001Z');
const reminded = { type: 'CustomerReminded', data: reminder } as const;

it('is made of a reminder once, when its time has come', () => {
  given().when(due).thenEvents(reminded);
  given(reminded).when(due).thenNothing();
});

it('is not made of a reminder that is too early or too late', () => {
  given().when(remindAt('2026-01-31T09:00:00.001Z', '2026-02-01T00:00:00.000Z')).thenRefused('not-due');
  given().when(remindAt('2026-01-30T09:00:00.000Z', '2026-01-31T09:00:00.000Z')).thenNothing();
});

it('keeps the rules of every decider', () =>
  holdsForEveryDecider(message, fc.constantFrom(check, record, fail, byWebhook, due)));
