import { schema, slotPlaces } from '../../schemas/screening.ts';
import type { WriteSideContext } from '../context.ts';
import { openPlaces } from '../kernel/open-things.ts';
import { hospital } from './hospital.ts';
import { policies, timers } from './policies.ts';
import { screeningSlot } from './screening-slot.ts';
import { steps } from './steps.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [screeningSlot, hospital],
  policies,
  timers,
  steps,
  open: [
    ...openPlaces(slotPlaces),
    {
      view: 'screening.bookings',
      while: ['booked'],
      cancel: { command: 'CancelBooking', fields: ['slotId', 'bookingId'] },
    },
  ],
  services: async () => (await import('./services.ts')).services,
  demo: async () => (await import('./demo.ts')).demo,
};
