import {
  type CinemaCommand,
  type CinemaEvent,
  DEFAULT_CLEANING,
  holdKey,
  holdOf,
  paymentOf,
  schedulingOf,
} from '../../schemas/cinema.ts';
import {
  type CommandSteps,
  type DispatchOutcome,
  later,
  refusalIn,
  type Settled,
  type StepsByCommand,
} from '../kernel/command-steps.ts';
import { refuse } from '../kernel/decider.ts';
import { type PayingOptions, takePayment } from '../payments/payments.ts';
import { opening } from './policies.ts';
import type { Prepared, ReadShowing } from './showing.ts';

type Data<Type extends CinemaCommand['type']> = Extract<CinemaCommand, { type: Type }>['data'];
type DataOf<Type extends CinemaEvent['type']> = Extract<CinemaEvent, { type: Type }>['data'];

type Dispatch = (command: CinemaCommand & { asCaller?: true }) => Promise<DispatchOutcome>;

/**
 * Keeps the hall and opens the showing before the answer, so that it takes reservations at once. If the process ends
 * before, the policy opens it. The answer comes from the stream of the showing: another movie may have the id, or the
 * movie is deleted.
 */
const scheduleShowing: CommandSteps<Data<'ScheduleShowing'>> = {
  async check({ showingId, movieId, hallId, startsAt, cleaning = DEFAULT_CLEANING }, dispatch: Dispatch) {
    const checked = await dispatch({ type: 'CheckShowing', data: { showingId, movieId } });
    if (checked.kind === 'refused' && checked.refusal.refused !== 'showing-canceled') return checked.refusal;
    if (hallId === undefined) return undefined;
    const movie = await dispatch({ type: 'ReadMovie', data: { movieId }, asCaller: true });
    const { runningTime = 0 } = movie.kind === 'done' ? (movie.read as { runningTime: number }) : {};
    if (runningTime === 0) return undefined;
    const time = { startsAt, runningTime, cleaning };
    const free = await dispatch({ type: 'CheckHallTime', data: { hallId, showingId, movieId, ...time } });
    return free.kind === 'refused' ? free.refusal : undefined;
  },
  async settle(_data, events, dispatch: Dispatch, isRepeat) {
    const [scheduled] = events as readonly { data: DataOf<'ShowingScheduled'> }[];
    if (!scheduled) return later;
    const { showingId, movieId } = scheduled.data;
    const booking = opening(scheduled.data);
    if (booking.type === 'BookHall') {
      const booked = await dispatch(booking);
      if (booked.kind !== 'done') return later;
      const { hallId, slot } = booking.data;
      const checked = await dispatch({ type: 'CheckHall', data: { hallId, slot } });
      if (checked.kind !== 'done') {
        if (checked.kind === 'unavailable' || checked.refusal.refused !== 'hall-in-use') return later;
        await dispatch({ type: 'WithdrawShowing', data: { movieId, showingId, slot } });
        return checked;
      }
    }
    const opened = await dispatch({ type: 'OpenShowing', data: scheduled.data });
    if (opened.kind !== 'done') return opened.kind === 'refused' ? opened : later;
    if (opened.events.some(({ type }) => type === 'ShowingOpened')) return opened;
    const checked = await dispatch({ type: 'CheckShowing', data: { showingId, movieId } });
    if (checked.kind === 'unavailable') return later;
    if (checked.kind === 'refused' && checked.refusal.refused === 'showing-already-exists')
      await dispatch({ type: 'WithdrawShowing', data: { movieId, showingId } });
    const isOver = checked.kind === 'refused' && checked.refusal.refused === 'showing-canceled';
    return isOver && isRepeat ? opened : checked;
  },
};

/**
 * Keeps the hall at the new time before a showing moves to it; a policy then frees the old time. When the showing does
 * not move, the new time is given up: at once, or by a timer if the process ends.
 */
const moveShowing: CommandSteps<Data<'MoveShowing'>> = {
  async prepare({ showingId, startsAt }, dispatch: Dispatch): Promise<Prepared | 'unavailable' | undefined> {
    const found = await dispatch({ type: 'ReadShowing', data: { showingId } });
    if (found.kind !== 'done') return 'unavailable';
    const { status, movieId, hallId, slot: former, runningTime, cleaning, ...before } = found.read as ReadShowing;
    const hasHall = hallId !== undefined && former !== undefined && runningTime !== undefined && cleaning !== undefined;
    if (!hasHall || status !== 'open' || startsAt === before.startsAt) return undefined;
    const slot = `${schedulingOf(former)}.${found.revision}`;
    const data = { hallId, showingId, movieId, slot, startsAt, runningTime, cleaning };
    const rebooked = await dispatch({ type: 'RebookHall', data });
    if (rebooked.kind === 'unavailable') return 'unavailable';
    return { hall: rebooked.kind === 'refused' ? rebooked.refusal : { slot } };
  },
  async undo({ showingId }, { hall }: Prepared, dispatch: Dispatch) {
    if (hall && 'slot' in hall) await dispatch({ type: 'SettleMove', data: { showingId, slot: hall.slot } });
  },
};

const guestOf = ({ movieId, customerId, showingId, reservationId }: Data<'WriteReview'>) => ({
  movieId,
  customerId,
  showingId,
  reservationId,
});

/**
 * Checks again when the review is written: the policy that withdraws the review of a cancelled reservation may have
 * come between the check and the review.
 */
const writeReview: CommandSteps<Data<'WriteReview'>> = {
  async check(review, dispatch: Dispatch) {
    return refusalIn(await dispatch({ type: 'ProveGuest', data: guestOf(review) }));
  },
  async settle(review, _events, dispatch: Dispatch) {
    const proved = await dispatch({ type: 'ProveGuest', data: guestOf(review) });
    if (proved.kind === 'unavailable') return later;
    if (proved.kind === 'done') return { kind: 'as-decided' };
    await dispatch({ type: 'WithdrawReview', data: guestOf(review) });
    return proved;
  },
};

/** Refusals that do not show how a reservation ended: its payment is not settled, or it ended too long ago. */
const UNSETTLED = new Set(['reservation-pending', 'reservation-not-found']);

/** The outcome of a payment: the one that its stream recorded first. */
type Outcome = 'approved' | DataOf<'PaymentDeclined'>['reason'] | 'open';

/** Calls the provider and records the outcome. */
const payFor = async (
  held: DataOf<'SeatHeld'>,
  { method, token }: NonNullable<Data<'ReserveSeat'>['payment']>,
  payments: PayingOptions['payments'],
  dispatch: Dispatch,
): Promise<Outcome> => {
  const payment = paymentOf(held);
  const key = holdKey(held);

  const requested = await dispatch({ type: 'RequestPayment', data: { ...payment, method } });
  if (requested.kind === 'refused') return requested.refusal.refused === 'payment-approved' ? 'approved' : 'declined';
  if (requested.kind === 'unavailable') return 'open';

  const outcome = await takePayment(payments, key, { amount: held.price, method, token });
  if (outcome === 'approved') {
    const approved = await dispatch({ type: 'ApprovePayment', data: payment });
    if (approved.kind === 'unavailable') return 'open';
    return approved.kind === 'done' ? 'approved' : 'timed-out';
  }
  const reason = outcome === 'unknown' ? 'timed-out' : outcome;
  const declined = await dispatch({ type: 'DeclinePayment', data: { ...payment, reason } });
  if (declined.kind === 'unavailable') return 'open';
  return declined.kind === 'done' ? reason : 'approved';
};

/** Confirms or releases the seat. The answer comes from the stream of the showing, because a policy may be faster. */
const settleSeat = async (
  held: DataOf<'SeatHeld'>,
  outcome: Outcome,
  dispatch: Dispatch,
  isRepeat: boolean,
): Promise<Settled> => {
  if (outcome === 'open') return later;
  const data = holdOf(held);
  const settled = await dispatch(
    outcome === 'approved'
      ? { type: 'ConfirmReservation', data }
      : { type: 'ReleaseSeat', data: { ...data, reason: outcome } },
  );
  if (settled.kind === 'unavailable') return later;
  if (settled.kind === 'refused') return settled;
  const [event, ...more] = settled.events;
  const isConfirmed = event?.type === 'ReservationConfirmed' && more.length === 0;
  const standing = isConfirmed ? settled : await dispatch({ type: 'CheckReservation', data: { ...data, isRepeat } });
  if (standing.kind === 'done') return { ...standing, body: { status: 'confirmed' } };
  const isOpen = standing.kind === 'unavailable' || UNSETTLED.has(standing.refusal.refused);
  return isOpen ? later : standing;
};

/**
 * Takes the payment for a held seat, and confirms or releases the seat. To the customer this is one step. A free seat is
 * confirmed by the command itself.
 */
const reserveSeat = ({ payments, answerWithinMs, maxPayments }: PayingOptions): CommandSteps<Data<'ReserveSeat'>> => ({
  settleWithin: answerWithinMs,
  limit: { most: maxPayments, refusal: refuse('too-many-payments', `${maxPayments} are being taken`) },
  async check({ showingId, reservationId, payment }, dispatch: Dispatch) {
    if (!payment || payments.circuit() !== 'open') return undefined;
    const found = await dispatch({ type: 'ReadShowing', data: { showingId } });
    if (found.kind === 'done' && (found.read as ReadShowing).price === 0) return undefined;
    // A repeat of an earlier reservation needs no payment: it is answered with its current state.
    const checked = await dispatch({ type: 'CheckReservationId', data: { showingId, reservationId } });
    return checked.kind === 'done' ? refuse('payment-unavailable') : undefined;
  },
  async settle({ payment }, events, dispatch: Dispatch, isRepeat = false) {
    const held = (events as readonly CinemaEvent[]).find((event) => event.type === 'SeatHeld');
    if (held?.data.price === 0) return { kind: 'as-decided' };
    if (!held || !payment) return later;
    return settleSeat(held.data, await payFor(held.data, payment, payments, dispatch), dispatch, isRepeat);
  },
});

export const cinemaSteps = (options: PayingOptions): StepsByCommand => ({
  ScheduleShowing: scheduleShowing,
  MoveShowing: moveShowing,
  ReserveSeat: reserveSeat(options),
  WriteReview: writeReview,
});
