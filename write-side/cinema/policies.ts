import {
  CANCELLATIONS_PER_COMMAND,
  type CinemaCommand,
  schema as cinema,
  holdKey,
  holdOf,
} from '../../schemas/cinema.ts';
import { messageIdOf, messageOf } from '../../schemas/cinema-messages.ts';
import { policy } from '../policies/policy.ts';
import { processManager } from '../policies/process.ts';

/** A scheduled showing takes reservations, a refused one is withdrawn, and a withdrawn one is cancelled. */
const showings = policy({
  name: 'cinema.showings',
  context: cinema,
  events: ['ShowingScheduled', 'ShowingRefused', 'ShowingWithdrawn'],
  key: ({ data }) => data.showingId,
  react: ({ type, data }): CinemaCommand[] => {
    switch (type) {
      case 'ShowingScheduled':
        return [{ type: 'OpenShowing', data }];
      case 'ShowingRefused':
        return [{ type: 'WithdrawShowing', data }];
      case 'ShowingWithdrawn':
        return [{ type: 'CancelShowing', data }];
      default:
        return type satisfies never;
    }
  },
});

const commandsFor = (remaining: number): number => Math.ceil(remaining / CANCELLATIONS_PER_COMMAND);

/** A deleted movie's showings that did not fit into the append of its deletion are withdrawn. */
const withdrawals = policy({
  name: 'cinema.withdrawals',
  context: cinema,
  events: ['MovieDeleted'],
  key: ({ data }) => data.movieId,
  react: ({ data: { movieId, remaining } }) =>
    Array.from({ length: commandsFor(remaining) }, () => ({
      type: 'WithdrawRemainingShowings' as const,
      data: { movieId },
    })),
});

/** A cancelled showing's reservations that did not fit into the append of its cancellation are cancelled. */
const cancellations = policy({
  name: 'cinema.cancellations',
  context: cinema,
  events: ['ShowingCanceled'],
  key: ({ data }) => data.showingId,
  react: ({ data: { showingId, remaining } }) =>
    Array.from({ length: commandsFor(remaining) }, () => ({
      type: 'CancelRemainingSeats' as const,
      data: { showingId },
    })),
});

/** Confirms or releases the seat of a payment, in case the write side ended between the two. */
const outcomes = policy({
  name: 'cinema.outcomes',
  context: cinema,
  events: ['PaymentApproved', 'PaymentDeclined'],
  key: ({ data }) => `${data.showingId}.${data.reservationId}`,
  react: ({ type, data }): CinemaCommand[] =>
    type === 'PaymentApproved'
      ? [{ type: 'ConfirmReservation', data: holdOf(data) }]
      : [{ type: 'ReleaseSeat', data: { ...holdOf(data), reason: data.reason } }],
});

export const policies = [showings, withdrawals, cancellations, outcomes];

/**
 * Settles every held seat, and refunds every payment that must not stand.
 * @param holdMs milliseconds for which a seat is held before its payment is settled
 */
const payments = (holdMs: number) =>
  processManager({
    name: 'cinema.payments',
    context: cinema,
    events: [
      'SeatHeld',
      'ReservationConfirmed',
      'SeatReleased',
      'PaymentDeclined',
      'SeatReservationCanceled',
      'PaymentRefunded',
      'PaymentVoided',
    ],
    plan: ({ type, data }) => {
      const key = holdKey(data);
      const { customerId, title } = data;
      const amount = 'amount' in data ? data.amount : data.price;
      const payment = { ...holdOf(data), customerId, title, amount };
      switch (type) {
        case 'SeatHeld':
          return [{ key: `settle ${key}`, task: 'settle', afterMs: holdMs, data: payment }];
        case 'ReservationConfirmed':
        case 'SeatReleased':
          return [{ key: `settle ${key}`, task: null }];
        case 'PaymentDeclined':
          return data.reason === 'declined' ? [] : [{ key: `undo ${key}`, task: 'undo', afterMs: 0, data: payment }];
        case 'SeatReservationCanceled':
          return [{ key: `undo ${key}`, task: 'undo', afterMs: 0, data: payment }];
        case 'PaymentRefunded':
        case 'PaymentVoided':
          return [{ key: `undo ${key}`, task: null }];
        default:
          return type satisfies never;
      }
    },
  });

/** Sends customers the outcome of their reservations. */
const messages = processManager({
  name: 'cinema.messages',
  context: cinema,
  events: ['ReservationConfirmed', 'SeatReservationCanceled', 'PaymentRefunded', 'MessageSent'],
  plan: (event) =>
    event.type === 'MessageSent'
      ? [{ key: messageIdOf(event), task: null }]
      : [{ key: messageIdOf(event), task: 'send', afterMs: 0, data: messageOf(event) }],
});

export const cinemaProcesses = (holdMs: number) => [payments(holdMs), messages];
