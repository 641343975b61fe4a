import type { BikeRentalCommand, BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { OrderedSet } from '../kernel/collections.ts';
import { type Decider, type Decision, type DecisionInput, refuse, unreachable } from '../kernel/decider.ts';
import {
  byRevision,
  byTime,
  type HandledEvent,
  type HandledEvents,
  handle,
  nothingHandled,
  restoreHandled,
  type SavedHandledEvents,
  saveHandled,
  wasHandled,
} from '../kernel/handled-events.ts';
import { remember } from './once.ts';

type Event = Extract<BikeRentalEvent, { type: 'DepositCharged' | 'FeeDeducted' | 'DepositCredited' }>;
type Command = Extract<BikeRentalCommand, { type: 'ChargeDeposit' | 'DeductFee' | 'CreditDeposit' }>;

type Standing = { balance: number; outstanding: number };

type State = Standing & {
  /** The ids of the latest charges, oldest first. */
  charges: OrderedSet<string>;
  /** The returns whose fees were deducted, and the conversions that were credited. */
  handled: HandledEvents;
};

/** The highest balance that a charge may lead to: sums stay exact far beyond it. */
const MOST = 1_000_000_000_000;

type Fee = Extract<Command, { type: 'DeductFee' }>['data'];
type Credit = Omit<Extract<Command, { type: 'CreditDeposit' }>['data'], 'managerRevision'> & {
  managerRevision?: string | undefined;
};

/** The names of the return that a fee follows, the best first. */
const returnOf = ({ bikeId, rentalId, closedAt, bikeRevision }: Fee): HandledEvent[] => [
  ...(bikeRevision === undefined ? [] : [byRevision(`bike-${bikeId}`, bikeRevision)]),
  byTime('returns', `return ${bikeId}.${rentalId}`, closedAt),
];

/** The names of the conversion that a credit follows, the best first. */
const conversionOf = ({ managerId, conversionId, convertedAt, managerRevision }: Credit): HandledEvent[] => [
  ...(managerRevision === undefined ? [] : [byRevision(`manager-${managerId}`, managerRevision)]),
  byTime('conversions', `conversion ${managerId}.${conversionId}`, convertedAt),
];

const initialState: State = {
  balance: 0,
  outstanding: 0,
  charges: OrderedSet(),
  handled: nothingHandled,
};

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

const evolve = (state: State, event: Event): State => {
  const { balance, outstanding } = event.data;
  const standing = { ...state, balance, outstanding };
  switch (event.type) {
    case 'DepositCharged':
      return { ...standing, charges: remember(state.charges, event.data.chargeId) };
    case 'FeeDeducted':
      return { ...standing, handled: handle(state.handled, returnOf(event.data)[0]!) };
    case 'DepositCredited':
      return { ...standing, handled: handle(state.handled, conversionOf(event.data)[0]!) };
    default:
      return unreachable(event);
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
      const { data } = command;
      if (wasHandled(state.handled, returnOf(data))) return [];
      return [{ type: 'FeeDeducted', data: { ...data, ...deduct(state, data.fee) } }];
    }

    case 'CreditDeposit': {
      const { data } = command;
      if (wasHandled(state.handled, conversionOf(data))) return [];
      return [{ type: 'DepositCredited', data: { ...data, ...add(state, data.amount) } }];
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

type Saved = Standing & { charges: string[]; handled: SavedHandledEvents };

/** A user's deposit: `deposit-{userId}`. */
export const deposit: Decider<Command, Event, State> = {
  category: 'deposit',
  commands: ['ChargeDeposit', 'DeductFee', 'CreditDeposit'],
  id: ({ userId }) => userId,
  initialState,
  evolve,
  decide,
  answer,
  size: ({ charges, handled }) => charges.size + handled.latest.size + handled.forgotten.size,
  snapshot: {
    version: 2,
    save: ({ charges, handled, ...standing }): Saved => ({
      ...standing,
      charges: charges.toArray(),
      handled: saveHandled(handled),
    }),
    restore: ({ charges, handled, ...standing }: Saved): State => ({
      ...standing,
      charges: OrderedSet(charges),
      handled: restoreHandled(handled),
    }),
  },
};
