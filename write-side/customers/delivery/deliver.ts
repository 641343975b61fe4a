import { machine } from '../../../platform/machine/machine.ts';
import type { Language } from '../../../schemas/kernel/messages.ts';
import type { Delivery, Channel as Name } from '../policies.ts';
import { type Channel, type Contact, RefusedError } from './channel.ts';

/**
 * Handles a command.
 * @throws Error when it is not known whether the command was done
 */
export type Dispatch = (command: { type: string; data: object }) => Promise<'done' | 'refused'>;

export type DeliverOptions = {
  channels: Readonly<Partial<Record<Name, Channel>>>;
  /** Reads a customer's current contact from its stream, so that a change just before counts. @throws Error */
  contactOf(customerId: string): Promise<Contact | undefined>;
  /** The language of customers who chose none. */
  language: Language;
  /** The clock, in milliseconds. */
  now?(): number;
};

/**
 * Sends a planned message over its channel, unless it was sent or its time has passed. If the process ends before the
 * record of it, the message is sent again with the same id. A customer without an address gets none: the message stays
 * in the view.
 * @throws Error when the task must be performed again later
 */
export const deliverMessages =
  ({ channels, contactOf, language: otherwise, now = machine.now }: DeliverOptions) =>
  async ({ data }: { data: object }, dispatch: Dispatch): Promise<void> => {
    const { texts, about, before, at, ...delivery } = data as Delivery;
    const { messageId, thread, customerId, context, kind, channel: name } = delivery;
    const channel = channels[name];
    if (!channel || (await dispatch({ type: 'CheckMessage', data: delivery })) === 'refused') return;
    const fail = (reason: 'too-late' | 'refused') =>
      dispatch({ type: 'RecordMessageFailed', data: { ...delivery, reason } });

    const contact = (await contactOf(customerId)) ?? { customerId, language: otherwise };
    const to = channel.addressOf(contact);
    if (!to) return;
    if (now() >= Date.parse(before)) {
      await fail('too-late');
      return;
    }
    const { language } = contact;
    try {
      await channel.send({
        messageId,
        customerId,
        context,
        kind,
        language,
        at,
        to,
        name: contact.name,
        ...texts[language],
      });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      await fail('refused');
      return;
    }
    await dispatch({
      type: 'RecordMessageSent',
      data: { messageId, thread, customerId, context, kind, channel: name, language },
    });
  };
