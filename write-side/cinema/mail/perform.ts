import { holdOf } from '../../../schemas/cinema.ts';
import type { CustomerMessage } from '../../../schemas/cinema-messages.ts';
import type { Channel } from './channel.ts';

/**
 * Handles a command.
 * @throws Error when it is not known whether the command was done
 */
export type Dispatch = (command: { type: string; data: object }) => Promise<'done' | 'refused'>;

const subjects: Record<CustomerMessage['kind'], string> = {
  confirmed: 'Your reservation is confirmed',
  canceled: 'Your reservation is cancelled',
  refunded: 'Your payment was refunded',
};

export type MessagesOptions = {
  /** Without one, messages stay in the customers' view. */
  channel: Channel | undefined;
  /** The address of a customer, with `{customerId}` for the id. */
  address: string;
};

/**
 * Sends a planned message, unless it was sent. If the process ends before the record of it, the message is sent again
 * with the same Message-ID.
 * @throws Error when the task must be performed again later
 */
export const performMessages =
  ({ channel, address }: MessagesOptions) =>
  async ({ data }: { data: object }, dispatch: Dispatch): Promise<void> => {
    if (!channel) return;
    const { messageId, kind, customerId, text, ...rest } = data as CustomerMessage;
    const message = { kind, ...holdOf(rest) };
    if ((await dispatch({ type: 'CheckMessage', data: message })) === 'refused') return;
    await channel.send(messageId, address.replaceAll('{customerId}', customerId), subjects[kind], text);
    await dispatch({ type: 'RecordMessageSent', data: { ...message, customerId } });
  };
