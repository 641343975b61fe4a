import { performPayments } from '../payments/perform.ts';
import type { Services } from '../services.ts';
import { chargeRecords, charges } from './policies.ts';
import { bikeRentalSteps } from './steps.ts';

/** The settings that bike rental reads. */
export type BikeRentalSettings = {
  PAYMENT_ANSWER_MS: number;
  MAX_PAYMENTS: number;
  HOLD_SECONDS: number;
};

/** The payment provider. */
export const services: Services<BikeRentalSettings> = {
  takesPayments: true,
  commands: (settings, { payments }) =>
    bikeRentalSteps({
      payments: payments(),
      answerWithinMs: settings.PAYMENT_ANSWER_MS,
      maxPayments: settings.MAX_PAYMENTS,
    }),
  processes: (settings, { payments }) => ({
    managers: [charges(settings.HOLD_SECONDS * 1_000)],
    perform: { 'bike-rental.charges': performPayments(payments(), chargeRecords) },
    close: () => {},
  }),
};
