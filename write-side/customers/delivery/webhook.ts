import { createHmac } from 'node:crypto';
import { machine } from '../../../platform/machine/machine.ts';
import { type Channel, RefusedError } from './channel.ts';

export type WebhookOptions = {
  /** `https://…`; `http://…` only on this machine. */
  url: string;
  /** `whsec_` and the key in base64. */
  secret: string;
  /** Milliseconds for one call. */
  timeoutMs: number;
};

/** Answers that refuse the message itself. After any other, such as a redirect, the call is repeated. */
const REFUSALS = new Set([400, 410, 413, 422]);

/**
 * Returns the key of a webhook's secret.
 * @throws Error when it is not `whsec_` and 24 to 64 bytes in base64
 */
const webhookKey = (secret: string): Buffer => {
  const text = secret.replace(/^whsec_/, '');
  const key = Buffer.from(text, 'base64');
  if (text === secret || key.toString('base64') !== text || key.length < 24 || key.length > 64)
    throw new Error('must be whsec_ and 24 to 64 bytes in base64');
  return key;
};

/**
 * Opens a channel that posts each message to a gateway, for example for SMS or KakaoTalk. Ids, timestamps and
 * signatures follow the Standard Webhooks specification 1.0 (https://www.standardwebhooks.com).
 */
export const webhookChannel = ({ url, secret, timeoutMs }: WebhookOptions): Channel => {
  const key = webhookKey(secret);
  return {
    addressOf: ({ phone }) => phone,
    async send({ at, ...data }) {
      const body = JSON.stringify({ type: 'message', timestamp: at, data });
      const timestamp = `${Math.floor(machine.now() / 1_000)}`;
      const signature = createHmac('sha256', key).update(`${data.messageId}.${timestamp}.${body}`).digest('base64');
      const response = await fetch(url, {
        method: 'POST',
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
        headers: {
          'Content-Type': 'application/json',
          'webhook-id': data.messageId,
          'webhook-timestamp': timestamp,
          'webhook-signature': `v1,${signature}`,
        },
      });
      await response.body?.cancel();
      if (response.ok) return;
      const reason = `the gateway answered ${response.status}`;
      throw REFUSALS.has(response.status) ? new RefusedError(reason) : new Error(reason);
    },
    close() {},
  };
};
