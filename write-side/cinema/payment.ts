import type { CinemaCommand, CinemaEvent } from '../../schemas/cinema.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';

type Event = Extract<
  CinemaEvent,
  { type: 'PaymentRequested' | 'PaymentApproved' | 'PaymentDeclined' | 'PaymentRefunded' | 'PaymentVoided' }
>;
type Command = Extract<
  CinemaCommand,
  { type: 'RequestPayment' | 'ApprovePayment' | 'DeclinePayment' | 'RecordRefund' }
>;

type State = {
  outcome: 'none' | 'requested' | 'approved' | 'declined';
  /** Refunded, or known never to have been charged. */
  undone: boolean;
};

const evolve = (state: State, event: Event): State => {
  switch (event.type) {
    case 'PaymentRequested':
      return { ...state, outcome: 'requested' };
    case 'PaymentApproved':
      return { ...state, outcome: 'approved' };
    case 'PaymentDeclined':
      return { ...state, outcome: 'declined' };
    case 'PaymentRefunded':
    case 'PaymentVoided':
      return { ...state, undone: true };
    default:
      return unreachable(event);
  }
};

/** Approved or declined: whichever comes first stands, and the seat follows it. */
const decide = (command: Command, { outcome, undone }: State): Decision<Event> => {
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

/** A reservation's payment: `payment-{showingId}.{reservationId}`. */
export const payment: Decider<Command, Event, State> = {
  category: 'payment',
  commands: ['RequestPayment', 'ApprovePayment', 'DeclinePayment', 'RecordRefund'],
  id: ({ showingId, reservationId }) => `${showingId}.${reservationId}`,
  initialState: { outcome: 'none', undone: false },
  evolve,
  decide,
  answer: ({ data }) => data,
  snapshot: { version: 1, save: (state) => state, restore: (saved: State) => saved },
};
