import { mailChannel } from '../messages/channel.ts';
import { performMessages } from '../messages/perform.ts';
import { connectPayments } from '../payment/client.ts';
import { performPayments } from '../payment/perform.ts';
import { cinemaProcesses } from '../policies/cinema.ts';
import type { Processes } from '../policies/start.ts';
import { paymentMetrics } from '../telemetry/payments.ts';
import type { Telemetry } from '../telemetry/start.ts';
import { cinemaAround } from '../write-side/cinema/around.ts';
import type { WriteSideOptions } from '../write-side/start.ts';
import type { Settings } from './settings.ts';

const paymentsOf = (settings: Settings) =>
  connectPayments({
    url: settings.PAYMENT_URL || `http://127.0.0.1:${settings.PAYMENT_SANDBOX_PORT}`,
    timeoutMs: settings.PAYMENT_TIMEOUT_MS,
  });

/** What the cinema's commands need beside the event store: the payment provider. */
export const cinemaWriteSide = (
  settings: Settings,
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
export const openCinemaProcesses = (settings: Settings): Processes => {
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
