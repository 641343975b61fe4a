import { Type } from 'typebox';
import { customer, staff } from './access.ts';
import { type CommandOf, type ContextSchema, command, type EventOf, event } from './kernel/context.ts';
import { About, Language, Texts } from './kernel/messages.ts';
import { CUSTOMER_ERASED, ERASED, personal } from './kernel/personal.ts';
import { inView, list, one } from './kernel/queries.ts';
import { Count, Id, Status, Strict, Text, Time, UtcTime } from './kernel/values.ts';

const CustomerName = Text(100, '홍길동');
const Email = Type.String({
  // The addresses of <input type=email> (WHATWG HTML): ASCII only, without quotes, comments and display names.
  pattern:
    "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$",
  maxLength: 254,
  examples: ['gildong@example.com'],
});
const GivenPhone = Type.String({
  pattern: '^(?:\\+[1-9]\\d{6,14}|0\\d{1,3}[- ]?\\d{3,4}[- ]?\\d{4})$',
  description: 'E.164 (`+821012345678`), or the form used in Korea (`010-1234-5678`), which is kept as E.164.',
  examples: ['010-1234-5678'],
});
const Phone = Type.String({ pattern: '^\\+[1-9]\\d{6,14}$', description: 'E.164.', examples: ['+821012345678'] });

/** Returns a phone number in E.164: one without a country code is Korean. */
export const toE164 = (phone: string): string => {
  const digits = phone.replaceAll(/[- ]/g, '');
  return digits.startsWith('0') ? `+82${digits.slice(1)}` : digits;
};

const ofCustomer = personal('customerId');
const contact = {
  customerId: Id,
  name: Type.Optional(ofCustomer(CustomerName)),
  email: Type.Optional(ofCustomer(Email)),
  language: Language,
  phone: Type.Optional(ofCustomer(Phone)),
};

const MessageId = Type.String({
  pattern: '^[A-Za-z0-9_.-]{1,400}$',
  description: 'The same each time that the message is sent.',
  examples: ['parking.booked.lot-1.r-1.4'],
});
const KeyName = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}:\\d{1,9}:[A-Za-z0-9_-]{8}$',
  description: 'The name of the key; it says nothing about the key.',
  examples: ['CUST1:0:yCYpwyGo'],
});
const Kind = Type.String({ pattern: '^[a-z]+(-[a-z]+)*$', examples: ['booked'] });
const ContextName = Type.String({ pattern: '^[a-z]+(-[a-z]+)*$', examples: ['parking'] });
const Channel = Status('email', 'webhook');
const FailureReason = Status('too-late', 'refused');

/**
 * A message: its id, and the stream of the messages of its kind about the same resource, which is the id without its
 * last part.
 */
const message = { messageId: MessageId, thread: MessageId, customerId: Id, context: ContextName, kind: Kind };
const delivery = { ...message, channel: Channel };
const erasedText = { subject: ERASED, text: ERASED };
const textsOfCustomer = personal('customerId', { erased: { ko: erasedText, en: erasedText } });
const reminder = { ...message, about: About, texts: textsOfCustomer(Texts) };

type SentByCinema = { kind: string; showingId: string; reservationId: string; hold?: string; customerId: string };

/** Only the cinema sent messages before version 3, by e-mail and in English; their ids stay the same. */
const fromCinema = ({ kind, showingId, reservationId, hold, customerId }: SentByCinema) => {
  const thread = `${kind}.${showingId}.${reservationId}`;
  const messageId = hold === undefined ? thread : `${thread}.${hold}`;
  return { messageId, thread, customerId, context: 'cinema', kind, channel: 'email', language: 'en' };
};

export const events = {
  ContactChanged: event("A customer's name, addresses and language were stored", Strict(contact)),
  MessageSent: event('The message was sent over a channel', Strict({ ...delivery, language: Language }), 3, {
    2: fromCinema,
  }),
  MessageFailed: event('The message is not sent over the channel', Strict({ ...delivery, reason: FailureReason })),
  [CUSTOMER_ERASED]: event(
    "A customer's personal data was erased: the key that encrypted it is gone",
    Strict({ customerId: Id, key: KeyName }),
  ),
  CustomerReminded: event('The time of a reminder has come; it is sent next', Strict(reminder)),
};

const commands = {
  ChangeContact: command(
    "Store a customer's name, addresses and language; what is left out is removed",
    Strict({ ...contact, phone: Type.Optional(GivenPhone) }),
    {
      route: 'PUT /customers/{customerId}/contact',
      location: '/customers/{customerId}/contact',
      answer: Strict(contact),
    },
  ),
  EraseCustomer: command(
    "Erase a customer's personal data in every context",
    Strict({
      customerId: Id,
      cancel: Type.Optional(
        Type.Boolean({ description: 'Whether open reservations are cancelled first; they are in the way otherwise.' }),
      ),
    }),
    {
      route: 'DELETE /customers/{customerId}',
      inQuery: ['cancel'],
      everywhere: true,
      needsSteps: true,
      location: '/customers/{customerId}/contact',
      answer: Strict({ customerId: Id, status: Status('erased') }),
    },
    ['customer-has-open-reservations', 'customer-not-found', 'personal-data-not-encrypted'],
  ),
  ReadErasure: command("Read the name of a customer's erased key", Strict({ customerId: Id })),
  CheckMessage: command('Refuse a message that was sent or has failed', Strict(delivery)),
  RecordMessageSent: command('Record that a message was sent', Strict({ ...delivery, language: Language })),
  RecordMessageFailed: command('Record that a message is not sent', Strict({ ...delivery, reason: FailureReason })),
  RemindCustomer: command(
    'Remind a customer of something that begins later',
    Strict({ ...reminder, at: UtcTime, until: UtcTime }),
  ),
};

const MessageStatus = Status('kept', 'sent', 'failed');

const Message = Strict({
  messageId: MessageId,
  context: ContextName,
  customerId: Id,
  kind: Kind,
  about: About,
  texts: Texts,
  status: MessageStatus,
  at: Time,
  language: Type.Optional(Language),
  channels: Type.Array(Channel, { description: 'The channels that it was sent over.' }),
  sentAt: Type.Optional(Time),
  reason: Type.Optional(FailureReason),
});

/** A message of the cinema, as it was listed when only the cinema had messages. */
const CinemaMessage = Strict({
  messageId: MessageId,
  customerId: Id,
  kind: Kind,
  showingId: Id,
  reservationId: Type.Optional(Id),
  entryId: Type.Optional(Type.String({ ...Id, description: 'The waiting list entry of an offer.' })),
  holdId: Type.Optional(Id),
  text: Type.String({ description: 'In the language in which it was sent; in English before that.' }),
  status: MessageStatus,
  at: Time,
  sentAt: Type.Optional(Time),
});

const Contact = Strict({ ...contact, changedAt: Time });

export const queries = {
  ...inView('customers.contacts', {
    contacts: list("The customers' names, addresses and languages", '/customers/contacts', Contact, {
      filters: { customerId: Id },
      prefix: 'name',
    }),
    contact: one("A customer's name, addresses and language", '/customers/{customerId}/contact', Contact, {
      search: { name: 'name', phone: 'phone', email: 'id', customerId: 'id' },
    }),
  }),
  ...inView('customers.messages', {
    customerMessages: list("A customer's messages from every context", '/customers/{customerId}/messages', Message, {
      filters: { context: ContextName, status: MessageStatus },
      range: 'at',
    }),
    messages: list('The messages to customers', '/customers/messages', Message, {
      filters: { status: MessageStatus },
      range: 'at',
    }),
    cinemaMessages: list(
      "A customer's messages from the cinema",
      '/cinema/customers/{customerId}/messages',
      CinemaMessage,
      { range: 'at', only: { context: 'cinema' } },
    ),
  }),
};

const overview = Strict({
  totals: Strict({ failed: Count }),
  failed: Type.Array(Message, { maxItems: 50, description: 'The messages that are not sent, the newest first.' }),
});

export const schema = {
  name: 'customers',
  title: 'Customers',
  events,
  commands,
  queries,
  access: {
    ChangeContact: customer(),
    EraseCustomer: customer(),
    contact: customer(),
    contacts: customer(),
    customerMessages: customer(),
    cinemaMessages: customer(),
    messages: staff,
  },
  problems: {
    'customer-has-open-reservations': { status: 409, title: 'The customer has open reservations' },
    'customer-not-found': { status: 404, title: 'Nothing is stored about this customer' },
    'personal-data-not-encrypted': {
      status: 409,
      title: 'Personal data is not encrypted here, so it cannot be erased',
    },
  },
  overview,
} as const satisfies ContextSchema;

export type CustomersEvent = EventOf<typeof events>;
export type CustomersCommand = CommandOf<typeof commands>;
