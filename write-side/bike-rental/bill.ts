import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { type Decider, type Decision, unreachable } from '../kernel/decider.ts';
import { isLater } from '../kernel/handled-events.ts';

type Event = Extract<BikeRentalEvent, { type: 'BillOpened' | 'BillClosed' }>;
type Command = Extract<BikeRentalCommand, { type: 'OpenBill' | 'CloseBill' }>;

type Tariff = { baseFee: number; perMinute: number };

type State =
  | { status: 'none' }
  /** Of the event of the bike that the bill follows; not known of bills of event version 1. */
  | { status: 'closed'; bikeRevision: string | undefined }
  | { status: 'open'; bikeRevision: string | undefined; tariff: Tariff };

/** The tariff of rentals that begin now. A bill keeps the tariff that it was opened with. */
export const TARIFF: Tariff = { baseFee: 1_000, perMinute: 100 };

const MINUTE_MS = 60_000;

/** Counts the started minutes of a rental: at least one. */
export const startedMinutes = (rentedAt: string, returnedAt: string): number =>
  Math.max(1, Math.ceil((Date.parse(returnedAt) - Date.parse(rentedAt)) / MINUTE_MS));

const evolve = (_state: State, event: Event): State => {
  switch (event.type) {
    case 'BillOpened':
      return { status: 'open', tariff: event.data.tariff, bikeRevision: event.data.bikeRevision };
    case 'BillClosed':
      return { status: 'closed', bikeRevision: event.data.bikeRevision };
    default:
      return unreachable(event);
  }
};

/** Tells whether a command follows a rental that the bill's stream does not know yet. */
const isNewRental = ({ data }: Command, state: State): boolean =>
  state.status === 'none' || (isLater(data.bikeRevision, state.bikeRevision) ?? false);

const decide = (command: Command, state: State): Decision<Event> => {
  switch (command.type) {
    case 'OpenBill':
      return isNewRental(command, state) ? [{ type: 'BillOpened', data: { ...command.data, tariff: TARIFF } }] : [];

    case 'CloseBill': {
      const { returnedAt, ...rental } = command.data;
      const isOfThisBill =
        state.status === 'open'
          ? (isLater(rental.bikeRevision, state.bikeRevision) ?? true)
          : isNewRental(command, state);
      if (!isOfThisBill) return [];
      const tariff = state.status === 'open' ? state.tariff : TARIFF;
      const minutes = startedMinutes(rental.rentedAt, returnedAt);
      const fee = tariff.baseFee + minutes * tariff.perMinute;
      const closed: Event = { type: 'BillClosed', data: { ...rental, tariff, returnedAt, minutes, fee } };
      // The return carries all the data of the rental: a bill that was never opened is opened with it.
      return state.status === 'open' ? [closed] : [{ type: 'BillOpened', data: { ...rental, tariff } }, closed];
    }

    default:
      return unreachable(command);
  }
};

/** A rental's bill: `bill-{bikeId}.{rentalId}`. An id that is used again opens a bill again. */
export const bill: Decider<Command, Event, State> = {
  category: 'bill',
  commands: ['OpenBill', 'CloseBill'],
  id: ({ bikeId, rentalId }) => `${bikeId}.${rentalId}`,
  initialState: { status: 'none' },
  evolve,
  decide,
  answer: ({ data }) => data,
  snapshot: { version: 2, save: (state) => state, restore: (saved: State) => saved },
};
