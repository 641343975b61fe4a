import { paymentServices } from '../payments/services.ts';
import { paymentRecords, payments } from './policies.ts';
import { cinemaSteps } from './steps.ts';

export const services = paymentServices(cinemaSteps, payments, paymentRecords);
