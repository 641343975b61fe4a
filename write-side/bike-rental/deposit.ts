import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { decider, refuse } from '../kernel/decider.ts';
import {
  byRevision,
  byTime,
  type HandledEvent,
  type HandledEvents,
  handle,
  nothingHandled,
  wasHandled,
} from '../kernel/handled-events.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type Standing = { balance: number; outstanding: number };

type State = Standing & {
  /** The latest charges. */
  charges: PastIds<true>;
  /** The returns whose fees were deducted, and the conversions that were credited. */
  handled: HandledEvents;
};

/** Charges that a deposit remembers, at least. */
const REMEMBERED_CHARGES = 1_000;
/** The highest balance that a charge may lead to: sums stay exact far beyond it. */
const MOST = 1_000_000_000_000;

const initialState: State = {
  balance: 0,
  outstanding: 0,
  charges: noPastIds(REMEMBERED_CHARGES),
  handled: nothingHandled,
};

/** A user's deposit. */
export const deposit = decider(bikeRental, {
  stream: 'deposit-{userId}',
  initialState,

  evolve: {
    DepositCharged: (state, { balance, outstanding, chargeId }) => ({
      ...state,
      balance,
      outstanding,
      charges: remember(state.charges, chargeId, true),
    }),
    FeeDeducted: (state, data) => ({
      ...state,
      balance: data.balance,
      outstanding: data.outstanding,
      handled: handle(state.handled, returnOf(data)[0]!),
    }),
    DepositCredited: (state, data) => ({
      ...state,
      balance: data.balance,
      outstanding: data.outstanding,
      handled: handle(state.handled, conversionOf(data)[0]!),
    }),
  },

  commands: {
    ChargeDeposit: {
      decide: (data, state, { now }) => {
        if (recall(state.charges, data.chargeId)) return refuse('charge-already-exists');
        if (state.balance + data.amount > MOST) return refuse('deposit-full');
        return [{ type: 'DepositCharged', data: { ...data, chargedAt: now, ...add(state, data.amount) } }];
      },
      answer: (data, [event]) => {
        if (event?.type !== 'DepositCharged') return data;
        const { balance, outstanding } = event.data;
        return { ...data, balance, outstanding };
      },
    },

    DeductFee: {
      decide: (data, state) =>
        wasHandled(state.handled, returnOf(data))
          ? []
          : [{ type: 'FeeDeducted', data: { ...data, ...deduct(state, data.fee) } }],
    },

    CreditDeposit: {
      decide: (data, state) =>
        wasHandled(state.handled, conversionOf(data))
          ? []
          : [{ type: 'DepositCredited', data: { ...data, ...add(state, data.amount) } }],
    },
  },

  snapshotVersion: 4,
});

/** Settles what is outstanding before the balance grows. */
const add = ({ balance, outstanding }: Standing, amount: number): Standing & { settled: number } => {
  const settled = Math.min(outstanding, amount);
  return { settled, balance: balance + amount - settled, outstanding: outstanding - settled };
};

/** Takes a fee from the balance; the rest becomes outstanding. */
const deduct = ({ balance, outstanding }: Standing, fee: number): Standing & { paid: number } => {
  const paid = Math.min(balance, fee);
  return { paid, balance: balance - paid, outstanding: outstanding + fee - paid };
};

type Fee = { bikeId: string; rentalId: string; closedAt: string; bikeRevision?: string | undefined };

/** The names of the return that a fee follows, the best first. */
const returnOf = ({ bikeId, rentalId, closedAt, bikeRevision }: Fee): HandledEvent[] => [
  ...(bikeRevision === undefined ? [] : [byRevision(`bike-${bikeId}`, bikeRevision)]),
  byTime('returns', `return ${bikeId}.${rentalId}`, closedAt),
];

type Credit = { managerId: string; conversionId: string; convertedAt: string; managerRevision?: string | undefined };

/** The names of the conversion that a credit follows, the best first. */
const conversionOf = ({ managerId, conversionId, convertedAt, managerRevision }: Credit): HandledEvent[] => [
  ...(managerRevision === undefined ? [] : [byRevision(`manager-${managerId}`, managerRevision)]),
  byTime('conversions', `conversion ${managerId}.${conversionId}`, convertedAt),
];
