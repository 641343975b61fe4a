import {
  type CinemaCommand,
  schema as cinema,
  holdKey,
  holdOf,
  paymentOf,
  showingPlaces,
} from '../../schemas/cinema.ts';
import { plus } from '../../schemas/kernel/calendar.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { CANCELLATIONS_PER_COMMAND } from '../../schemas/kernel/limited-places.ts';
import { placeOffers, placeTimers } from '../policies/limited-places.ts';
import { inPortions, policy } from '../policies/policy.ts';
import { processManager, timer } from '../policies/process.ts';

type Freed = Extract<CinemaCommand, { type: 'FreeHall' }>['data'];
type OfShowing = Pick<Freed, 'showingId' | 'movieId'> & Partial<Freed>;

/** Returns the command after a showing was scheduled: keep its hall, or open it. */
export const opening = (
  showing: Extract<CinemaCommand, { type: 'OpenShowing' }>['data'],
): Extract<CinemaCommand, { type: 'OpenShowing' | 'BookHall' }> => {
  const { hallId, slot, runningTime, cleaning } = showing;
  const hasHall = hallId !== undefined && slot !== undefined && runningTime !== undefined && cleaning !== undefined;
  return hasHall
    ? { type: 'BookHall', data: { ...showing, hallId, slot, runningTime, cleaning } }
    : { type: 'OpenShowing', data: showing };
};

const withdrawalOf = ({ movieId, showingId, slot }: OfShowing) => defined({ movieId, showingId, slot });

const cancellationOf = ({ showingId, movieId, withdrawnAt }: OfShowing): CinemaCommand => ({
  type: 'CancelWithdrawnShowing',
  data: defined({ showingId, movieId, withdrawnAt }),
});

const freeing = ({ showingId, movieId, hallId, slot, withdrawnAt, movedTo }: OfShowing): CinemaCommand[] =>
  hallId === undefined || slot === undefined
    ? []
    : [{ type: 'FreeHall', data: defined({ hallId, showingId, movieId, slot, withdrawnAt, movedTo }) }];

/**
 * A scheduled showing gets its hall and takes reservations, a refused one is withdrawn, and a withdrawn one is
 * cancelled. A withdrawn showing in a hall is cancelled by the hall's event: it comes after the one that opens it.
 */
const showings = policy({
  name: 'cinema.showings',
  context: cinema,
  events: [
    'ShowingScheduled',
    'ShowingRefused',
    'ShowingWithdrawn',
    'ShowingCanceled',
    'ShowingMoved',
    'ShowingMoveVoided',
    'HallBooked',
    'HallRefused',
    'HallFreed',
  ],
  key: ({ data }) => data.showingId,
  react: ({ type, data }): CinemaCommand[] => {
    switch (type) {
      case 'ShowingScheduled':
        return [opening(data)];
      case 'HallBooked': {
        const { until: _until, bookedAt: _bookedAt, ...showing } = data;
        return [{ type: 'OpenShowing', data: showing }];
      }
      case 'ShowingRefused':
      case 'HallRefused':
        return [{ type: 'WithdrawShowing', data: withdrawalOf(data) }];
      case 'ShowingWithdrawn':
        return data.hallId === undefined ? [cancellationOf(data)] : freeing(data);
      case 'ShowingCanceled':
      case 'ShowingMoveVoided':
        return freeing(data);
      case 'ShowingMoved': {
        const { slot: movedTo, formerSlot: slot, ...showing } = data;
        return freeing(defined({ ...showing, slot, movedTo }));
      }
      case 'HallFreed':
        return data.withdrawnAt ? [cancellationOf(data)] : [];
      default:
        return type satisfies never;
    }
  },
});

/** A deleted movie's showings that did not fit into the append of its deletion are withdrawn. */
const withdrawals = policy({
  name: 'cinema.withdrawals',
  context: cinema,
  events: ['MovieDeleted'],
  key: ({ data }) => data.movieId,
  react: ({ data: { movieId, remaining } }) =>
    inPortions(remaining, CANCELLATIONS_PER_COMMAND, { type: 'WithdrawRemainingShowings', data: { movieId } }),
});

/**
 * Ends the reservations, holds and entries, or moves the reservations, that did not fit into the append of a showing's
 * cancellation, start or move.
 */
const cancellations = policy({
  name: 'cinema.cancellations',
  context: cinema,
  events: ['ShowingCanceled', 'ShowingPlacesClosed', 'ShowingMoved'],
  key: ({ data }) => data.showingId,
  react: ({ type, data: { showingId, remaining } }) =>
    inPortions(remaining, CANCELLATIONS_PER_COMMAND, {
      type: type === 'ShowingMoved' ? 'MoveRemainingSeats' : 'CancelRemainingSeats',
      data: { showingId },
    }),
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

/** A cancelled reservation's review no longer counts. */
const reviews = policy({
  name: 'cinema.reviews',
  context: cinema,
  events: ['SeatReservationCanceled'],
  key: ({ data }) => `${data.movieId}.${data.customerId}`,
  react: ({ data: { movieId, customerId, showingId, reservationId } }) => [
    { type: 'WithdrawReview', data: { movieId, customerId, showingId, reservationId } },
  ],
});

export const policies = [showings, withdrawals, cancellations, outcomes, reviews, placeOffers(cinema, showingPlaces)];

/** Holds and the waiting list of a showing end when it begins. */
const beginnings = timer({
  name: 'cinema.beginnings',
  context: cinema,
  events: ['ShowingOpened', 'ShowingMoved', 'ShowingCanceled'],
  plan: ({ type, data }) => {
    const { showingId } = data;
    if (type === 'ShowingCanceled') return [{ key: showingId, at: null }];
    return [{ key: showingId, at: data.startsAt, command: { type: 'CancelRemainingSeats', data: { showingId } } }];
  },
});

/** Seconds after which a slot that the hall keeps for a move is free again, unless the showing has moved. */
const MOVE_WITHIN = 60;

/** Gives up the slot of a move whose process ended before the showing moved. */
const moves = timer({
  name: 'cinema.moves',
  context: cinema,
  events: ['HallRebooked', 'ShowingMoved', 'ShowingMoveVoided'],
  plan: ({ type, data }) => {
    const { showingId, slot } = data;
    if (slot === undefined) return [];
    if (type !== 'HallRebooked') return [{ key: slot, at: null }];
    const at = plus(data.bookedAt, { seconds: MOVE_WITHIN });
    return [{ key: slot, at, command: { type: 'SettleMove', data: { showingId, slot } } }];
  },
});

export const timers = [beginnings, moves, placeTimers(cinema, showingPlaces)];

/** The key and the commands of the cinema's payments. */
export const paymentRecords = {
  keyOf: holdKey,
  approve: 'ApprovePayment',
  decline: 'DeclinePayment',
  undone: 'RecordRefund',
};

/**
 * Settles every held seat, and refunds every payment that must not stand.
 * @param holdMs milliseconds for which a seat is held before its payment is settled
 */
export const payments = (holdMs: number) =>
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
      const payment = paymentOf(data);
      switch (type) {
        case 'SeatHeld':
          return [{ key: `settle ${key}`, task: 'settle', afterMs: holdMs, data: payment }];
        case 'ReservationConfirmed':
        case 'SeatReleased':
          return [{ key: `settle ${key}`, task: null }];
        case 'PaymentDeclined':
          return data.reason === 'declined' ? [] : [{ key: `undo ${key}`, task: 'undo', afterMs: 0, data: payment }];
        case 'SeatReservationCanceled':
          return data.price === 0 ? [] : [{ key: `undo ${key}`, task: 'undo', afterMs: 0, data: payment }];
        case 'PaymentRefunded':
        case 'PaymentVoided':
          return [{ key: `undo ${key}`, task: null }];
        default:
          return type satisfies never;
      }
    },
  });
