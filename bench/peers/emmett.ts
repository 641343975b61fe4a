/** A parking lot on Emmett and Express, the way their documentation has it: read the stream, decide, append, retry. */
import { CommandHandler, IllegalStateError } from '@event-driven-io/emmett';
import { getEventStoreDBEventStore } from '@event-driven-io/emmett-esdb';
import eventstore from '@eventstore/db-client';
import { serve, validate } from './shared.ts';

type LotRegistered = { type: 'LotRegistered'; data: { lotId: string; name: string; spots: number } };
type ParkingReserved = {
  type: 'ParkingReserved';
  data: { lotId: string; reservationId: string; customerId: string; carNumber: string; amount: number };
};
type Event = LotRegistered | ParkingReserved;
type State = { spots: number; open: Set<string>; cars: Set<string> };

const initialState = (): State => ({ spots: -1, open: new Set(), cars: new Set() });

const evolve = (state: State, { type, data }: Event): State => {
  if (type === 'LotRegistered') return { ...state, spots: data.spots };
  state.open.add(data.reservationId);
  state.cars.add(data.carNumber);
  return state;
};

const register = (data: LotRegistered['data'], state: State): LotRegistered => {
  if (state.spots >= 0) throw new IllegalStateError('The lot is registered');
  return { type: 'LotRegistered', data };
};

const reserve = (data: ParkingReserved['data'], state: State): ParkingReserved => {
  if (state.spots < 0) throw new IllegalStateError('There is no such lot');
  if (state.open.has(data.reservationId)) throw new IllegalStateError('The reservation exists');
  if (state.cars.has(data.carNumber)) throw new IllegalStateError('The car has a spot');
  if (state.open.size >= state.spots) throw new IllegalStateError('The lot is full');
  return { type: 'ParkingReserved', data };
};

const eventStore = getEventStoreDBEventStore(
  eventstore.EventStoreDBClient.connectionString(process.env.EVENTSTORE_URL ?? ''),
);
const handle = CommandHandler<State, Event>({ evolve, initialState, retry: { onVersionConflict: true } });

serve({
  async register(data) {
    validate.lot(data);
    const result = await handle(eventStore, `parkingLot-${data.lotId}`, (state) => register(data, state));
    return result.nextExpectedStreamVersion;
  },
  async reserve(data) {
    validate.reservation(data);
    const result = await handle(eventStore, `parkingLot-${data.lotId}`, (state) => reserve(data, state));
    return result.nextExpectedStreamVersion;
  },
});
