import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { type Decider, type Decision, unreachable } from '../kernel/decider.ts';

type Event = Extract<BikeRentalEvent, { type: 'BillOpened' | 'BillClosed' }>;
type Command = Extract<BikeRentalCommand, { type: 'OpenBill' | 'CloseBill' }>;

type Tariff = { baseFee: number; perMinute: number };

type State = { status: 'none' | 'closed' } | { status: 'open'; tariff: Tariff };

/** What a rental costs that begins now. A bill keeps the tariff that it was opened with. */
export const TARIFF: Tariff = { baseFee: 1_000, perMinute: 100 };

const MINUTE_MS = 60_000;

/** @returns started minutes, at least one: who rents has started the first */
export const startedMinutes = (rentedAt: string, returnedAt: string): number =>
  Math.max(1, Math.ceil((Date.parse(returnedAt) - Date.parse(rentedAt)) / MINUTE_MS));

const evolve = (_state: State, event: Event): State => {
  switch (event.type) {
    case 'BillOpened':
      return { status: 'open', tariff: event.data.tariff };
    case 'BillClosed':
      return { status: 'closed' };
    default:
      return unreachable(event);
  }
};

const decide = (command: Command, state: State): Decision<Event> => {
  switch (command.type) {
    case 'OpenBill':
      return state.status === 'none' ? [{ type: 'BillOpened', data: { ...command.data, tariff: TARIFF } }] : [];

    case 'CloseBill': {
      if (state.status === 'closed') return [];
      const { returnedAt, ...rental } = command.data;
      const tariff = state.status === 'open' ? state.tariff : TARIFF;
      const minutes = startedMinutes(rental.rentedAt, returnedAt);
      const fee = tariff.baseFee + minutes * tariff.perMinute;
      const closed: Event = { type: 'BillClosed', data: { ...rental, tariff, returnedAt, minutes, fee } };
      // The return tells all that the rental told: a bill that was never opened is opened on the way.
      return state.status === 'open' ? [closed] : [{ type: 'BillOpened', data: { ...rental, tariff } }, closed];
    }

    default:
      return unreachable(command);
  }
};

/** A rental's bill: `bill-{bikeId}.{rentalId}`. */
export const bill: Decider<Command, Event, State> = {
  category: 'bill',
  commands: ['OpenBill', 'CloseBill'],
  id: ({ bikeId, rentalId }) => `${bikeId}.${rentalId}`,
  initialState: { status: 'none' },
  evolve,
  decide,
  answer: ({ data }) => data,
  snapshot: { version: 1, save: (state) => state, restore: (saved: State) => saved },
};
