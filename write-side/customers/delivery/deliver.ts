import { machine } from '../../../platform/machine/machine.ts';
import type { Language } from '../../../schemas/kernel/messages.ts';
import type { Perform } from '../../policies/process.ts';
import type { Delivery, Channel as Name } from '../policies.ts';
import { type Channel, type Contact, RefusedError } from './channel.ts';

export type DeliverOptions = {
  channels: Readonly<Partial<Record<Name, Channel>>>;
  /** Reads a customer's current contact from its stream, so that a change just before counts. @throws Error */
  contactOf(customerId: string): Promise<Contact | undefined>;
  /** The language of customers who chose none. */
  language: Language;
};

/**
 * Sends a planned message over its channel, unless it was sent or its time has passed. If the process ends before the
 * record of it, the message is sent again with the same id. A customer without an address gets none: the message stays
 * in the view.
 * @throws Error when the task must be performed again later
 */
export const deliverMessages =
  ({ channels, contactOf, language: otherwise }: DeliverOptions) =>
  async ({ data }: { data: object }, dispatch: Parameters<Perform>[1]): Promise<void> => {
    const { texts, about, before, at, ...delivery } = data as Delivery;
    const { messageId, customerId, context, kind } = delivery;
    const channel = channels[delivery.channel];
    if (!channel || (await dispatch({ type: 'CheckMessage', data: delivery })) === 'refused') return;
    const fail = (reason: 'too-late' | 'refused') =>
      dispatch({ type: 'RecordMessageFailed', data: { ...delivery, reason } });

    const contact = (await contactOf(customerId)) ?? { customerId, language: otherwise };
    const to = channel.addressOf(contact);
    if (!to) return;
    if (machine.now() >= Date.parse(before)) return void (await fail('too-late'));
    const { language } = contact;
    try {
      const { name } = contact;
      await channel.send({ messageId, customerId, context, kind, language, at, to, name, ...texts[language] });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      return void (await fail('refused'));
    }
    await dispatch({ type: 'RecordMessageSent', data: { ...delivery, language } });
  };
