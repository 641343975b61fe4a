import type { Static } from 'typebox';
import { schema as cinema, type queries } from '../../schemas/cinema.ts';
import { projection } from '../kernel/projection.ts';

type Showing = Static<typeof queries.showing.item>;

const withSeats = (showing: Showing, held: number, sold: number): Showing => ({
  ...showing,
  held,
  sold,
  left: showing.seats - held - sold,
});

export const showings = projection({
  context: cinema,
  name: 'cinema.showings',
  version: 2,
  events: [
    'ShowingOpened',
    'ShowingCanceled',
    'SeatHeld',
    'ReservationConfirmed',
    'SeatReleased',
    'SeatReservationCanceled',
  ],
  key: (event) => event.data.showingId,
  evolve: (showing: Showing | null, event): Showing => {
    if (event.type === 'ShowingOpened') {
      const { showingId, movieId, title, startsAt, seats, price } = event.data;
      return { showingId, movieId, title, startsAt, seats, price, status: 'open', held: 0, sold: 0, left: seats };
    }
    if (!showing) throw new Error(`${event.type} for a showing that was never opened`);
    const { held, sold } = showing;
    switch (event.type) {
      case 'ShowingCanceled':
        return { ...showing, status: 'canceled' };
      case 'SeatHeld':
        return withSeats(showing, held + 1, sold);
      case 'ReservationConfirmed':
        return withSeats(showing, held - 1, sold + 1);
      case 'SeatReleased':
        return withSeats(showing, held - 1, sold);
      case 'SeatReservationCanceled':
        return withSeats(showing, held, sold - 1);
      default:
        return event satisfies never;
    }
  },
  indexes: [
    { movieId: 1, _id: 1 },
    { movieId: 1, startsAt: 1, _id: 1 },
  ],
});
