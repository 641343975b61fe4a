import { type CustomerMessage, type MessagingContext, messagesOf } from '../../schemas/customer-messages.ts';
import { type CustomersCommand, schema as customers } from '../../schemas/customers.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { CUSTOMER_ERASED } from '../../schemas/kernel/personal.ts';
import { type ProcessManager, processManager, timer } from '../policies/process.ts';

export type Channel = Extract<CustomersCommand, { type: 'CheckMessage' }>['data']['channel'];

/** A message to be sent over a channel. */
export type Delivery = CustomerMessage & {
  channel: Channel;
  /** From this moment on it is not sent. */
  before: string;
};

export type MessagingOptions = {
  /** The contexts that send messages. */
  messaging: readonly MessagingContext[];
  timeZone: string;
  /** The channels that messages are sent over; without any, they stay in the customers' view. */
  channels: readonly Channel[];
  /**
   * Hours after its event until which a message is sent. Older ones say nothing new, as those of an old data folder.
   */
  maxAgeHours: number;
};

type AnyEvent = Parameters<ReturnType<typeof messagesOf>['effectOf']>[0];

/** Returns the process managers of the messages of some contexts: their deliveries, and their reminders. */
export const messaging = ({ messaging: contexts, timeZone, channels, maxAgeHours }: MessagingOptions) => {
  const { schema, types, effectOf } = messagesOf(contexts, timeZone);

  const deliveries: ProcessManager = {
    name: 'customers.messages',
    context: schema,
    events: [...types, 'CustomerReminded', 'MessageSent', 'MessageFailed'],
    isPersonal: true,
    plan(event) {
      if (event.type === 'MessageSent' || event.type === 'MessageFailed') {
        const { channel, messageId } = event.data as Delivery;
        return [{ key: `${channel} ${messageId}`, task: null }];
      }
      const { message } = effectOf(event as AnyEvent);
      if (!message) return [];
      const before = plus(event.time, { hours: maxAgeHours });
      return channels.map((channel) => {
        const data: Delivery = { ...message, channel, before };
        return { key: `${channel} ${message.messageId}`, task: 'send', afterMs: 0, data, before };
      });
    },
  };

  const reminders = timer({
    name: 'customers.reminders',
    context: schema,
    events: types,
    isPersonal: true,
    plan: (event) => {
      const { reminder } = effectOf(event as AnyEvent);
      if (!reminder) return [];
      const { key, data } = reminder;
      if (data === null) return [{ key, at: null }];
      return [{ key, at: data.at, before: data.until, command: { type: 'RemindCustomer', data } }];
    },
  });

  return { deliveries, reminders };
};

/**
 * Milliseconds after which no process uses an erased key: one uses it for at most five seconds, and an append takes at
 * most three. Only then do snapshots without the customer's data replace the others.
 */
const OUT_OF_USE = 10_000;

/** Completes erasures: who reads the event has erased the key. */
export const erasures = processManager({
  name: 'customers.erasures',
  context: customers,
  events: [CUSTOMER_ERASED],
  plan: ({ data }) => [{ key: data.key, task: 'complete', afterMs: OUT_OF_USE, data }],
});
