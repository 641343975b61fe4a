/**
 * The rules of a parking lot, and its two requests, the way Emmett's documentation has them: read, decide, append,
 * retry.
 */
import { CommandHandler, IllegalStateError } from '@event-driven-io/emmett';
import type { EventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import { type Lot, type Reservation, validate } from './shared.ts';

export type LotRegistered = { type: 'LotRegistered'; data: Lot };
export type ParkingReserved = { type: 'ParkingReserved'; data: Reservation };
export type LotEvent = LotRegistered | ParkingReserved;
type State = { spots: number; open: Set<string>; cars: Set<string> };

const initialState = (): State => ({ spots: -1, open: new Set(), cars: new Set() });

const evolve = (state: State, { type, data }: LotEvent): State => {
  if (type === 'LotRegistered') return { ...state, spots: data.spots };
  state.open.add(data.reservationId);
  state.cars.add(data.carNumber);
  return state;
};

const register = (data: Lot, state: State): LotRegistered => {
  if (state.spots >= 0) throw new IllegalStateError('The lot is registered');
  return { type: 'LotRegistered', data };
};

const reserve = (data: Reservation, state: State): ParkingReserved => {
  if (state.spots < 0) throw new IllegalStateError('There is no such lot');
  if (state.open.has(data.reservationId)) throw new IllegalStateError('The reservation exists');
  if (state.cars.has(data.carNumber)) throw new IllegalStateError('The car has a spot');
  if (state.open.size >= state.spots) throw new IllegalStateError('The lot is full');
  return { type: 'ParkingReserved', data };
};

const handle = CommandHandler<State, LotEvent>({ evolve, initialState, retry: { onVersionConflict: true } });

/** Returns the handlers of the two requests; each answers with the revision of the stream. */
export const lotRequests = (eventStore: EventStoreDBEventStore) => ({
  async register(data: Lot): Promise<bigint> {
    validate.lot(data);
    const result = await handle(eventStore, `parkingLot-${data.lotId}`, (state) => register(data, state));
    return result.nextExpectedStreamVersion;
  },
  async reserve(data: Reservation): Promise<bigint> {
    validate.reservation(data);
    const result = await handle(eventStore, `parkingLot-${data.lotId}`, (state) => reserve(data, state));
    return result.nextExpectedStreamVersion;
  },
});
