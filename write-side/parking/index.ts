import { schema } from '../../schemas/parking.ts';
import type { WriteSideContext } from '../context.ts';
import { coupon } from './coupon.ts';
import { parkingLot } from './parking-lot.ts';
import { policies, timers } from './policies.ts';
import { steps } from './steps.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [parkingLot, coupon],
  policies,
  timers,
  steps,
  demo: async () => (await import('./demo.ts')).demo,
};
