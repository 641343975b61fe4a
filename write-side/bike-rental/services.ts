import { paymentServices } from '../payments/services.ts';
import { chargeRecords, charges } from './policies.ts';
import { bikeRentalSteps } from './steps.ts';

export const services = paymentServices(bikeRentalSteps, charges, chargeRecords);
