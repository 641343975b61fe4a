import type { Transporter } from 'nodemailer';
import { type Channel, RefusedError } from './channel.ts';

export type MailOptions = {
  /** `smtp://…` or `smtps://…` */
  url: string;
  from: string;
  /** The address of a customer without an e-mail address, with `{customerId}` for the id; empty: none. */
  otherwise: string;
  /** Milliseconds for each step of the protocol. */
  timeoutMs: number;
};

/** Nodemailer's codes for a refused recipient and a refused message. After any other failure the mail is sent again. */
const REFUSALS = new Set(['EENVELOPE', 'EMESSAGE']);

/**
 * Opens a channel over SMTP. It connects with the first message, and reconnects after a failure. Nodemailer is loaded
 * then, too: it would add 0.1 s to every start.
 */
export const mailChannel = ({ url, from, otherwise, timeoutMs }: MailOptions): Channel => {
  const connect = async () => {
    const { createTransport } = await import('nodemailer');
    return createTransport(
      { url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
      { from },
    );
  };
  let transport: Promise<Transporter> | undefined;
  // The address may be in angle brackets behind a name.
  const domain = from.slice(from.lastIndexOf('@') + 1).replace(/[^\w.-]/g, '') || 'localhost';
  return {
    addressOf: ({ customerId, email }) => email ?? otherwise.replaceAll('{customerId}', customerId),
    async send({ messageId, to, name, subject, text }) {
      transport ??= connect();
      try {
        await (await transport).sendMail({
          // An object: a name cannot add another recipient or header.
          to: { name: name ?? '', address: to },
          subject,
          text,
          messageId: `<${messageId}@${domain}>`,
        });
      } catch (error) {
        const { code = '', responseCode = 0 } = error as { code?: string; responseCode?: number };
        if (responseCode >= 500 && REFUSALS.has(code))
          throw new RefusedError(`the mail server refused the message with ${responseCode}`);
        throw error;
      }
    },
    close: () => void transport?.then((opened) => opened.close()),
  };
};
