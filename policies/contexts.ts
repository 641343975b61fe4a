import { bikeRentalPolicies } from './bike-rental.ts';
import { cinemaPolicies } from './cinema.ts';
import { foodCourtPolicies } from './food-court.ts';
import type { Policy } from './kernel/policy.ts';
import { parkingPolicies } from './parking.ts';
import { screeningPolicies } from './screening.ts';

/** The policies of every context. */
export const policiesOf: Readonly<Record<string, readonly Policy[]>> = {
  parking: parkingPolicies,
  screening: screeningPolicies,
  'food-court': foodCourtPolicies,
  cinema: cinemaPolicies,
  'bike-rental': bikeRentalPolicies,
};
