import { bikeRentalPolicies } from '../bike-rental/policies.ts';
import { cinemaPolicies } from '../cinema/policies.ts';
import { foodCourtPolicies } from '../food-court/policies.ts';
import { parkingPolicies } from '../parking/policies.ts';
import { screeningPolicies } from '../screening/policies.ts';
import type { Policy } from './policy.ts';

/** The policies of every context. */
export const policiesOf: Readonly<Record<string, readonly Policy[]>> = {
  parking: parkingPolicies,
  screening: screeningPolicies,
  'food-court': foodCourtPolicies,
  cinema: cinemaPolicies,
  'bike-rental': bikeRentalPolicies,
};
