import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/parking.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { parkingLot } from './parking-lot.ts';

const { given } = specification(parkingLot);

type Command = Parameters<typeof parkingLot.decide>[0];
type Event = Parameters<typeof parkingLot.evolve>[1];

const lotId = 'lot-1';
const register = (spots = 5): Command => ({ type: 'RegisterLot', data: { lotId, name: '정자역 주차장', spots } });
const reserve = (reservationId: string, carNumber: string): Command => ({
  type: 'ReserveParking',
  data: { lotId, reservationId, customerId: 'CUST1', carNumber, amount: 5000 },
});
const cancel = (reservationId: string, reason?: string): Command => ({
  type: 'CancelReservation',
  data: { lotId, reservationId, ...(reason === undefined ? {} : { reason }) },
});
const changeSpots = (spots: number): Command => ({ type: 'ChangeSpots', data: { lotId, spots } });
const close: Command = { type: 'CloseLot', data: { lotId } };
const cancelRemaining: Command = { type: 'CancelRemainingReservations', data: { lotId } };

const registered = (spots = 5): Event => ({ type: 'LotRegistered', data: { lotId, name: '정자역 주차장', spots } });
const spotsChanged = (spots: number): Event => ({ type: 'LotSpotsChanged', data: { lotId, spots } });
const reserved = (reservationId: string, carNumber: string): Event => ({
  type: 'ParkingReserved',
  data: { lotId, reservationId, customerId: 'CUST1', carNumber, amount: 5000 },
});
const canceled = (reservationId: string, reason?: string): Event => ({
  type: 'ReservationCanceled',
  data: { lotId, reservationId, customerId: 'CUST1', ...(reason === undefined ? {} : { reason }) },
});
const closed = (remaining = 0): Event => ({ type: 'LotClosed', data: { lotId, remaining } });

describe('RegisterLot', () => {
  it('opens a lot', () => given().when(register(5)).thenEvents(registered(5)));
  it('opens a lot without spots', () => given().when(register(0)).thenEvents(registered(0)));
  it('takes an unused id only', () => given(registered()).when(register()).thenRefused('lot-already-registered'));
  it('refuses the id of a closed lot', () =>
    given(registered(), closed()).when(register()).thenRefused('lot-already-registered'));
});

describe('ChangeSpots', () => {
  it('changes their number', () => given(registered(5)).when(changeSpots(7)).thenEvents(spotsChanged(7)));
  it('accepts as few spots as are reserved', () =>
    given(registered(5), reserved('r-1', 'A')).when(changeSpots(1)).thenEvents(spotsChanged(1)));
  it('refuses fewer spots than are reserved', () =>
    given(registered(5), reserved('r-1', 'A')).when(changeSpots(0)).thenRefused('spots-below-reserved'));
  it('changes nothing when the number is the same', () => given(registered(5)).when(changeSpots(5)).thenNothing());
  it('needs a lot', () => given().when(changeSpots(5)).thenRefused('lot-not-found'));
  it('needs an open lot', () => given(registered(), closed()).when(changeSpots(7)).thenRefused('lot-closed'));
});

describe('ReserveParking', () => {
  it('takes a spot', () =>
    given(registered(5)).when(reserve('r-1', '10더8612')).thenEvents(reserved('r-1', '10더8612')));
  it('takes the last spot', () =>
    given(registered(2), reserved('r-1', 'A')).when(reserve('r-2', 'B')).thenEvents(reserved('r-2', 'B')));
  it('needs a free spot', () =>
    given(registered(1), reserved('r-1', 'A')).when(reserve('r-2', 'B')).thenRefused('lot-full'));
  it('finds none in a lot without spots', () => given(registered(0)).when(reserve('r-1', 'A')).thenRefused('lot-full'));
  it('takes a spot that became free', () =>
    given(registered(1), reserved('r-1', 'A'), canceled('r-1'))
      .when(reserve('r-2', 'B'))
      .thenEvents(reserved('r-2', 'B')));
  it('takes a spot that was added', () =>
    given(registered(0), spotsChanged(1)).when(reserve('r-1', 'A')).thenEvents(reserved('r-1', 'A')));
  it('gives a car one spot', () =>
    given(registered(5), reserved('r-1', 'A')).when(reserve('r-2', 'A')).thenRefused('car-already-reserved'));
  it.each(['10 더 8612', ' 10더8612', '10더8612'.normalize('NFD'), '１０더8612', '10더8612\u200b'])(
    'takes %j for the car 10더8612, and keeps it as it was given',
    (spelling) => {
      given(registered(5), reserved('r-1', '10더8612'))
        .when(reserve('r-2', spelling))
        .thenRefused('car-already-reserved');
      given(registered(5)).when(reserve('r-1', spelling)).thenEvents(reserved('r-1', spelling));
    },
  );
  it('knows a car that an old lot took twice until both reservations end', () => {
    const twice = [registered(5), reserved('r-1', '10더8612'), reserved('r-2', '10 더 8612')];
    given(...twice, canceled('r-1'))
      .when(reserve('r-3', '10더8612'))
      .thenRefused('car-already-reserved');
    given(...twice, canceled('r-1'), canceled('r-2'))
      .when(reserve('r-3', '10더8612'))
      .thenEvents(reserved('r-3', '10더8612'));
    const restored = parkingLot.snapshot.restore(parkingLot.snapshot.save(stateAfter(parkingLot, twice)) as never);
    expect([...restored.cars]).toEqual([['10더8612', 2]]);
  });
  it('gives a car another spot after the first', () =>
    given(registered(5), reserved('r-1', 'A'), canceled('r-1'))
      .when(reserve('r-2', 'A'))
      .thenEvents(reserved('r-2', 'A')));
  it('takes an id once', () =>
    given(registered(5), reserved('r-1', 'A')).when(reserve('r-1', 'B')).thenRefused('reservation-already-exists'));
  it('takes an id once, also after it was cancelled', () =>
    given(registered(5), reserved('r-1', 'A'), canceled('r-1'))
      .when(reserve('r-1', 'A'))
      .thenRefused('reservation-already-exists'));
  it('needs a lot', () => given().when(reserve('r-1', 'A')).thenRefused('lot-not-found'));
  it('needs an open lot', () => given(registered(), closed()).when(reserve('r-1', 'A')).thenRefused('lot-closed'));
});

describe('CancelReservation', () => {
  it('gives the spot back', () =>
    given(registered(), reserved('r-1', 'A')).when(cancel('r-1')).thenEvents(canceled('r-1')));
  it('keeps the reason', () =>
    given(registered(), reserved('r-1', 'A'))
      .when(cancel('r-1', 'changed plans'))
      .thenEvents(canceled('r-1', 'changed plans')));
  it('needs a reservation', () => given(registered()).when(cancel('r-1')).thenRefused('reservation-not-found'));
  it('is done once', () =>
    given(registered(), reserved('r-1', 'A'), canceled('r-1')).when(cancel('r-1')).thenRefused('already-canceled'));
  it('comes too late after the lot was closed', () =>
    given(registered(), reserved('r-1', 'A'), closed(), canceled('r-1', 'lot-closed'))
      .when(cancel('r-1'))
      .thenRefused('already-canceled'));
  it('needs a lot', () => given().when(cancel('r-1')).thenRefused('lot-not-found'));
});

describe('CloseLot', () => {
  it('closes an empty lot', () => given(registered()).when(close).thenEvents(closed()));
  it('cancels the open reservations', () =>
    given(registered(), reserved('r-1', 'A'), reserved('r-2', 'B'), canceled('r-1'))
      .when(close)
      .thenEvents(closed(), canceled('r-2', 'lot-closed')));
  it('is done once', () => given(registered(), closed()).when(close).thenRefused('lot-closed'));
  it('needs a lot', () => given().when(close).thenRefused('lot-not-found'));
});

describe('CancelRemainingReservations', () => {
  const many = CANCELLATIONS_PER_COMMAND + 1;
  const full = [registered(many), ...Array.from({ length: many }, (_, index) => reserved(`r-${index}`, `${index}`))];

  it('cancels the reservations that did not fit into the closing', () => {
    const closing = play(parkingLot, [close], stateAfter(parkingLot, full));
    expect(closing.events[0]).toEqual(closed(1));
    expect(closing.events).toHaveLength(1 + CANCELLATIONS_PER_COMMAND);

    const rest = play(parkingLot, [cancelRemaining, cancelRemaining], closing.state);
    expect(rest.events).toHaveLength(1);
    const ids = [...closing.events.slice(1), ...rest.events].map(
      ({ data }) => (data as { reservationId: string }).reservationId,
    );
    expect(new Set(ids).size).toBe(many);
  });
  it('does nothing in a lot without reservations', () =>
    given(registered(), closed()).when(cancelRemaining).thenNothing());
  it('does nothing in an open lot', () =>
    given(registered(), reserved('r-1', 'A')).when(cancelRemaining).thenNothing());
});

const id = (prefix: string, count: number) => fc.nat({ max: count - 1 }).map((n) => `${prefix}-${n}`);

const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map(register) },
  { weight: 1, arbitrary: fc.nat({ max: 4 }).map(changeSpots) },
  { weight: 6, arbitrary: fc.tuple(id('r', 12), id('car', 6)).map(([r, car]) => reserve(r, car)) },
  { weight: 4, arbitrary: id('r', 12).map((r) => cancel(r)) },
  { weight: 1, arbitrary: fc.constantFrom(close, cancelRemaining) },
);

/** A plain model of a lot: a list of the open reservations. */
const model = () => {
  let spots: number | undefined;
  let isClosed = false;
  const open: { reservationId: string; carNumber: string }[] = [];
  const used = new Set<string>();

  return {
    get spots() {
      return spots ?? 0;
    },
    open,
    takes(command: Command): boolean {
      if (command.type === 'RegisterLot') {
        if (spots !== undefined) return false;
        spots = command.data.spots;
        return true;
      }
      if (spots === undefined) return false;
      switch (command.type) {
        case 'ChangeSpots':
          if (isClosed || command.data.spots < open.length) return false;
          spots = command.data.spots;
          return true;
        case 'ReserveParking': {
          const { reservationId, carNumber } = command.data;
          const isFree = open.length < spots && open.every((each) => each.carNumber !== carNumber);
          if (isClosed || !isFree || used.has(reservationId)) return false;
          open.push({ reservationId, carNumber });
          used.add(reservationId);
          return true;
        }
        case 'CancelReservation': {
          const at = open.findIndex(({ reservationId }) => reservationId === command.data.reservationId);
          if (at < 0) return false;
          open.splice(at, 1);
          return true;
        }
        case 'CloseLot':
          if (isClosed) return false;
          isClosed = true;
          open.length = 0;
          return true;
        case 'CancelRemainingReservations':
          return true;
        default:
          return command satisfies never;
      }
    },
  };
};

describe('any sequence of commands', () => {
  it('keeps the rules of every decider', () => holdsForEveryDecider(parkingLot, anyCommand));

  it('accepts and refuses like a plain model, with never more cars than spots and no car twice', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { minLength: 1, maxLength: 60 }), (commands) => {
        const lot = model();
        let state = parkingLot.initialState;
        for (const command of commands) {
          const played = play(parkingLot, [command], state);
          expect(played.refusals[0] === undefined, JSON.stringify(command)).toBe(lot.takes(command));
          state = played.state;
          expect(state.open.size).toBeLessThanOrEqual(Math.max(lot.spots, 0));
          expect(state.cars.size).toBe(state.open.size);
          expect([...state.open.keys()].sort()).toEqual(lot.open.map(({ reservationId }) => reservationId).sort());
        }
      }),
      { numRuns: 300 },
    );
  });
});
