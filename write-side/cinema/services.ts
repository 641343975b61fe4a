import { performPayments } from '../payments/perform.ts';
import type { Services } from '../services.ts';
import { cinemaProcesses, paymentRecords } from './policies.ts';
import { cinemaSteps } from './steps.ts';

/** The settings that the cinema reads. */
export type CinemaSettings = {
  PAYMENT_ANSWER_MS: number;
  MAX_PAYMENTS: number;
  HOLD_SECONDS: number;
};

/** The payment provider. */
export const services: Services<CinemaSettings> = {
  takesPayments: true,
  commands: (settings, { payments }) =>
    cinemaSteps({
      payments: payments(),
      answerWithinMs: settings.PAYMENT_ANSWER_MS,
      maxPayments: settings.MAX_PAYMENTS,
    }),
  processes(settings, { payments }) {
    return {
      managers: cinemaProcesses(settings.HOLD_SECONDS * 1_000),
      perform: {
        'cinema.payments': performPayments(payments(), paymentRecords),
      },
      close() {},
    };
  },
};
