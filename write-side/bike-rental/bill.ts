import { schema as bikeRental, defaults, type Tariff } from '../../schemas/bike-rental.ts';
import { MAX_MONEY } from '../../schemas/kernel/values.ts';
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

const MINUTE_MS = 60_000;

const DAY_MINUTES = 1_440;

/**
 * Returns the fee for the started minutes of a rental. Each started 24 hours cost at most `dailyMax`. A fee is at most
 * the most money of one amount.
 */
export const feeOf = ({ baseFee, perMinute, dailyMax = MAX_MONEY }: Tariff, minutes: number): number => {
  const fullDays = Math.floor((minutes - 1) / DAY_MINUTES);
  const lastMinutes = minutes - fullDays * DAY_MINUTES;
  const day = (first: number, ofDay: number) => Math.min(dailyMax, first + ofDay * perMinute);
  const fee =
    fullDays === 0
      ? day(baseFee, minutes)
      : day(baseFee, DAY_MINUTES) + (fullDays - 1) * day(0, DAY_MINUTES) + day(0, lastMinutes);
  return Math.min(MAX_MONEY, fee);
};

/** Counts the started minutes of a rental: at least one, also when a clock was set back before the return. */
export const startedMinutes = (rentedAt: string, returnedAt: string): number =>
  Math.max(1, Math.ceil((Date.parse(returnedAt) - Date.parse(rentedAt)) / MINUTE_MS));

/** Tells whether a command follows a rental that the bill's stream does not know yet. */
const isNewRental = ({ bikeRevision }: { bikeRevision: string }, state: State): boolean =>
  state.status === 'none' || (isLater(bikeRevision, state.bikeRevision) ?? false);
