import type { StepsByCommand } from '../kernel/command-steps.ts';
import type { ProcessManager } from '../policies/process.ts';
import type { Services } from '../services.ts';
import type { PayingOptions } from './payments.ts';
import { type PaymentRecords, performPayments } from './perform.ts';

/** The settings of a context that takes payments. */
export type PaymentSettings = {
  PAYMENT_ANSWER_MS: number;
  MAX_PAYMENTS: number;
  HOLD_SECONDS: number;
};

/**
 * Returns the services of a context whose commands take payments: the payment provider.
 * @param steps returns the steps of its commands
 * @param manager returns the process manager that settles and undoes payments
 * @param records how its payments are recorded
 */
export const paymentServices = <Payment extends object>(
  steps: (options: PayingOptions) => StepsByCommand,
  manager: (holdMs: number) => ProcessManager,
  records: PaymentRecords<Payment>,
): Services<PaymentSettings> => ({
  takesPayments: true,
  commands: (settings, { payments }) =>
    steps({
      payments: payments(),
      answerWithinMs: settings.PAYMENT_ANSWER_MS,
      maxPayments: settings.MAX_PAYMENTS,
    }),
  processes: (settings, { payments }) => ({
    managers: [{ ...manager(settings.HOLD_SECONDS * 1_000), perform: performPayments(payments(), records) }],
  }),
});
