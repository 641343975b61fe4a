import { type CustomersCommand, type CustomersEvent, schema as customers } from './customers.ts';
import type { ContextSchema } from './kernel/context.ts';
import type { ContextMessages, MessageFacts } from './kernel/messages.ts';

type Reminded = Extract<CustomersEvent, { type: 'CustomerReminded' }>['data'];

/** A message to a customer, with the time of its event. */
export type CustomerMessage = Reminded & { at: string };

type Remind = Extract<CustomersCommand, { type: 'RemindCustomer' }>['data'];

/** A reminder: its key, and the data of its command, null to remove it. */
export type PlannedReminder = { key: string; data: Remind | null };

export type MessagingContext = { schema: ContextSchema; messages: ContextMessages };

type MessageEvent = { type: string; data: object; revision: string; time: string };

/**
 * Returns the messages of some contexts: the events that make them, a schema that has all these events, and a function
 * from an event to its message and its reminder.
 * @param timeZone of calendar days and of the times in texts (IANA name)
 */
export const messagesOf = (contexts: readonly MessagingContext[], timeZone: string) => {
  const rules = new Map(
    contexts.flatMap(({ schema: { name }, messages: { on, prefix = `${name}.` } }) =>
      Object.entries(on).map(([type, rule]) => [type, { context: name, prefix, rule: rule as Rule }]),
    ),
  );

  const effectOf = ({
    type,
    data,
    revision,
    time,
  }: MessageEvent): { message?: CustomerMessage; reminder?: PlannedReminder } => {
    if (type === 'CustomerReminded') return { message: { ...(data as Reminded), at: time } };
    const found = rules.get(type);
    const effect = found?.rule(data, { revision, time, timeZone });
    if (!found || !effect) return {};
    const { context, prefix } = found;
    const { customerId, about, message, reminder } = effect;
    const ids = Object.values(about).join('.');
    const named = (kind: string, occurrence = revision) => {
      const thread = `${prefix}${kind}.${ids}`;
      const messageId = occurrence === '' ? thread : `${thread}.${occurrence}`;
      return { messageId, thread, customerId, context, kind, about };
    };
    const key = `${context}.${ids}`;
    return {
      ...(message && { message: { ...named(message.kind, message.occurrence), texts: message.texts, at: time } }),
      ...(reminder !== undefined && {
        reminder: { key, data: reminder && reminder.at > time ? { ...named('reminder'), ...reminder } : null },
      }),
    };
  };

  const declared = new Set(rules.keys());
  const events = Object.assign({}, ...contexts.map(({ schema }) => schema.events), customers.events);
  return {
    schema: { ...customers, events } satisfies ContextSchema as ContextSchema,
    /** The types of the events that make messages, without the recorded reminders. */
    types: [...declared],
    effectOf,
  };
};

type Rule = (data: object, facts: MessageFacts) => ReturnType<ContextMessages['on'][string]>;
