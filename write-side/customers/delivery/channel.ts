import type { CustomerMessage } from '../../../schemas/customer-messages.ts';
import type { CustomersEvent } from '../../../schemas/customers.ts';
import type { Language } from '../../../schemas/kernel/messages.ts';

/** A customer's name, addresses and language; of a customer who stored none only the id and the default language. */
export type Contact = Extract<CustomersEvent, { type: 'ContactChanged' }>['data'];

/** A message as a channel sends it. */
export type Outgoing = Pick<CustomerMessage, 'messageId' | 'customerId' | 'context' | 'kind' | 'at'> & {
  language: Language;
  to: string;
  name: string | undefined;
  subject: string;
  text: string;
};

/** The receiver refused the message, and would refuse it again. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** A way to customers. */
export type Channel = {
  /** Returns a customer's address on the channel; empty or undefined for none. */
  addressOf(contact: Contact): string | undefined;
  /**
   * Sends a message.
   * @throws RefusedError when it would be refused again; another Error when it may be sent later
   */
  send(message: Outgoing): Promise<void>;
  close(): void;
};
