import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../services.ts';
import { mailChannel } from './mail/channel.ts';
import { performMessages } from './mail/perform.ts';
import { connectPayments } from './payment-provider/client.ts';
import { paymentMetrics } from './payment-provider/metrics.ts';
import { performPayments } from './payment-provider/perform.ts';
import { cinemaProcesses } from './policies.ts';
import { cinemaSteps } from './steps.ts';

/** The settings that the cinema reads. */
export type CinemaSettings = {
  AUTH: 'on' | 'off';
  PAYMENT_URL: string;
  PAYMENT_SANDBOX_URL: string;
  PAYMENT_SANDBOX_PORT: number;
  PAYMENT_TIMEOUT_MS: number;
  PAYMENT_ANSWER_MS: number;
  MAX_PAYMENTS: number;
  HOLD_SECONDS: number;
  MESSAGE_SMTP_URL: string;
  MESSAGE_FROM: string;
  MESSAGE_TO: string;
};

/** Its name has the program print the message as one line. */
class CinemaSettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Returns whether the settings choose the payment sandbox. With sign-in they must do so by its name: a public Plaza
 * never gives seats away because a setting was forgotten.
 * @throws Error with the name SettingsError when they choose no provider
 */
const choosesSandbox = ({ AUTH, PAYMENT_URL }: Pick<CinemaSettings, 'AUTH' | 'PAYMENT_URL'>): boolean => {
  if (PAYMENT_URL === '' && AUTH === 'on')
    throw new CinemaSettingsError(
      'PAYMENT_URL must be set with AUTH=on: the URL of a payment provider, or sandbox to sell seats without money',
    );
  return PAYMENT_URL === '' || PAYMENT_URL === 'sandbox';
};

const paymentsOf = (settings: CinemaSettings) => {
  const sandbox = settings.PAYMENT_SANDBOX_URL || `http://127.0.0.1:${settings.PAYMENT_SANDBOX_PORT}`;
  return connectPayments({
    url: choosesSandbox(settings) ? sandbox : settings.PAYMENT_URL,
    timeoutMs: settings.PAYMENT_TIMEOUT_MS,
  });
};

/** Starts the payment sandbox where the settings choose it. */
const standIn = async (settings: CinemaSettings, dataFolder: string) => {
  if (!choosesSandbox(settings)) return { settings: {}, stop: async () => {} };
  const { startSandbox } = await import('./payment-provider/sandbox.ts');
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const sandbox = await startSandbox({ file: join(dataFolder, 'payments.sqlite') });
  return { settings: { PAYMENT_URL: sandbox.url }, stop: sandbox.stop };
};

/** The payment provider and the channel for messages. */
export const services: Services<CinemaSettings> = {
  check: choosesSandbox,
  standIn,
  commands(settings, { registry }) {
    const payments = paymentsOf(settings);
    paymentMetrics(registry, payments.circuit);
    return {
      steps: cinemaSteps({
        payments,
        answerWithinMs: settings.PAYMENT_ANSWER_MS,
        maxPayments: settings.MAX_PAYMENTS,
      }),
      // Without the provider everything but payments works.
      checks: { payments: async () => ({ ok: true, detail: `circuit ${payments.circuit()}` }) },
    };
  },
  processes(settings) {
    const channel = settings.MESSAGE_SMTP_URL
      ? mailChannel({ url: settings.MESSAGE_SMTP_URL, from: settings.MESSAGE_FROM })
      : undefined;
    return {
      managers: cinemaProcesses(settings.HOLD_SECONDS * 1_000),
      perform: {
        'cinema.payments': performPayments(paymentsOf(settings)),
        'cinema.messages': performMessages({ channel, address: settings.MESSAGE_TO }),
      },
      close: () => channel?.close(),
    };
  },
};
