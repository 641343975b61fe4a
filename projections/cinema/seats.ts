import { schema as cinema, type StoredSeats, seatNamesOf } from '../../schemas/cinema.ts';
import { findSeat } from '../../schemas/cinema-seats.ts';
import { projection } from '../kernel/projection.ts';

const LETTERS = /^[A-Z]*/;

/** Returns the index of a row by its name: A, B … Z, AA … */
const rowIndex = (name: string): number =>
  [...name].reduce((index, letter) => (index + 1) * 26 + letter.charCodeAt(0) - 65, -1);

const withSeat = (seats: StoredSeats, name: string, state: 'o' | 'h' | 's'): StoredSeats => {
  const { rows, hasMap } = seats;
  const at = hasMap ? rowIndex(LETTERS.exec(name)![0]) : 0;
  const seat = findSeat(name, hasMap ? rows : undefined, rows[0]!.length);
  if (!seat) throw new Error(`There is no seat ${name}`);
  const row = rows[at]!;
  return { ...seats, rows: rows.with(at, row.slice(0, seat.column - 1) + state + row.slice(seat.column)) };
};

const changed = (seats: StoredSeats, of: { seat?: number; seats?: string[] }, state: 'o' | 'h' | 's'): StoredSeats =>
  seatNamesOf(of).reduce((changing, name) => withSeat(changing, name, state), seats);

/** The seats of each showing that are taken by name. A reservation or a hold without named seats takes none. */
export const seats = projection<StoredSeats>()({
  context: cinema,
  name: 'cinema.seats',
  version: 1,
  key: ({ showingId }) => showingId,
  on: {
    ShowingOpened: (_seats, { showingId, seats, hallMap }) => ({
      showingId,
      status: 'open',
      rows: hallMap ?? ['o'.repeat(seats)],
      hasMap: hallMap !== undefined,
    }),
  },
  onExisting: {
    ShowingCanceled: (seats) => ({ ...seats, status: 'canceled' }),
    ShowingPlaceHeld: (seats, data) => changed(seats, data, 'h'),
    ShowingPlaceHoldExpired: (seats, data) => changed(seats, data, 'o'),
    ShowingPlaceHoldReleased: (seats, data) => changed(seats, data, 'o'),
    SeatHeld: (seats, data) => changed(seats, data, 'h'),
    ReservationConfirmed: (seats, data) => changed(seats, data, 's'),
    SeatReleased: (seats, data) => changed(seats, data, 'o'),
    SeatReservationCanceled: (seats, data) => changed(seats, data, 'o'),
  },
  missing: 'a showing that was never opened',
});
