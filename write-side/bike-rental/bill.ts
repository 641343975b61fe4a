import { schema as bikeRental, defaults, type Tariff } from '../../schemas/bike-rental.ts';
import { feeOf, startedMinutes } from '../../schemas/bike-rental-fee.ts';
import { decider } from '../kernel/decider.ts';
import { isLater } from '../kernel/handled-events.ts';

type State =
  | { status: 'none' }
  /** The revision is of the bike's event that the bill follows; bills of event version 1 have none. */
  | { status: 'closed'; bikeRevision: string | undefined }
  | { status: 'open'; bikeRevision: string | undefined; tariff: Tariff };

const initialState = { status: 'none' } as State;

/** A rental's bill, at the tariff of the rental's start. A rental id that is used again opens a bill again. */
export const bill = decider(bikeRental, {
  stream: 'bill-{bikeId}.{rentalId}',
  initialState,

  evolve: {
    BillOpened: (_state, { tariff, bikeRevision }) => ({ status: 'open', tariff, bikeRevision }),
    BillClosed: (_state, { bikeRevision }) => ({ status: 'closed', bikeRevision }),
  },

  commands: {
    OpenBill: {
      decide: ({ tariff = defaults.tariff, ...rental }, state) =>
        isNewRental(rental, state) ? [{ type: 'BillOpened', data: { ...rental, tariff } }] : [],
    },

    CloseBill: {
      decide: ({ returnedAt, tariff: agreed = defaults.tariff, ...rental }, state) => {
        const isOfThisBill =
          state.status === 'open'
            ? (isLater(rental.bikeRevision, state.bikeRevision) ?? true)
            : isNewRental(rental, state);
        if (!isOfThisBill) return [];
        const tariff = state.status === 'open' ? state.tariff : agreed;
        const minutes = startedMinutes(rental.rentedAt, returnedAt);
        const fee = feeOf(tariff, minutes);
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

/** Tells whether a command follows a rental that the bill's stream does not know yet. */
const isNewRental = ({ bikeRevision }: { bikeRevision: string }, state: State): boolean =>
  state.status === 'none' || (isLater(bikeRevision, state.bikeRevision) ?? false);
