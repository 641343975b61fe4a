import { placesOf } from '../../schemas/cinema.ts';

/** The numbers of a showing's seats: paid or in payment, held or offered, and left. */
type Counts = {
  status: 'open' | 'canceled';
  seats: number;
  held: number;
  sold: number;
  onHold: number;
  waiting: number;
  left: number;
};

/** Returns a showing with the seats that are left: none when it is cancelled. */
const withLeft = <Showing extends Counts>(showing: Showing): Showing => ({
  ...showing,
  left: showing.status === 'open' ? showing.seats - showing.held - showing.sold - showing.onHold : 0,
});

export const newCounts = (seats: number) => ({
  status: 'open' as const,
  held: 0,
  sold: 0,
  onHold: 0,
  waiting: 0,
  left: seats,
});

type Changes = Partial<Record<'held' | 'sold' | 'onHold' | 'waiting', number>>;

const by = <Showing extends Counts>(showing: Showing, changes: Changes): Showing => {
  const { held = 0, sold = 0, onHold = 0, waiting = 0 } = changes;
  return withLeft({
    ...showing,
    held: showing.held + held,
    sold: showing.sold + sold,
    onHold: showing.onHold + onHold,
    waiting: showing.waiting + waiting,
  });
};

type Seats = { seats?: string[] };
type Kept = { holdId?: string; entryId?: string };
type Places = { places: number };

const freeing = <Showing extends Counts>(showing: Showing, { places }: Places): Showing =>
  by(showing, { onHold: -places });

/** The counts of a showing after each event that changes them. */
export const counts = {
  ShowingCanceled: <Showing extends Counts>(showing: Showing): Showing => withLeft({ ...showing, status: 'canceled' }),
  SeatHeld: <Showing extends Counts>(showing: Showing, data: Seats & Kept): Showing => {
    const isKept = data.holdId !== undefined || data.entryId !== undefined;
    return by(showing, { held: placesOf(data), onHold: isKept ? -placesOf(data) : 0 });
  },
  ReservationConfirmed: <Showing extends Counts>(showing: Showing, data: Seats): Showing =>
    by(showing, { held: -placesOf(data), sold: placesOf(data) }),
  SeatReleased: <Showing extends Counts>(showing: Showing, data: Seats): Showing =>
    by(showing, { held: -placesOf(data) }),
  SeatReservationCanceled: <Showing extends Counts>(showing: Showing, data: Seats): Showing =>
    by(showing, { sold: -placesOf(data) }),
  ShowingPlaceHeld: <Showing extends Counts>(showing: Showing, { places }: Places): Showing =>
    by(showing, { onHold: places }),
  ShowingPlaceHoldExpired: freeing,
  ShowingPlaceHoldReleased: freeing,
  ShowingPlaceWaitingListJoined: <Showing extends Counts>(showing: Showing): Showing => by(showing, { waiting: 1 }),
  ShowingPlaceWaitingListLeft: <Showing extends Counts>(showing: Showing): Showing => by(showing, { waiting: -1 }),
  ShowingPlaceOffered: <Showing extends Counts>(showing: Showing, { places }: Places): Showing =>
    by(showing, { onHold: places, waiting: -1 }),
  ShowingPlaceOfferExpired: freeing,
  ShowingPlaceOfferDeclined: freeing,
};
