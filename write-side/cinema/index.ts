import { schema, showingPlaces } from '../../schemas/cinema.ts';
import type { WriteSideContext } from '../context.ts';
import { openPlaces } from '../kernel/open-things.ts';
import { hall } from './hall.ts';
import { movie } from './movie.ts';
import { payment } from './payment.ts';
import { policies, timers } from './policies.ts';
import { review } from './review.ts';
import { showing } from './showing.ts';

export const writeSide: WriteSideContext = {
  schema,
  deciders: [movie, hall, showing, payment, review],
  policies,
  timers,
  services: async () => (await import('./services.ts')).services,
  open: [
    ...openPlaces(showingPlaces),
    {
      view: 'cinema.reservations',
      while: ['held', 'confirmed'],
      until: { view: 'cinema.showings', by: 'showingId', field: 'startsAt' },
      cancel: { command: 'CancelSeat', fields: ['showingId', 'reservationId'] },
    },
  ],
  demo: async () => (await import('./demo.ts')).demo,
};
