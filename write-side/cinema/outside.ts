import type { Telemetry } from '../../platform/telemetry/telemetry.ts';
import type { Processes } from '../policies/run-policies.ts';
import type { WriteSideOptions } from '../start.ts';
import { cinemaAround } from './around.ts';
import { mailChannel } from './mail/channel.ts';
import { performMessages } from './mail/perform.ts';
import { connectPayments } from './payment/client.ts';
import { paymentMetrics } from './payment/metrics.ts';
import { performPayments } from './payment/perform.ts';
import { cinemaProcesses } from './policies.ts';

/** The settings that the cinema reads. */
export type CinemaSettings = {
  PAYMENT_URL: string;
  PAYMENT_SANDBOX_PORT: number;
  PAYMENT_TIMEOUT_MS: number;
  PAYMENT_ANSWER_MS: number;
  MAX_PAYMENTS: number;
  HOLD_SECONDS: number;
  MESSAGE_SMTP_URL: string;
  MESSAGE_FROM: string;
  MESSAGE_TO: string;
};

const paymentsOf = (settings: CinemaSettings) =>
  connectPayments({
    url: settings.PAYMENT_URL || `http://127.0.0.1:${settings.PAYMENT_SANDBOX_PORT}`,
    timeoutMs: settings.PAYMENT_TIMEOUT_MS,
  });

/** What the cinema's commands need beside the event store: the payment provider. */
export const cinemaWriteSide = (
  settings: CinemaSettings,
  { registry }: Pick<Telemetry, 'registry'>,
): Pick<WriteSideOptions, 'around' | 'checks'> => {
  const payments = paymentsOf(settings);
  paymentMetrics(registry, payments.circuit);
  return {
    around: cinemaAround({
      payments,
      answerWithinMs: settings.PAYMENT_ANSWER_MS,
      maxPayments: settings.MAX_PAYMENTS,
    }),
    // A provider that is away keeps nothing but payments from working.
    checks: { payments: async () => ({ ok: true, detail: `circuit ${payments.circuit()}` }) },
  };
};

/** The cinema's process managers, with all that they reach outside for. */
export const openCinemaProcesses = (settings: CinemaSettings): Processes => {
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
};
