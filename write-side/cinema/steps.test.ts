import { describe, expect, it } from 'vitest';
import type { CinemaEvent } from '../../schemas/cinema.ts';
import type { Dispatch, DispatchOutcome } from '../kernel/command-steps.ts';
import { refuse } from '../kernel/decider.ts';
import { cinemaSteps } from './steps.ts';

const done: DispatchOutcome = { kind: 'done', events: [], revision: 0n, position: undefined };

/** Answers commands by their type, and fails on any other. */
const answering =
  (outcomes: Readonly<Record<string, DispatchOutcome>>): Dispatch =>
  async ({ type }) => {
    if (!outcomes[type]) throw new Error(`unexpected ${type}`);
    return outcomes[type];
  };

const { check, settle } = cinemaSteps({
  payments: {
    circuit: () => 'open',
    charge: async () => {
      throw new Error('the provider was called');
    },
    find: async () => undefined,
  },
  answerWithinMs: 1_000,
  maxPayments: 1,
}).ReserveSeat!;

const free = { showingId: 's-1', reservationId: 'r-1', customerId: 'CUST1' };
const paid = { ...free, payment: { method: 'card', token: 'approve' } };
const priced = (price: number): DispatchOutcome => ({ ...done, read: { price } }) as DispatchOutcome;
const known: DispatchOutcome = { kind: 'refused', refusal: refuse('reservation-already-exists') };

describe('a reservation while the payment provider does not answer', () => {
  it('is refused before a seat is held, unless it is repeated', async () => {
    const unused = { ReadShowing: priced(12_000), CheckReservationId: done };
    expect(await check!(paid, answering(unused))).toEqual(refuse('payment-unavailable'));
    expect(await check!(paid, answering({ ...unused, CheckReservationId: known }))).toBeUndefined();
  });
  it('is taken where the seats are free', async () => {
    expect(await check!(free, answering({}))).toBeUndefined();
    expect(await check!(paid, answering({ ReadShowing: priced(0) }))).toBeUndefined();
  });
});

it('a free reservation is answered as it was decided, without the payment provider', async () => {
  const data = { ...free, movieId: 'm-1', title: '괴물', price: 0, hold: '1' };
  const events: CinemaEvent[] = [
    { type: 'SeatHeld', data: { ...data, heldAt: '2026-01-31T09:00:00.000Z' } },
    { type: 'ReservationConfirmed', data },
  ];
  for (const command of [free, paid])
    expect(await settle!(command, events, answering({}))).toEqual({ kind: 'as-decided' });
});
