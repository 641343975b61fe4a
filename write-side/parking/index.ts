import { schema, spots } from '../../schemas/parking.ts';
import type { WriteSideContext } from '../context.ts';
import { openPlaces } from '../kernel/open-things.ts';
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
  open: [
    ...openPlaces(spots),
    {
      view: 'parking.reservations',
      while: ['reserved', 'arrived'],
      cancel: { command: 'CancelReservation', fields: ['lotId', 'reservationId'] },
    },
  ],
  demo: async () => (await import('./demo.ts')).demo,
};
