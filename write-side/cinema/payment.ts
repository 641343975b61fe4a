import { schema as cinema } from '../../schemas/cinema.ts';
import { ImmutableMap } from '../kernel/collections.ts';
import { decider, refuse } from '../kernel/decider.ts';

type Payment = {
  outcome: 'none' | 'requested' | 'approved' | 'declined';
  /** Refunded, or known never to have been charged. */
  undone: boolean;
};

/** One payment for each hold of the reservation id; an empty key for a hold from before the field `hold`. */
type State = { payments: ImmutableMap<string, Payment> };

const initialState: State = { payments: ImmutableMap() };

/** The payments of a reservation id. Approved or declined: the first outcome counts, and the seat follows it. */
export const payment = decider(cinema, {
  stream: 'payment-{showingId}.{reservationId}',
  initialState,

  evolve: {
    PaymentRequested: (state, data) => changed(state, data, { outcome: 'requested' }),
    PaymentApproved: (state, data) => changed(state, data, { outcome: 'approved' }),
    PaymentDeclined: (state, data) => changed(state, data, { outcome: 'declined' }),
    PaymentRefunded: (state, data) => changed(state, data, { undone: true }),
    PaymentVoided: (state, data) => changed(state, data, { undone: true }),
  },

  commands: {
    RequestPayment: {
      decide: (data, state) => {
        const { outcome } = paymentOf(state, data);
        if (outcome === 'none') return [{ type: 'PaymentRequested', data }];
        return outcome === 'requested' ? [] : refuse(`payment-${outcome}`);
      },
    },

    ApprovePayment: {
      decide: (data, state) => {
        const payment = paymentOf(state, data);
        if (isOpen(payment)) return [{ type: 'PaymentApproved', data }];
        return payment.outcome === 'approved' ? [] : refuse('payment-declined');
      },
    },

    DeclinePayment: {
      decide: (data, state) => {
        const payment = paymentOf(state, data);
        if (isOpen(payment)) return [{ type: 'PaymentDeclined', data }];
        return payment.outcome === 'declined' ? [] : refuse('payment-approved');
      },
    },

    RecordRefund: {
      decide: ({ charged, ...data }, state) => {
        const payment = paymentOf(state, data);
        if (isOpen(payment) || payment.undone) return [];
        return [{ type: charged ? 'PaymentRefunded' : 'PaymentVoided', data }];
      },
    },
  },

  snapshotVersion: 3,
});

type OfHold = { hold?: string };

const paymentOf = ({ payments }: State, { hold = '' }: OfHold): Payment =>
  payments.get(hold) ?? { outcome: 'none', undone: false };

const isOpen = ({ outcome }: Payment): boolean => outcome === 'none' || outcome === 'requested';

const changed = (state: State, of: OfHold, change: Partial<Payment>): State => ({
  payments: state.payments.set(of.hold ?? '', { ...paymentOf(state, of), ...change }),
});
