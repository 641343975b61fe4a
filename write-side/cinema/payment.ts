import type { CinemaCommand, CinemaEvent } from '../../schemas/cinema.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<
  CinemaEvent,
  { type: 'PaymentRequested' | 'PaymentApproved' | 'PaymentDeclined' | 'PaymentRefunded' | 'PaymentVoided' }
>;
type Command = Extract<
  CinemaCommand,
  { type: 'RequestPayment' | 'ApprovePayment' | 'DeclinePayment' | 'RecordRefund' }
>;

type Payment = {
  outcome: 'none' | 'requested' | 'approved' | 'declined';
  /** Refunded, or known never to have been charged. */
  undone: boolean;
};

/** The payments of a reservation id: one for each hold, of which only the latest may still be open. */
type State = ImmutableMap<string, Payment>;

/** The key of a payment whose events are from before the field `hold`. */
const BEFORE_HOLDS = '';

const none: Payment = { outcome: 'none', undone: false };

const paymentOf = (state: State, { hold = BEFORE_HOLDS }: { hold?: string }): Payment => state.get(hold) ?? none;

const evolvePayment = (payment: Payment, event: Event): Payment => {
  switch (event.type) {
    case 'PaymentRequested':
      return { ...payment, outcome: 'requested' };
    case 'PaymentApproved':
      return { ...payment, outcome: 'approved' };
    case 'PaymentDeclined':
      return { ...payment, outcome: 'declined' };
    case 'PaymentRefunded':
    case 'PaymentVoided':
      return { ...payment, undone: true };
    default:
      return unreachable(event);
  }
};

const evolve = (state: State, event: Event): State =>
  state.set(event.data.hold ?? BEFORE_HOLDS, evolvePayment(paymentOf(state, event.data), event));

/** Approved or declined: whichever comes first stands, and the seat follows it. */
const decide = (command: Command, state: State): Decision<Event> => {
  const { outcome, undone } = paymentOf(state, command.data);
  const isOpen = outcome === 'none' || outcome === 'requested';
  switch (command.type) {
    case 'RequestPayment':
      if (outcome === 'none') return [{ type: 'PaymentRequested', data: command.data }];
      return isOpen ? [] : refuse(`payment-${outcome}`);

    case 'ApprovePayment':
      if (isOpen) return [{ type: 'PaymentApproved', data: command.data }];
      return outcome === 'approved' ? [] : refuse('payment-declined');

    case 'DeclinePayment':
      if (isOpen) return [{ type: 'PaymentDeclined', data: command.data }];
      return outcome === 'declined' ? [] : refuse('payment-approved');

    case 'RecordRefund': {
      if (isOpen || undone) return [];
      const { charged, ...data } = command.data;
      return [{ type: charged ? 'PaymentRefunded' : 'PaymentVoided', data }];
    }

    default:
      return unreachable(command);
  }
};

/** The payments of a reservation id: `payment-{showingId}.{reservationId}`. */
export const payment: Decider<Command, Event, State> = {
  category: 'payment',
  commands: ['RequestPayment', 'ApprovePayment', 'DeclinePayment', 'RecordRefund'],
  id: ({ showingId, reservationId }) => `${showingId}.${reservationId}`,
  initialState: ImmutableMap(),
  evolve,
  decide,
  answer: ({ data }) => data,
  size: (state) => 1 + state.size,
  snapshot: {
    version: 2,
    save: (state) => [...state],
    restore: (saved: [hold: string, Payment][]): State => ImmutableMap(saved),
  },
};
