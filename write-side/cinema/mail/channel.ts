import { createTransport } from 'nodemailer';

/** Takes messages to customers. */
export type Channel = {
  /**
   * Hands a message over.
   * @param messageId the same whenever the same message is handed over again: it is the mail's Message-ID
   * @throws Error when the channel did not take it
   */
  send(messageId: string, to: string, subject: string, text: string): Promise<void>;
  close(): void;
};

export type ChannelOptions = {
  /** `smtp://…` or `smtps://…` */
  url: string;
  from: string;
  /** Milliseconds for each step of the protocol. */
  timeoutMs?: number;
};

/** Mail over SMTP. Lazy: it connects with the first message, and again whenever the server is back. */
export const mailChannel = ({ url, from, timeoutMs = 5_000 }: ChannelOptions): Channel => {
  const transport = createTransport(
    { url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs },
    { from },
  );
  const domain =
    from
      .split('@')
      .at(-1)
      ?.replace(/[^\w.-]/g, '') || 'localhost';
  return {
    async send(messageId, to, subject, text) {
      await transport.sendMail({ to, subject, text, messageId: `<${messageId}@${domain}>` });
    },
    close: () => transport.close(),
  };
};
