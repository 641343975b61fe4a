import type { Static } from 'typebox';
import { type CustomerMessage, messagesOf } from '../../schemas/customer-messages.ts';
import type { CustomersEvent, queries } from '../../schemas/customers.ts';
import { type AnyEvent, type ProjectionsInput, projection } from '../kernel/projection.ts';

/** A message; the ids that it is about are also fields of their own. */
type Message = Static<typeof queries.messages.item> & { text: string };

type Ended<Type extends 'MessageSent' | 'MessageFailed'> = Extract<CustomersEvent, { type: Type }>['data'];

/** The form of the documents; raise it when it changes. Texts may change without it: older messages keep theirs. */
const FORM = 1;

/** The messages of every context, with their deliveries. */
export const messages = ({ messaging, timeZone }: ProjectionsInput) => {
  const { schema, types, effectOf } = messagesOf(messaging, timeZone);

  const messageIn = ({ type, data, revision, metadata }: AnyEvent): CustomerMessage | undefined =>
    effectOf({ type, data: data as object, revision, time: metadata.time }).message;

  const write = (before: Message | null, _data: unknown, event: AnyEvent): Message | null => {
    const message = messageIn(event);
    if (!message || before) return before;
    const { thread: _thread, ...fields } = message;
    return { ...message.about, ...fields, text: message.texts.en.text, status: 'kept', channels: [] };
  };

  const sent = (message: Message | null, data: unknown, { metadata }: AnyEvent): Message | null => {
    if (!message) return null;
    const { channel, language } = data as Ended<'MessageSent'>;
    const { reason: _reason, ...rest } = message;
    const { text } = message.texts[language];
    return { ...rest, status: 'sent', language, text, channels: [...message.channels, channel], sentAt: metadata.time };
  };

  const failed = (message: Message | null, data: unknown): Message | null =>
    message && message.status === 'kept'
      ? { ...message, status: 'failed', reason: (data as Ended<'MessageFailed'>).reason }
      : message;

  const keyOf = (data: unknown, event: AnyEvent): string | null =>
    event.type === 'MessageSent' || event.type === 'MessageFailed'
      ? (data as { messageId: string }).messageId
      : (messageIn(event)?.messageId ?? null);

  const making = [...types, 'CustomerReminded'];
  return projection<Message>()({
    context: schema,
    name: 'customers.messages',
    // An event that makes messages from now on adds those of its past.
    version: FORM * 1_000 + making.length,
    // Their texts are made of personal fields.
    personal: { owner: 'customerId', erase: () => null },
    key: keyOf,
    on: {
      ...Object.fromEntries(making.map((type) => [type, write])),
      MessageSent: sent,
      MessageFailed: failed,
    } as never,
  });
};
