import { OrderedSet } from 'immutable';
import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';
import { type Done, doneAlso, isDone, nothingDone, remember, restoreDone, type SavedDone, saveDone } from './once.ts';

type Event = Extract<BikeRentalEvent, { type: 'DepositCharged' | 'FeeDeducted' | 'DepositCredited' }>;
type Command = Extract<BikeRentalCommand, { type: 'ChargeDeposit' | 'DeductFee' | 'CreditDeposit' }>;

type Standing = { balance: number; outstanding: number };

type State = Standing & {
  /** The ids of the latest charges, oldest first. */
  charges: OrderedSet<string>;
  /** By the rental's full name. */
  fees: Done;
  /** By the conversion's full name. */
  conversions: Done;
};

/** The most a balance may be charged to: sums stay exact far beyond it. */
const MOST = 1_000_000_000_000;

const initialState: State = {
  balance: 0,
  outstanding: 0,
  charges: OrderedSet(),
  fees: nothingDone,
  conversions: nothingDone,
};

/** What was outstanding is settled before the balance grows. */
const add = ({ balance, outstanding }: Standing, amount: number): Standing & { settled: number } => {
  const settled = Math.min(outstanding, amount);
  return { settled, balance: balance + amount - settled, outstanding: outstanding - settled };
};

/** What the balance does not cover becomes outstanding. */
const deduct = ({ balance, outstanding }: Standing, fee: number): Standing & { paid: number } => {
  const paid = Math.min(balance, fee);
  return { paid, balance: balance - paid, outstanding: outstanding + fee - paid };
};

const evolve = (state: State, event: Event): State => {
  const { balance, outstanding } = event.data;
  const standing = { ...state, balance, outstanding };
  switch (event.type) {
    case 'DepositCharged':
      return { ...standing, charges: remember(state.charges, event.data.chargeId) };
    case 'FeeDeducted': {
      const { bikeId, rentalId, closedAt } = event.data;
      return { ...standing, fees: doneAlso(state.fees, `${bikeId}.${rentalId}`, closedAt) };
    }
    case 'DepositCredited': {
      const { managerId, conversionId, convertedAt } = event.data;
      return { ...standing, conversions: doneAlso(state.conversions, `${managerId}.${conversionId}`, convertedAt) };
    }
    default:
      return unreachable(event);
  }
};

/** Does what a policy asks for, unless it was done. */
const once = (done: Done, name: string, at: string, event: Event): Decision<Event> => {
  switch (isDone(done, name, at)) {
    case 'yes':
      return [];
    case 'unknown':
      return refuse('too-old-to-tell', name);
    default:
      return [event];
  }
};

const decide = (command: Command, state: State, { now }: DecisionInput): Decision<Event> => {
  switch (command.type) {
    case 'ChargeDeposit': {
      const { userId, chargeId, amount } = command.data;
      if (state.charges.has(chargeId)) return refuse('charge-already-exists');
      if (state.balance + amount > MOST) return refuse('deposit-full');
      return [{ type: 'DepositCharged', data: { userId, chargeId, amount, chargedAt: now, ...add(state, amount) } }];
    }

    case 'DeductFee': {
      const { bikeId, rentalId, closedAt, fee } = command.data;
      return once(state.fees, `${bikeId}.${rentalId}`, closedAt, {
        type: 'FeeDeducted',
        data: { ...command.data, ...deduct(state, fee) },
      });
    }

    case 'CreditDeposit': {
      const { managerId, conversionId, convertedAt, amount } = command.data;
      return once(state.conversions, `${managerId}.${conversionId}`, convertedAt, {
        type: 'DepositCredited',
        data: { ...command.data, ...add(state, amount) },
      });
    }

    default:
      return unreachable(command);
  }
};

const answer = (command: Command, [event]: readonly Event[]): object => {
  if (event?.type !== 'DepositCharged') return command.data;
  const { userId, chargeId, amount, balance, outstanding } = event.data;
  return { userId, chargeId, amount, balance, outstanding };
};

type Saved = Standing & { charges: string[]; fees: SavedDone; conversions: SavedDone };

/** A user's deposit: `deposit-{userId}`. */
export const deposit: Decider<Command, Event, State> = {
  category: 'deposit',
  commands: ['ChargeDeposit', 'DeductFee', 'CreditDeposit'],
  id: ({ userId }) => userId,
  initialState,
  evolve,
  decide,
  answer,
  snapshot: {
    version: 1,
    save: ({ charges, fees, conversions, ...standing }): Saved => ({
      ...standing,
      charges: charges.toArray(),
      fees: saveDone(fees),
      conversions: saveDone(conversions),
    }),
    restore: ({ charges, fees, conversions, ...standing }: Saved): State => ({
      ...standing,
      charges: OrderedSet(charges),
      fees: restoreDone(fees),
      conversions: restoreDone(conversions),
    }),
  },
};
