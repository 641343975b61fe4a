import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { decider } from '../kernel/decider.ts';
import { isLater } from '../kernel/handled-events.ts';

type State =
  | { status: 'none' }
  /** The revision is of the bike's event that the bill follows; bills of event version 1 have none. */
  | { status: 'closed'; bikeRevision: string | undefined }
  | { status: 'open'; bikeRevision: string | undefined; tariff: { baseFee: number; perMinute: number } };

const initialState = { status: 'none' } as State;

/** The tariff of rentals that begin now. A bill keeps the tariff that it was opened with. */
export const TARIFF = { baseFee: 1_000, perMinute: 100 };

/** A rental's bill. A rental id that is used again opens a bill again. */
export const bill = decider(bikeRental, {
  stream: 'bill-{bikeId}.{rentalId}',
  initialState,

  evolve: {
    BillOpened: (_state, { tariff, bikeRevision }) => ({ status: 'open', tariff, bikeRevision }),
    BillClosed: (_state, { bikeRevision }) => ({ status: 'closed', bikeRevision }),
  },

  commands: {
    OpenBill: {
      decide: (data, state) =>
        isNewRental(data, state) ? [{ type: 'BillOpened', data: { ...data, tariff: TARIFF } }] : [],
    },

    CloseBill: {
      decide: ({ returnedAt, ...rental }, state) => {
        const isOfThisBill =
          state.status === 'open'
            ? (isLater(rental.bikeRevision, state.bikeRevision) ?? true)
            : isNewRental(rental, state);
        if (!isOfThisBill) return [];
        const tariff = state.status === 'open' ? state.tariff : TARIFF;
        const minutes = startedMinutes(rental.rentedAt, returnedAt);
        const fee = tariff.baseFee + minutes * tariff.perMinute;
        const closed = { type: 'BillClosed' as const, data: { ...rental, tariff, returnedAt, minutes, fee } };
        // The return carries all the data of the rental: a bill that was never opened is opened with it.
        return state.status === 'open'
          ? [closed]
          : [{ type: 'BillOpened' as const, data: { ...rental, tariff } }, closed];
      },
    },
  },

  snapshotVersion: 3,
});

const MINUTE_MS = 60_000;

/** Counts the started minutes of a rental: at least one. */
export const startedMinutes = (rentedAt: string, returnedAt: string): number =>
  Math.max(1, Math.ceil((Date.parse(returnedAt) - Date.parse(rentedAt)) / MINUTE_MS));

/** Tells whether a command follows a rental that the bill's stream does not know yet. */
const isNewRental = ({ bikeRevision }: { bikeRevision: string }, state: State): boolean =>
  state.status === 'none' || (isLater(bikeRevision, state.bikeRevision) ?? false);
