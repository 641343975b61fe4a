import { describe, expect, it } from 'vitest';
import type { CinemaEvent } from '../../schemas/cinema.ts';
import type { Dispatch, DispatchOutcome } from '../kernel/command-steps.ts';
import { refuse } from '../kernel/decider.ts';
import { withSteps } from '../kernel/testing.ts';
import { writeSide } from './index.ts';
import { cinemaSteps } from './steps.ts';

const steps = cinemaSteps({
  payments: { circuit: () => 'closed', charge: async () => 'approved', find: async () => undefined },
  answerWithinMs: 1_000,
  maxPayments: 1,
});

/** A showing in a hall. */
const scheduled = async (prevent?: Parameters<typeof withSteps>[2]) => {
  const world = withSteps([writeSide], steps, prevent);
  const movie = { movieId: 'm', title: '괴물', description: '한강', runningTime: 119 };
  const showing = { movieId: 'm', hallId: 'h', seats: 2, price: 12_000 };
  const schedule = (showingId: string, startsAt: string) =>
    world.give('ScheduleShowing', { ...showing, showingId, startsAt });
  await world.give('RegisterMovie', movie);
  expect(await schedule('s', '2027-01-31T19:00:00.000Z')).toMatchObject({ kind: 'done' });
  return {
    ...world,
    schedule,
    before: [...world.types],
    move: (startsAt: string, rest = {}) => world.give('MoveShowing', { showingId: 's', startsAt }, rest),
  };
};

const [EVENING, NIGHT] = ['2027-02-01T19:00:00.000Z', '2027-02-01T23:00:00.000Z'] as const;

describe('a showing whose move fails', () => {
  it.each([
    ['by a wrong precondition', { ifMatch: [7n] }, { kind: 'stale' }],
    ['by the scope of its sender', { within: { field: 'hallId', values: ['other'] } }, { kind: 'not-owner' }],
  ])('%s keeps no other time of the hall', async (_cause, rest, outcome) => {
    const { move, schedule, types, before } = await scheduled();
    expect(await move(EVENING, rest)).toMatchObject(outcome);
    expect(types).toEqual(before);
    expect(await schedule('other', EVENING)).toMatchObject({ kind: 'done' });
  });

  it('for its own reasons does not touch the hall', async () => {
    const { move, types, before } = await scheduled();
    expect(await move('2026-01-01T19:00:00.000Z')).toMatchObject({ refusal: { refused: 'too-late' } });
    expect(types).toEqual(before);
  });

  it('after the hall had the new time gives it up', async () => {
    const { move, types, before } = await scheduled(({ type }) =>
      type === 'MoveShowing' ? { kind: 'overloaded' } : undefined,
    );
    expect(await move(EVENING)).toEqual({ kind: 'overloaded' });
    expect(types.slice(before.length)).toEqual(['HallRebooked', 'ShowingMoveVoided']);
  });
});

it('keeps no time of a hall for a repeat of an earlier move', async () => {
  const { move, types, before } = await scheduled();
  const first = await move(EVENING, { commandId: 'k' });
  await move(NIGHT);
  const moved = ['HallRebooked', 'ShowingMoved', 'HallRebooked', 'ShowingMoved'];
  expect(types.slice(before.length)).toEqual(moved);
  expect(await move(EVENING, { commandId: 'k' })).toEqual({ ...first, isReplayed: true });
  expect(await move('2027-02-02T19:00:00.000Z', { commandId: 'k' })).toEqual({ kind: 'key-reused' });
  expect(types.slice(before.length)).toEqual(moved);
});

describe('a repeat', () => {
  const reservation = { showingId: 's', reservationId: 'r', customerId: 'c', payment: { method: 'card', token: 't' } };
  const key = { commandId: 'k' };

  it.each([
    ['the reservation', 'CancelSeat', { reservationId: 'r' }],
    ['the showing', 'CancelShowing', {}],
  ])('of a paid reservation has the first answer under a key after %s was cancelled', async (_thing, cancel, rest) => {
    const { give, types } = await scheduled();
    const first = await give('ReserveSeat', reservation, key);
    expect(first).toMatchObject({ kind: 'done' });
    await give(cancel, { showingId: 's', ...rest });
    const before = [...types];
    const again = await give('ReserveSeat', reservation, key);
    expect(again).toMatchObject({ kind: 'done', isReplayed: true });
    expect(types).toEqual(before);
  });

  it.each([
    ['under a key has the first answer', {}, { kind: 'done', isReplayed: true }],
    ['without one is refused', { isNamedByContent: true }, { refusal: { refused: 'showing-canceled' } }],
  ])('of a showing %s after it was cancelled', async (_name, named, outcome) => {
    const { give, types } = await scheduled();
    for (const hall of [{}, { hallId: 'other' }]) {
      const showingId = `k-${types.length}`;
      const showing = { movieId: 'm', showingId, startsAt: EVENING, seats: 2, price: 12_000, ...hall };
      const request = { ...named, commandId: showingId };
      expect(await give('ScheduleShowing', showing, request)).toMatchObject({ kind: 'done' });
      await give('CancelShowing', { showingId });
      const before = [...types];
      expect(await give('ScheduleShowing', showing, request)).toMatchObject(outcome);
      expect(types).toEqual(before);
    }
  });
});

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
