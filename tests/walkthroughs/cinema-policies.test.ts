import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CinemaEvent, type Hold, holdOf } from '../../schemas/cinema.ts';
import { writeSide as cinema } from '../../write-side/cinema/index.ts';
import { connectPayments, type Payments } from '../../write-side/cinema/payment-provider/client.ts';
import { performPayments } from '../../write-side/cinema/payment-provider/perform.ts';
import { type Sandbox, startSandbox } from '../../write-side/cinema/payment-provider/sandbox.ts';
import { policies as cinemaPolicies, cinemaProcesses } from '../../write-side/cinema/policies.ts';
import { cinemaSteps } from '../../write-side/cinema/steps.ts';
import type { Dispatch, DispatchOutcome, Settled } from '../../write-side/kernel/command-steps.ts';
import { isRefusal } from '../../write-side/kernel/decider.ts';

type Command = { type: string; data: object };
type Task = { task: string; data: object; attempts: number };

const PRICE = 12_000;
const TOKENS = ['approve', 'decline', 'hang', 'fail-then-approve', 'charge-then-drop'] as const;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** A client per world, so that a broken circuit affects only its own world. */
const payments = (): Payments => connectPayments({ url: sandbox.url, timeoutMs: 40, breakAfter: 1_000 });

/**
 * The cinema in memory: its streams and log, its policies, and the schedule of its process managers. Nothing
 * recognises a command that comes again but the deciders themselves.
 */
const inMemory = () => {
  const log: (CinemaEvent & { revision: string })[] = [];
  const states = new Map<string, { state: unknown; revision: bigint }>();
  const now = '2026-01-31T09:00:00.000Z';

  const dispatch: Dispatch = async ({ type, data }): Promise<DispatchOutcome> => {
    const decider = cinema.deciders.find(({ commands }) => commands.includes(type))!;
    const stream = `${decider.category}-${decider.id(data)}`;
    let { state, revision } = states.get(stream) ?? { state: decider.initialState, revision: 0n };
    const decision = decider.decide({ type, data }, state, { now, revision });
    if (isRefusal(decision)) return { kind: 'refused', refusal: decision };
    for (const event of decision) {
      log.push({ ...(event as CinemaEvent), revision: `${revision}` });
      state = decider.evolve(state, event);
      revision += 1n;
    }
    states.set(stream, { state, revision });
    return { kind: 'done', events: decision, revision: revision - 1n, position: undefined };
  };

  const runPolicies = async () => {
    for (let at = 0; at < log.length; at++) {
      const event = log[at]!;
      for (const { events, react } of cinemaPolicies)
        if (events.includes(event.type))
          for (const command of react(event))
            expect((await dispatch(command as Command)).kind, 'a refused policy command is parked').toBe('done');
    }
  };

  /** The content of the schedule after every event. */
  const tasks = (): Task[] => {
    const planned = new Map<string, Task>();
    for (const event of log)
      for (const { name, events, plan } of cinemaProcesses(0)) {
        if (name !== 'cinema.payments' || !events.includes(event.type)) continue;
        for (const { key, ...task } of plan(event)) {
          if (task.task === null) planned.delete(key);
          else planned.set(key, { task: task.task, data: task.data, attempts: 9 });
        }
      }
    return [...planned.values()];
  };

  /** Finishes everything that does not depend on the dead process. */
  const recover = async () => {
    const perform = performPayments(payments());
    for (let round = 0; round < 10; round++) {
      await runPolicies();
      const due = tasks();
      if (due.length === 0) return;
      for (const task of due)
        await perform(task, async (command) => ((await dispatch(command)).kind === 'done' ? 'done' : 'refused'));
    }
    throw new Error(`still to be done: ${JSON.stringify(tasks())}`);
  };

  return { log, dispatch, recover };
};

/** Counts the steps of a payment, and stops it at one of them, for ever or until it is resumed. */
const interruptions = (at: number) => {
  let step = 0;
  let stopped = () => {};
  let wake = () => {};
  const reached = new Promise<void>((resolve) => {
    stopped = resolve;
  });
  const sleep = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const pass = async () => {
    if (step++ !== at) return;
    stopped();
    await sleep;
  };
  return {
    reached,
    wake: () => wake(),
    /** A stop before and one after the step. */
    around:
      <Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>) =>
      async (...args: Args): Promise<Result> => {
        await pass();
        const result = await work(...args);
        await pass();
        return result;
      },
  };
};

let count = 0;

/** One reservation, interrupted at a step; meanwhile something else may happen. */
const play = async (
  token: string,
  at: number,
  meanwhile: (dispatch: Dispatch, showingId: string) => Promise<unknown>,
  wakes: boolean,
) => {
  const world = inMemory();
  const before = { ...sandbox.totals() };
  count += 1;
  const [showingId, reservationId, customerId] = [`s${count}`, 'r', 'CUST1'];
  const showing = {
    showingId,
    movieId: 'm',
    title: '괴물',
    startsAt: '2027-01-31T19:00:00.000Z',
    seats: 1,
    price: PRICE,
  };
  await world.dispatch({ type: 'OpenShowing', data: showing });
  const command = { showingId, reservationId, customerId, payment: { method: 'card', token } };
  const held = await world.dispatch({ type: 'ReserveSeat', data: command });
  if (held.kind !== 'done') throw new Error('no seat was held');

  const { around, reached, wake } = interruptions(at);
  const client = payments();
  const { ReserveSeat } = cinemaSteps({
    payments: { circuit: client.circuit, charge: around(client.charge), find: around(client.find) },
    answerWithinMs: 1_000,
    maxPayments: 1,
  });
  const taking: Promise<Settled> = ReserveSeat!.settle!(command, held.events, around(world.dispatch));
  const isInterrupted = await Promise.race([taking.then(() => false), reached.then(() => true)]);
  await meanwhile(world.dispatch, showingId);
  await world.recover();
  let answer: Settled | undefined;
  if (wakes || !isInterrupted) {
    wake();
    answer = await taking;
    await world.recover();
  }
  const repeated = await ReserveSeat!.settle!(command, held.events, world.dispatch);

  const types = world.log.map(({ type }) => type);
  const number = (type: CinemaEvent['type']) => types.filter((other) => other === type).length;
  const { charges, refunds } = sandbox.totals();
  return {
    isInterrupted,
    answer,
    repeated,
    number,
    paid: charges - before.charges - (refunds - before.refunds),
    /** Whether the customer ever had the seat: not if it was cancelled in the append that confirmed it. */
    stood:
      types.includes('ReservationConfirmed') &&
      types[types.indexOf('ReservationConfirmed') + 1] !== 'SeatReservationCanceled',
    standing: number('ReservationConfirmed') - number('SeatReservationCanceled'),
  };
};

const nothing = async () => {};
const cancelShowing = (dispatch: Dispatch, showingId: string) =>
  dispatch({ type: 'CancelShowing', data: { showingId, movieId: 'm' } });

describe.each(TOKENS)('a reservation paid with %s', (token) => {
  it.each([
    ['the process is killed', nothing, false],
    ['the process is killed, and the showing cancelled', cancelShowing, false],
    ['the process sleeps through the deadline', nothing, true],
    ['the process sleeps through the deadline and the cancellation of the showing', cancelShowing, true],
  ])('stands with one payment or not at all, at whatever step %s', async (_what, meanwhile, wakes) => {
    let steps = 0;
    for (let isInterrupted = true; isInterrupted; steps++) {
      const end = await play(token, steps, meanwhile, wakes);
      const told = `step ${steps}`;
      isInterrupted = end.isInterrupted;
      expect(end.paid, told).toBe(end.standing);
      expect(end.number('SeatHeld'), told).toBe(1);
      expect(end.number('ReservationConfirmed') + end.number('SeatReleased'), told).toBe(1);
      expect(end.number('PaymentApproved') + end.number('PaymentDeclined'), told).toBe(1);
      expect(end.number('PaymentRefunded') + end.number('PaymentVoided'), told).toBeLessThanOrEqual(1);
      if (end.answer?.kind === 'done') expect(end.stood, `${told} is answered as it stands`).toBe(true);
      if (end.answer?.kind === 'refused') expect(end.standing, `${told} is answered as it stands`).toBe(0);
      expect(end.repeated.kind, `${told} repeated is answered as it stands`).toBe(
        end.standing === 1 ? 'done' : 'refused',
      );
      if (meanwhile === cancelShowing) expect(end.standing, told).toBe(0);
    }
    expect(steps).toBeGreaterThan(6);
  });
});

describe('two movies that schedule one showing at the same time', () => {
  const showing = { showingId: 'shared', startsAt: '2027-01-31T19:00:00.000Z', seats: 1, price: PRICE };

  /** Both movies have scheduled the showing; neither has opened it. */
  const scheduled = async () => {
    const world = inMemory();
    const { ScheduleShowing } = cinemaSteps({ payments: payments(), answerWithinMs: 1_000, maxPayments: 1 });
    const schedule = async (movieId: string) => {
      const data = { ...showing, movieId };
      expect(await ScheduleShowing!.check!(data, world.dispatch)).toBeUndefined();
      const outcome = await world.dispatch({ type: 'ScheduleShowing', data });
      if (outcome.kind !== 'done') throw new Error('it was not scheduled');
      return { open: () => ScheduleShowing!.settle!(data, outcome.events, world.dispatch) };
    };
    for (const movieId of ['A', 'B'])
      await world.dispatch({
        type: 'RegisterMovie',
        data: { movieId, title: '괴물', description: '한강', runningTime: 119 },
      });
    return { ...world, A: await schedule('A'), B: await schedule('B') };
  };
  const deleteMovie = (movieId: string) => ({ type: 'DeleteMovie', data: { movieId } });
  const eventsOf = (log: readonly CinemaEvent[], type: CinemaEvent['type']) =>
    log.filter((event) => event.type === type).map(({ data }) => ('movieId' in data ? data.movieId : ''));

  it.each([
    ['its write side withdraws it', true],
    ['its write side is killed', false],
  ])('the loser is withdrawn, and its deletion leaves the showing of the other: %s', async (_what, answers) => {
    const { dispatch, recover, log, A, B } = await scheduled();
    expect((await A.open()).kind).toBe('done');
    if (answers) expect(await B.open()).toMatchObject({ refusal: { refused: 'showing-already-exists' } });
    await recover();
    expect(eventsOf(log, 'ShowingWithdrawn')).toEqual(['B']);
    expect((await dispatch(deleteMovie('B'))).kind).toBe('done');
    await recover();
    expect(eventsOf(log, 'ShowingCanceled')).toEqual([]);
    expect(await B.open()).toMatchObject({ refusal: { refused: 'showing-already-exists' } });

    expect((await dispatch(deleteMovie('A'))).kind).toBe('done');
    await recover();
    expect(eventsOf(log, 'ShowingCanceled')).toEqual(['A']);
    expect(await A.open(), 'a repeat is answered as it stands').toMatchObject({
      refusal: { refused: 'showing-canceled' },
    });
  });

  it('stay apart when a policy opens the showing first', async () => {
    const { recover, log, A, B } = await scheduled();
    await recover();
    expect((await A.open()).kind).toBe('done');
    expect(await B.open()).toMatchObject({ refusal: { refused: 'showing-already-exists' } });
    expect(eventsOf(log, 'ShowingOpened')).toEqual(['A']);
    expect(eventsOf(log, 'ShowingWithdrawn')).toEqual(['B']);
  });
});

describe('a reservation id that is used again, long after its reservation ended', () => {
  const [reservationId, customerId] = ['mine', 'CUST1'];

  /** Number of later reservations after which a showing forgets an ended one. */
  const FORGOTTEN_AFTER = 2_001;

  const playAgain = async () => {
    const world = inMemory();
    const before = { ...sandbox.totals() };
    count += 1;
    const showingId = `s${count}`;
    const { ReserveSeat } = cinemaSteps({ payments: payments(), answerWithinMs: 1_000, maxPayments: 1 });
    const data = {
      showingId,
      movieId: 'm',
      title: '괴물',
      startsAt: '2027-01-31T19:00:00.000Z',
      seats: 1,
      price: PRICE,
    };
    await world.dispatch({ type: 'OpenShowing', data });
    return {
      ...world,
      async reserve(token: string): Promise<Settled> {
        const command = { showingId, reservationId, customerId, payment: { method: 'card', token } };
        const held = await world.dispatch({ type: 'ReserveSeat', data: command });
        return held.kind === 'done' ? ReserveSeat!.settle!(command, held.events, world.dispatch) : { kind: 'later' };
      },
      cancel: () => world.dispatch({ type: 'CancelSeat', data: { showingId, reservationId } }),
      async forget() {
        for (let other = 0; other < FORGOTTEN_AFTER; other++) {
          const others = { showingId, reservationId: `other-${other}` };
          const payment = { method: 'card', token: 'decline' };
          const held = await world.dispatch({ type: 'ReserveSeat', data: { ...others, customerId, payment } });
          if (held.kind !== 'done') throw new Error('no seat was held');
          const hold = held.events[0]?.data as Hold;
          await world.dispatch({ type: 'ReleaseSeat', data: { ...holdOf(hold), reason: 'declined' } });
        }
      },
      money: () => {
        const { charges, refunds } = sandbox.totals();
        return { charges: charges - before.charges, refunds: refunds - before.refunds };
      },
    };
  };

  it('is paid for again: a declined card gets no seat', async () => {
    const { reserve, cancel, forget, recover, money, log } = await playAgain();
    expect((await reserve('approve')).kind).toBe('done');
    await cancel();
    await recover();
    await forget();
    expect(await reserve('decline')).toMatchObject({ kind: 'refused', refusal: { refused: 'payment-declined' } });
    await recover();
    expect(log.filter(({ type }) => type === 'ReservationConfirmed')).toHaveLength(1);
    expect(money()).toEqual({ charges: 1, refunds: 1 });
  });

  it('is charged and refunded for each hold, also when the first refund is late', async () => {
    const { reserve, cancel, forget, recover, money, log } = await playAgain();
    await reserve('approve');
    await cancel();
    await forget();
    expect((await reserve('approve')).kind).toBe('done');
    expect(money()).toEqual({ charges: 2, refunds: 0 });
    await cancel();
    await recover();
    expect(money()).toEqual({ charges: 2, refunds: 2 });
    expect(log.filter(({ type }) => type === 'PaymentRefunded')).toHaveLength(2);
  });

  it('has its own messages', async () => {
    const { reserve, cancel, forget, log } = await playAgain();
    await reserve('approve');
    await cancel();
    await forget();
    await reserve('approve');
    const manager = cinemaProcesses(0).find(({ name }) => name === 'cinema.messages')!;
    const keys = log.filter(({ type }) => manager.events.includes(type)).map((event) => manager.plan(event)[0]?.key);
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(3);
  });
});
