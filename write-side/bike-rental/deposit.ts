import { schema as bikeRental } from '../../schemas/bike-rental.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';
import { byTime, type HandledEvents, handle, namesOf, nothingHandled, wasHandled } from '../kernel/handled-events.ts';
import { noPastIds, type PastIds, recall, remember } from '../kernel/past-ids.ts';

type Standing = { balance: number; outstanding: number };

/** A bill, or the part of one, that the balance did not cover. */
type Debt = Fee & { paid: number; rest: number };

/** A charge whose payment is open. `charge` is the revision of its ChargeRequested event. */
type Pending = { charge: string; amount: number; method: string };

/** A charge that ended. In cash it has no payment, and so no `charge`. */
type Ended = { charge: string | undefined; outcome: 'charged' | 'declined' | 'undone' };

type State = Standing & {
  /** The outstanding amounts, by bill, the oldest first. */
  debts: readonly Debt[];
  /** The charges whose payment is open, by id. */
  pending: ImmutableMap<string, Pending>;
  /** The latest charges that ended. */
  charges: PastIds<Ended>;
  /** The returns whose fees were deducted, and the conversions that were credited. */
  handled: HandledEvents;
};

/** The method of charges that were paid at the desk. */
const CASH = 'cash';
/** The highest balance that a charge may lead to: sums stay exact far beyond it. */
const MOST = 1_000_000_000_000;

const initialState: State = {
  balance: 0,
  outstanding: 0,
  debts: [],
  pending: ImmutableMap(),
  charges: noPastIds(),
  handled: nothingHandled,
};

/** A user's deposit. */
export const deposit = decider(bikeRental, {
  stream: 'deposit-{userId}',
  initialState,

  evolve: {
    ChargeRequested: (state, { chargeId, charge, amount, method }) => ({
      ...state,
      pending: state.pending.set(chargeId, { charge, amount, method }),
    }),
    DepositCharged: (state, { balance, outstanding, settled, chargeId, charge }) => ({
      ...ended(state, chargeId, charge, 'charged'),
      balance,
      outstanding,
      debts: settle(state.debts, settled).left,
    }),
    ChargeDeclined: (state, { chargeId, charge }) => ended(state, chargeId, charge, 'declined'),
    ChargeRefunded: (state, { chargeId, charge }) => ended(state, chargeId, charge, 'undone'),
    ChargeVoided: (state, { chargeId, charge }) => ended(state, chargeId, charge, 'undone'),
    FeeDeducted: (state, data) => {
      const { bikeId, rentalId, closedAt, bikeRevision, fee, paid, balance, outstanding } = data;
      const debt = { bikeId, rentalId, closedAt, bikeRevision, paid, rest: fee - paid };
      const debts = debt.rest > 0 ? [...state.debts, debt] : state.debts;
      return { ...state, balance, outstanding, debts, handled: handle(state.handled, returnOf(data)[0]!) };
    },
    DepositCredited: (state, data) => ({
      ...state,
      balance: data.balance,
      outstanding: data.outstanding,
      debts: settle(state.debts, data.settled).left,
      handled: handle(state.handled, conversionOf(data)[0]!),
    }),
    // The debts follow the money that settled them: events from before this one have no BillPaid.
    BillPaid: (state) => state,
  },

  commands: {
    ChargeDeposit: {
      decide: ({ userId, chargeId, amount, payment }, state, { now, revision }) => {
        if (isKnown(state, chargeId)) return refuse('charge-already-exists');
        if (state.balance + promised(state) + amount > MOST) return refuse('deposit-full');
        if (!payment) return charged(state, { userId, chargeId, amount, method: CASH, chargedAt: now });
        const { balance, outstanding } = state;
        const { method } = payment;
        const charge = revision.toString();
        const data = { userId, chargeId, charge, amount, method, requestedAt: now, balance, outstanding };
        return [{ type: 'ChargeRequested', data }];
      },
      answer: ({ payment: _payment, ...data }, [event]) => {
        if (event?.type !== 'DepositCharged' && event?.type !== 'ChargeRequested') return data;
        const { balance, outstanding } = event.data;
        return { ...data, balance, outstanding, status: event.type === 'DepositCharged' ? 'charged' : 'pending' };
      },
    },

    CheckChargeId: {
      decide: ({ chargeId }, state) => (isKnown(state, chargeId) ? refuse('charge-already-exists') : []),
    },

    CheckCharge: {
      decide: (data, state) => {
        if (pendingOf(state, data)) return [];
        return refuse(isUnpaid(endedOf(state, data)) ? 'payment-declined' : 'charge-already-exists');
      },
    },

    ApproveCharge: {
      decide: ({ userId, chargeId, charge }, state, { now }) => {
        const pending = pendingOf(state, { chargeId, charge });
        if (pending) return charged(state, { userId, chargeId, ...pending, chargedAt: now });
        return isUnpaid(endedOf(state, { chargeId, charge })) ? refuse('payment-declined') : [];
      },
    },

    DeclineCharge: {
      decide: ({ userId, chargeId, charge, reason }, state, { now }) => {
        const pending = pendingOf(state, { chargeId, charge });
        if (!pending) return endedOf(state, { chargeId, charge }) === 'charged' ? refuse('charge-already-exists') : [];
        const { amount } = pending;
        const { balance, outstanding } = state;
        const data = { userId, chargeId, charge, amount, reason, declinedAt: now, balance, outstanding };
        return [{ type: 'ChargeDeclined', data }];
      },
    },

    RecordChargeUndone: {
      decide: ({ charged, ...data }, state) =>
        endedOf(state, data) === 'declined' ? [{ type: charged ? 'ChargeRefunded' : 'ChargeVoided', data }] : [],
    },

    DeductFee: {
      decide: (data, state) =>
        wasHandled(state.handled, returnOf(data))
          ? []
          : [{ type: 'FeeDeducted', data: { ...data, ...deduct(state, data.fee) } }],
    },

    CreditDeposit: {
      decide: (data, state) => {
        if (wasHandled(state.handled, conversionOf(data))) return [];
        const after = add(state, data.amount);
        return [
          { type: 'DepositCredited', data: { ...data, ...after } },
          ...billsPaid(state, data.userId, after.settled),
        ];
      },
    },

    CheckDebts: {
      decide: (_data, { outstanding }) =>
        outstanding > 0 ? refuse('outstanding', `${outstanding} must be paid first`) : [],
    },
  },

  snapshotVersion: 6,
});

type OfCharge = { chargeId: string; charge: string };

const pendingOf = ({ pending }: State, { chargeId, charge }: OfCharge): Pending | undefined => {
  const found = pending.get(chargeId);
  return found?.charge === charge ? found : undefined;
};

/** The outcome of a charge; undefined for one that is pending, or that ended too long ago to be remembered. */
const endedOf = ({ charges }: State, { chargeId, charge }: OfCharge): Ended['outcome'] | undefined => {
  const found = recall(charges, chargeId);
  return found?.charge === charge ? found.outcome : undefined;
};

const isUnpaid = (outcome: Ended['outcome'] | undefined): boolean => outcome === 'declined' || outcome === 'undone';

const isKnown = ({ pending, charges }: State, chargeId: string): boolean =>
  pending.has(chargeId) || recall(charges, chargeId) !== undefined;

/** The amounts that open payments will add. */
const promised = ({ pending }: State): number => [...pending.values()].reduce((sum, { amount }) => sum + amount, 0);

const ended = (state: State, chargeId: string, charge: string | undefined, outcome: Ended['outcome']): State => ({
  ...state,
  pending: state.pending.delete(chargeId),
  charges: remember(state.charges, chargeId, { charge, outcome }),
});

type Charged = { userId: string; chargeId: string; charge?: string; amount: number; method: string; chargedAt: string };

const charged = (state: State, charge: Charged) => {
  const after = add(state, charge.amount);
  return [
    { type: 'DepositCharged' as const, data: { ...charge, ...after } },
    ...billsPaid(state, charge.userId, after.settled),
  ];
};

/**
 * Settles debts with an amount, the oldest first.
 * @returns the part that each debt gets, and the debts that are left
 */
const settle = (debts: readonly Debt[], amount: number) => {
  const parts: { debt: Debt; part: number }[] = [];
  let unspent = amount;
  for (const debt of debts) {
    if (unspent === 0) break;
    const part = Math.min(unspent, debt.rest);
    unspent -= part;
    parts.push({ debt: { ...debt, paid: debt.paid + part, rest: debt.rest - part }, part });
  }
  const inPart = parts.flatMap(({ debt }) => (debt.rest > 0 ? [debt] : []));
  return { parts, left: [...inPart, ...debts.slice(parts.length)] };
};

/** The most bills that one append names: it must fit into the event store. */
const MOST_BILLS = 500;

/** Names the bills that an amount pays. */
const billsPaid = ({ debts }: State, userId: string, amount: number) =>
  settle(debts, amount)
    .parts.slice(0, MOST_BILLS)
    .map(({ debt: { rest: _rest, bikeRevision, ...bill }, part }) => ({
      type: 'BillPaid' as const,
      data: { userId, ...bill, amount: part, ...defined({ bikeRevision }) },
    }));

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

/** The names of the return that a fee follows. */
const returnOf = ({ bikeId, rentalId, closedAt, bikeRevision }: Fee) =>
  namesOf(`bike-${bikeId}`, bikeRevision, byTime('returns', `return ${bikeId}.${rentalId}`, closedAt));

type Credit = { managerId: string; conversionId: string; convertedAt: string; managerRevision?: string | undefined };

/** The names of the conversion that a credit follows. */
const conversionOf = ({ managerId, conversionId, convertedAt, managerRevision }: Credit) =>
  namesOf(
    `manager-${managerId}`,
    managerRevision,
    byTime('conversions', `conversion ${managerId}.${conversionId}`, convertedAt),
  );
