import type { Static } from 'typebox';
import { type CinemaEvent, placesOf, type queries } from '../../schemas/cinema.ts';
import { type PlaceChanges, takenOfHold } from '../kernel/place-counts.ts';

/** The numbers of a showing's seats: paid or in payment, held or offered, and left. */
type Counts = Pick<
  Static<typeof queries.showing.item>,
  'status' | 'seats' | 'held' | 'sold' | 'onHold' | 'waiting' | 'left'
>;

/** Returns a showing with the seats that are left: none when it is cancelled. */
const withLeft = <Showing extends Counts>(showing: Showing): Showing => ({
  ...showing,
  left: showing.status === 'open' ? showing.seats - showing.held - showing.sold - showing.onHold : 0,
});

type Opened = Extract<CinemaEvent, { type: 'ShowingOpened' }>['data'];

/** Returns a showing as it is opened, with its counts. */
export const opened = ({
  hallMap: _map,
  runningTime: _time,
  cleaning: _cleaning,
  slot: _slot,
  ...showing
}: Opened) => ({
  ...showing,
  status: 'open' as const,
  held: 0,
  sold: 0,
  onHold: 0,
  waiting: 0,
  left: showing.seats,
});

/** Changes the counts of a showing. */
export const add = <Showing extends Counts>(showing: Showing, changes: Changes): Showing => {
  const { held = 0, sold = 0, onHold = 0, waiting = 0 } = changes;
  return withLeft({
    ...showing,
    held: showing.held + held,
    sold: showing.sold + sold,
    onHold: showing.onHold + onHold,
    waiting: showing.waiting + waiting,
  });
};
type Changes = PlaceChanges & { held?: number; sold?: number };

type Seats = { seats?: string[] };

/** The counts of a showing after each event of it, but those of holds and the waiting list. */
export const counts = {
  ShowingCanceled: <Showing extends Counts>(showing: Showing): Showing => withLeft({ ...showing, status: 'canceled' }),
  SeatHeld: <Showing extends Counts>(showing: Showing, data: Seats & { holdId?: string; entryId?: string }): Showing =>
    add(showing, { held: placesOf(data), onHold: -takenOfHold(data, placesOf(data)) }),
  ReservationConfirmed: <Showing extends Counts>(showing: Showing, data: Seats): Showing =>
    add(showing, { held: -placesOf(data), sold: placesOf(data) }),
  SeatReleased: <Showing extends Counts>(showing: Showing, data: Seats): Showing =>
    add(showing, { held: -placesOf(data) }),
  SeatReservationCanceled: <Showing extends Counts>(showing: Showing, data: Seats): Showing =>
    add(showing, { sold: -placesOf(data) }),
};
