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

export const showings = projection<Showing>()({
  context: cinema,
  name: 'cinema.showings',
  version: 2,
  key: ({ showingId }) => showingId,
  on: {
    ShowingOpened: (_showing, { showingId, movieId, title, startsAt, seats, price }) => ({
      showingId,
      movieId,
      title,
      startsAt,
      seats,
      price,
      status: 'open',
      held: 0,
      sold: 0,
      left: seats,
    }),
  },
  onExisting: {
    ShowingCanceled: (showing) => ({ ...showing, status: 'canceled' }),
    SeatHeld: (showing) => withSeats(showing, showing.held + 1, showing.sold),
    ReservationConfirmed: (showing) => withSeats(showing, showing.held - 1, showing.sold + 1),
    SeatReleased: (showing) => withSeats(showing, showing.held - 1, showing.sold),
    SeatReservationCanceled: (showing) => withSeats(showing, showing.held, showing.sold - 1),
  },
  missing: 'a showing that was never opened',
});
