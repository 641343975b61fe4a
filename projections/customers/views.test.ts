import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { expect, it } from 'vitest';
import { messagingContexts } from '../../programs/contexts.ts';
import { queries } from '../../schemas/customers.ts';
import { documentsAfter, type Given } from '../kernel/testing.ts';
import { contacts } from './contacts.ts';
import { messages as messagesView } from './messages.ts';

const messages = messagesView({ messaging: messagingContexts, timeZone: 'Asia/Seoul' });

const customerId = 'CUST1';
const reserved: Given = {
  type: 'ParkingReserved',
  data: { lotId: 'lot-1', reservationId: 'r-1', customerId, carNumber: '10더8612', amount: 9_000 },
};
const confirmed: Given = {
  type: 'ReservationConfirmed',
  data: { showingId: 's-1', movieId: 'm-1', reservationId: 'a', customerId, title: '괴물', price: 12_000, hold: '4' },
};
const ofCinema = { messageId: 'confirmed.s-1.a.4', thread: 'confirmed.s-1.a', customerId, context: 'cinema' };
const delivery = { ...ofCinema, kind: 'confirmed', channel: 'email' };
const sent: Given = {
  type: 'MessageSent',
  data: { ...delivery, language: 'ko' },
  time: '2026-01-31T09:01:00.000Z',
};
const failed: Given = { type: 'MessageFailed', data: { ...delivery, channel: 'webhook', reason: 'refused' } };

const ajv = new Ajv({ strict: true, allowUnionTypes: true });
formats.default(ajv, ['date-time']);

it('messages of every context are kept until they are sent', () => {
  const view = documentsAfter(messages, reserved, confirmed, sent) as Record<string, Record<string, unknown>>;
  const [ofParking] = Object.keys(view);
  expect(ofParking).toMatch(/^parking\.booked\.lot-1\.r-1\.\d+$/);
  expect(view[ofParking!]).toMatchObject({ context: 'parking', status: 'kept', channels: [], customerId });
  expect(view['confirmed.s-1.a.4']).toMatchObject({
    context: 'cinema',
    showingId: 's-1',
    reservationId: 'a',
    status: 'sent',
    channels: ['email'],
    language: 'ko',
    sentAt: '2026-01-31T09:01:00.000Z',
  });
  expect(view['confirmed.s-1.a.4']?.text).toContain('영화: 괴물');
  const isItem = ajv.compile(queries.messages.item);
  const fields = Object.keys(queries.messages.item.properties);
  for (const document of Object.values(view))
    expect([
      isItem(Object.fromEntries(fields.flatMap((f) => (f in document ? [[f, document[f]]] : [])))),
      isItem.errors,
    ]).toEqual([true, null]);
});

it('messages that the cinema sent before other contexts had messages count as sent', () => {
  const golden = (type: string, version: number): Given => {
    const file = new URL(`../../schemas/golden/cinema/${type}.v${version}.json`, import.meta.url);
    return JSON.parse(readFileSync(file, 'utf8'));
  };
  const { reservationId, hold } = golden('MessageSent', 2).data as { reservationId: string; hold: string };
  for (const [version, messageId] of [
    [1, `confirmed.showing-1.${reservationId}`],
    [2, `confirmed.showing-1.${reservationId}.${hold}`],
  ] as const)
    expect(
      documentsAfter(messages, golden('ReservationConfirmed', version), golden('MessageSent', version)),
    ).toMatchObject({ [messageId]: { status: 'sent', channels: ['email'], language: 'en', context: 'cinema' } });
});

it('a message fails only when no channel sent it', () => {
  expect(documentsAfter(messages, confirmed, failed)['confirmed.s-1.a.4']).toMatchObject({
    status: 'failed',
    reason: 'refused',
  });
  for (const events of [
    [confirmed, failed, sent],
    [confirmed, sent, failed],
  ]) {
    const message = documentsAfter(messages, ...events)['confirmed.s-1.a.4'];
    expect(message).toMatchObject({ status: 'sent', channels: ['email'] });
    expect(message).not.toHaveProperty('reason');
  }
});

it('a message that is made again keeps its delivery', () =>
  expect(documentsAfter(messages, confirmed, sent, confirmed)['confirmed.s-1.a.4']).toMatchObject({ status: 'sent' }));

it('a reminder is a message of the context that it reminds of', () => {
  const texts = { ko: { subject: '내일', text: '내일' }, en: { subject: 'Tomorrow', text: 'Tomorrow' } };
  const named = { messageId: 'parking.reminder.lot-1.r-1.4', thread: 'parking.reminder.lot-1.r-1', customerId };
  const about = { lotId: 'lot-1', reservationId: 'r-1' };
  const data = { ...named, context: 'parking', kind: 'reminder', about, texts };
  expect(documentsAfter(messages, { type: 'CustomerReminded', data })[named.messageId]).toMatchObject({
    context: 'parking',
    kind: 'reminder',
    status: 'kept',
    lotId: 'lot-1',
    text: 'Tomorrow',
  });
});

it('a contact is the last one stored, as a whole', () => {
  const data = { customerId, name: '홍길동', email: 'a@example.com', language: 'ko' };
  const time = '2026-01-31T09:00:00.000Z';
  const first: Given = { type: 'ContactChanged', data };
  const next: Given = { type: 'ContactChanged', data: { customerId, language: 'en' } };
  expect(documentsAfter(contacts, first)).toEqual({ CUST1: { ...data, changedAt: time } });
  expect(documentsAfter(contacts, first, next)).toEqual({ CUST1: { customerId, language: 'en', changedAt: time } });
});
