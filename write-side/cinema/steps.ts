import { type CinemaCommand, type CinemaEvent, holdKey, holdOf } from '../../schemas/cinema.ts';
import type { Around, Arounds, Give, GivenOutcome, Settled } from '../kernel/command-steps.ts';
import { refuse } from '../kernel/decider.ts';

type Data<Type extends CinemaCommand['type']> = Extract<CinemaCommand, { type: Type }>['data'];
type DataOf<Type extends CinemaEvent['type']> = Extract<CinemaEvent, { type: Type }>['data'];

/** The payment provider, as far as a reservation needs it. */
export type Payments = {
  /** `unknown`: it may have been charged. `unavailable`: it certainly was not. Never rejects. */
  charge(
    key: string,
    charge: { amount: number; method: string; token: string },
  ): Promise<'approved' | 'declined' | 'unknown' | 'unavailable'>;
  /** @throws Error when the provider can't be asked */
  find(key: string): Promise<{ state: 'approved' | 'declined' | 'undone' } | undefined>;
  circuit(): 'closed' | 'half-open' | 'open';
};

export type CinemaAroundOptions = {
  payments: Payments;
  /** Milliseconds until a reservation is answered with 202 while its payment goes on. */
  answerWithinMs: number;
  /** Payments that one process takes at a time; one more reservation is refused for now. */
  maxPayments: number;
};

/** Gives a command of the cinema's. */
const giveWith =
  (give: Give) =>
  (command: CinemaCommand): Promise<GivenOutcome> =>
    give(command);

/** The answer when the steps up to here may or may not have been done: a policy or the deadline does the rest. */
const later: Settled = { kind: 'later' };

/**
 * A showing takes reservations as soon as it is answered; should the process end before, the policy opens it. The
 * answer is read from the showing's stream: another movie may have got the id, or the movie may be deleted.
 */
const scheduleShowing: Around<Data<'ScheduleShowing'>> = {
  async before({ showingId, movieId }, give) {
    const checked = await giveWith(give)({ type: 'CheckShowing', data: { showingId, movieId } });
    if (checked.kind !== 'refused' || checked.refusal.refused === 'showing-canceled') return undefined;
    return checked.refusal;
  },
  async after(_data, events, give) {
    const cinema = giveWith(give);
    const [scheduled] = events as readonly { data: DataOf<'ShowingScheduled'> }[];
    if (!scheduled) return later;
    const { showingId, movieId } = scheduled.data;
    const opened = await cinema({ type: 'OpenShowing', data: scheduled.data });
    if (opened.kind !== 'done') return opened.kind === 'refused' ? opened : later;
    if (opened.events.some(({ type }) => type === 'ShowingOpened')) return opened;
    const checked = await cinema({ type: 'CheckShowing', data: { showingId, movieId } });
    if (checked.kind === 'unavailable') return later;
    if (checked.kind === 'refused' && checked.refusal.refused === 'showing-already-exists')
      await cinema({ type: 'WithdrawShowing', data: { movieId, showingId } });
    return checked;
  },
};

const writeReview: Around<Data<'WriteReview'>> = {
  async before({ movieId, customerId, showingId, reservationId }, give) {
    const data = { movieId, customerId, showingId, reservationId };
    const proved = await giveWith(give)({ type: 'ProveGuest', data });
    return proved.kind === 'refused' ? proved.refusal : undefined;
  },
};

/** Refusals that leave open how a reservation ended: it is still being paid, or too long ago. */
const UNSETTLED = new Set(['reservation-pending', 'reservation-not-found']);

/** What a payment came to, by its own stream: whatever was recorded first. */
type Outcome = 'approved' | DataOf<'PaymentDeclined'>['reason'] | 'open';

/** Takes a payment: asks the provider, and records what it came to. */
const takePayment = async (
  held: DataOf<'SeatHeld'>,
  { method, token }: Data<'ReserveSeat'>['payment'],
  payments: Payments,
  give: ReturnType<typeof giveWith>,
): Promise<Outcome> => {
  const { customerId, title, price } = held;
  const payment = { ...holdOf(held), customerId, title, amount: price };
  const key = holdKey(held);

  const requested = await give({ type: 'RequestPayment', data: { ...payment, method } });
  if (requested.kind === 'refused') return requested.refusal.refused === 'payment-approved' ? 'approved' : 'declined';
  if (requested.kind === 'unavailable') return 'open';

  let outcome = await payments.charge(key, { amount: price, method, token });
  if (outcome === 'unknown') {
    const found = await payments.find(key).catch(() => undefined);
    if (found?.state === 'approved' || found?.state === 'declined') outcome = found.state;
  }
  if (outcome === 'approved') {
    const approved = await give({ type: 'ApprovePayment', data: payment });
    if (approved.kind === 'unavailable') return 'open';
    return approved.kind === 'done' ? 'approved' : 'timed-out';
  }
  const reason = outcome === 'unknown' ? 'timed-out' : outcome;
  const declined = await give({ type: 'DeclinePayment', data: { ...payment, reason } });
  if (declined.kind === 'unavailable') return 'open';
  return declined.kind === 'done' ? reason : 'approved';
};

/** Confirms or releases the seat, and answers how the showing's stream then has it: a policy may have been faster. */
const settleSeat = async (
  held: DataOf<'SeatHeld'>,
  outcome: Outcome,
  give: ReturnType<typeof giveWith>,
): Promise<Settled> => {
  if (outcome === 'open') return later;
  const data = holdOf(held);
  const settled = await give(
    outcome === 'approved'
      ? { type: 'ConfirmReservation', data }
      : { type: 'ReleaseSeat', data: { ...data, reason: outcome } },
  );
  if (settled.kind === 'unavailable') return later;
  if (settled.kind === 'refused') return settled;
  const [event, ...more] = settled.events;
  const isConfirmed = event?.type === 'ReservationConfirmed' && more.length === 0;
  const standing = isConfirmed ? settled : await give({ type: 'CheckReservation', data });
  if (standing.kind === 'done') return { ...standing, body: { status: 'confirmed' } };
  const isOpen = standing.kind === 'unavailable' || UNSETTLED.has(standing.refusal.refused);
  return isOpen ? later : standing;
};

/** The seat is held, the payment taken, and the seat confirmed or released; from outside it is one step. */
const reserveSeat = ({ payments, answerWithinMs, maxPayments }: CinemaAroundOptions): Around<Data<'ReserveSeat'>> => ({
  within: answerWithinMs,
  atMost: { count: maxPayments, refusal: refuse('too-many-payments', `${maxPayments} are being taken`) },
  async before({ showingId, reservationId }, give) {
    if (payments.circuit() !== 'open') return undefined;
    // A repeat of an earlier reservation needs no payment: it is answered as it stands.
    const checked = await giveWith(give)({ type: 'CheckReservationId', data: { showingId, reservationId } });
    return checked.kind === 'done' ? refuse('payment-unavailable') : undefined;
  },
  async after({ payment }, events, give) {
    const [held] = events as readonly { data: DataOf<'SeatHeld'> }[];
    if (!held) return later;
    const cinema = giveWith(give);
    return settleSeat(held.data, await takePayment(held.data, payment, payments, cinema), cinema);
  },
});

/** What surrounds the cinema's commands. */
export const cinemaAround = (options: CinemaAroundOptions): Arounds => ({
  ScheduleShowing: scheduleShowing,
  ReserveSeat: reserveSeat(options),
  WriteReview: writeReview,
});
