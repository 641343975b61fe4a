import { createTransport } from 'nodemailer';

/** Sends messages to customers. */
export type Channel = {
  /**
   * Sends a message.
   * @param messageId the mail's Message-ID: the same for each attempt at one message
   * @throws Error when the server did not accept it
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

/** Opens a channel over SMTP. It connects with the first message, and reconnects after a failure. */
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
