import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CinemaEvent, schema as cinemaSchema, type Hold, holdOf } from '../../schemas/cinema.ts';
import { messages } from '../../schemas/cinema-messages.ts';
import { messagesOf } from '../../schemas/customer-messages.ts';
import { writeSide as cinema } from '../../write-side/cinema/index.ts';
import {
  policies as cinemaPolicies,
  payments as paymentProcess,
  paymentRecords,
  timers,
} from '../../write-side/cinema/policies.ts';
import { cinemaSteps } from '../../write-side/cinema/steps.ts';
import type { Dispatch, DispatchOutcome, Settled } from '../../write-side/kernel/command-steps.ts';
import { type DecisionInput, isRefusal } from '../../write-side/kernel/decider.ts';
import { connectPayments } from '../../write-side/payments/client.ts';
import type { Payments } from '../../write-side/payments/payments.ts';
import { performPayments } from '../../write-side/payments/perform.ts';
import { type Sandbox, startSandbox } from '../../write-side/payments/sandbox.ts';

type Command = { type: string; data: object };
type Prepared = Pick<DecisionInput, 'prepared'>;
type Task = { task: string; data: object; attempts: number };

const PRICE = 12_000;
const TOKENS = ['approve', 'decline', 'hang', 'fail-then-approve', 'charge-then-drop'] as const;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** A client per world, so that a broken circuit affects only its own world. */
const payments = (): Payments => connectPayments({ url: sandbox.url, timeoutMs: 40, breakFrom: 1_000 });

/**
 * The cinema in memory: its streams and log, its policies, and the schedule of its process managers. Nothing
 * recognises a command that comes again but the deciders themselves.
 */
const inMemory = () => {
  const log: (CinemaEvent & { revision: string; time: string })[] = [];
  const states = new Map<string, { state: unknown; revision: bigint }>();
  let now = '2026-01-31T09:00:00.000Z';

  const dispatch = async ({ type, data, prepared }: Command & Prepared): Promise<DispatchOutcome> => {
    const decider = cinema.deciders.find(({ commands }) => commands.includes(type))!;
    const stream = `${decider.category}-${decider.id(data)}`;
    let { state, revision } = states.get(stream) ?? { state: decider.initialState, revision: 0n };
    const decision = decider.decide({ type, data }, state, { now, timeZone: 'Asia/Seoul', revision, prepared });
    if (isRefusal(decision)) return { kind: 'refused', refusal: decision };
    for (const event of decision) {
      log.push({ ...(event as CinemaEvent), revision: `${revision}`, time: now });
      state = decider.evolve(state, event);
      revision += 1n;
    }
    states.set(stream, { state, revision });
    const read = decision.length === 0 ? decider.read?.({ type, data }, state) : undefined;
    return { kind: 'done', events: decision, revision: revision - 1n, position: undefined, ...(read ? { read } : {}) };
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
    const { events, plan } = paymentProcess(0);
    for (const event of log)
      if (events.includes(event.type))
        for (const { key, ...task } of plan(event)) {
          if (task.task === null) planned.delete(key);
          else planned.set(key, { task: task.task, data: task.data, attempts: 9 });
        }
    return [...planned.values()];
  };

  /** Dispatches the commands of the timers that are planned in the end, and then what policies do. */
  const runTimers = async (name: string) => {
    const { events, plan } = timers.find((timer) => timer.name === name)!;
    const planned = new Map<string, Command>();
    for (const event of log.filter(({ type }) => events.includes(type)))
      for (const { key, ...task } of plan(event))
        if (task.task === null) planned.delete(key);
        else planned.set(key, { type: task.task, data: task.data });
    for (const command of planned.values()) await dispatch(command);
    await runPolicies();
  };

  /** Finishes everything that does not depend on the dead process. */
  const recover = async () => {
    const perform = performPayments(payments(), paymentRecords);
    for (let round = 0; round < 10; round++) {
      await runPolicies();
      const due = tasks();
      if (due.length === 0) return;
      for (const task of due)
        await perform(task, async (command) => ((await dispatch(command)).kind === 'done' ? 'done' : 'refused'));
    }
    throw new Error(`still to be done: ${JSON.stringify(tasks())}`);
  };

  const at = (time: string) => {
    now = time;
  };

  return { log, dispatch, recover, handleAll: runPolicies, runTimers, at };
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
  meanwhile: (dispatch: Dispatch, showingId: string, recover: () => Promise<void>) => Promise<unknown>,
  wakes: boolean,
) => {
  const world = inMemory();
  const before = { ...sandbox.totals() };
  count += 1;
  const [showingId, reservationId, customerId] = [`s${count}`, 'r', 'CUST1'];
  /** Every other reservation is a group's. */
  const places = 1 + (count % 2);
  const showing = {
    showingId,
    movieId: 'm',
    title: '괴물',
    startsAt: '2027-01-31T19:00:00.000Z',
    seats: 2,
    price: PRICE,
  };
  await world.dispatch({ type: 'OpenShowing', data: showing });
  const payment = { method: 'card', token };
  const command = { showingId, reservationId, customerId, places, payment };
  const held = await world.dispatch({ type: 'ReserveSeat', data: command });
  if (held.kind !== 'done') throw new Error('no seat was held');

  const { around, reached, wake } = interruptions(at);
  const client = payments();
  const { ReserveSeat } = cinemaSteps({
    payments: { circuit: client.circuit, charge: around(client.charge), find: around(client.find) },
    answerWithinMs: 1_000,
    maxPayments: 1,
  });
  let hasConfirmed = false;
  const dispatchAndNote: Dispatch = async (step) => {
    const outcome = await world.dispatch(step);
    if (outcome.kind === 'done' && outcome.events.some(({ type }) => type === 'ReservationConfirmed'))
      hasConfirmed = true;
    return outcome;
  };
  const taking: Promise<Settled> = ReserveSeat!.settle!(command, held.events, around(dispatchAndNote));
  const isInterrupted = await Promise.race([taking.then(() => false), reached.then(() => true)]);
  await meanwhile(world.dispatch, showingId, world.recover);
  await world.recover();
  let answer: Settled | undefined;
  if (wakes || !isInterrupted) {
    wake();
    answer = await taking;
    await world.recover();
  }
  const repeated = await ReserveSeat!.settle!(command, held.events, world.dispatch);
  const underKey = await ReserveSeat!.settle!(command, held.events, world.dispatch, true);

  const types = world.log.map(({ type }) => type);
  const number = (type: CinemaEvent['type']) => types.filter((other) => other === type).length;
  const { charges, refunds, charged, refunded } = sandbox.totals();
  return {
    isInterrupted,
    answer,
    repeated,
    underKey,
    number,
    paid: charges - before.charges - (refunds - before.refunds),
    money: charged - before.charged - (refunded - before.refunded),
    places,
    /** True when the write side itself confirmed the seat, not a policy while it was paused. */
    hasConfirmed,
    /** False when the seat was cancelled in the append that confirmed it: the customer never had it. */
    stood:
      types.includes('ReservationConfirmed') &&
      !types.slice(0, types.indexOf('ReservationConfirmed')).includes('ShowingCanceled'),
    standing: number('ReservationConfirmed') - number('SeatReservationCanceled'),
  };
};

const nothing = async () => {};
const cancelShowing = (dispatch: Dispatch, showingId: string) =>
  dispatch({ type: 'CancelShowing', data: { showingId } });

/** The customer cancels what a policy confirmed while the write side sleeps. */
const cancelSeat = async (dispatch: Dispatch, showingId: string, recover: () => Promise<void>) => {
  await recover();
  await dispatch({ type: 'CancelSeat', data: { showingId, reservationId: 'r' } });
};

describe.each(TOKENS)('a reservation paid with %s', (token) => {
  it.each([
    ['the process is killed', nothing, false],
    ['the process is killed, and the showing cancelled', cancelShowing, false],
    ['the process sleeps through the deadline', nothing, true],
    ['the process sleeps through the deadline and the cancellation of the showing', cancelShowing, true],
    ["the process sleeps through the deadline and the customer's cancellation", cancelSeat, true],
  ])('stands with one payment or not at all, at whatever step %s', async (_what, meanwhile, wakes) => {
    let steps = 0;
    for (let isInterrupted = true; isInterrupted; steps++) {
      const end = await play(token, steps, meanwhile, wakes);
      const told = `step ${steps}`;
      isInterrupted = end.isInterrupted;
      expect(end.paid, told).toBe(end.standing);
      expect(end.money, told).toBe(end.standing * end.places * PRICE);
      expect(end.number('SeatHeld'), told).toBe(1);
      expect(end.number('ReservationConfirmed') + end.number('SeatReleased'), told).toBe(1);
      expect(end.number('PaymentApproved') + end.number('PaymentDeclined'), told).toBe(1);
      expect(end.number('PaymentRefunded') + end.number('PaymentVoided'), told).toBeLessThanOrEqual(1);
      if (end.answer?.kind === 'done') expect(end.stood, `${told} is answered as it stands`).toBe(true);
      if (end.answer?.kind === 'refused') expect(end.standing, `${told} is answered as it stands`).toBe(0);
      expect(end.repeated.kind, `${told} repeated is answered as it stands`).toBe(
        end.standing === 1 ? 'done' : 'refused',
      );
      expect(end.underKey.kind, `${told} repeated under its key is answered as it was decided`).toBe(
        end.stood ? 'done' : 'refused',
      );
      if (meanwhile === cancelSeat && !end.hasConfirmed)
        expect(end.answer, `${told}: a cancelled reservation is not answered as confirmed`).not.toMatchObject({
          body: { status: 'confirmed' },
        });
      if (meanwhile === cancelShowing) expect(end.standing, told).toBe(0);
    }
    expect(steps).toBeGreaterThan(6);
  });
});

it('a review that was written while its reservation was cancelled is withdrawn', async () => {
  const startsAt = '2026-01-31T09:00:00.001Z';
  const began = '2026-01-31T10:00:00.000Z';
  const [showingId, movieId, reservationId, customerId] = ['s', 'm', 'r', 'CUST1'];
  const world = inMemory();
  await world.dispatch({
    type: 'OpenShowing',
    data: { showingId, movieId, title: '괴물', startsAt, seats: 1, price: PRICE },
  });
  const payment = { method: 'card', token: 'approve' };
  await world.dispatch({ type: 'ReserveSeat', data: { showingId, reservationId, customerId, payment } });
  const hold = { showingId, reservationId, hold: '1' };
  await world.dispatch({ type: 'ApprovePayment', data: { ...hold, customerId, title: '괴물', amount: PRICE } });
  await world.dispatch({ type: 'ConfirmReservation', data: hold });
  world.at(began);
  const { WriteReview } = cinemaSteps({ payments: payments(), answerWithinMs: 1_000, maxPayments: 1 });
  const review = { movieId, customerId, showingId, reservationId, rating: 1, text: '?' };
  expect(await WriteReview!.check!(review, world.dispatch)).toBeUndefined();
  await world.dispatch({ type: 'CancelShowing', data: { showingId } });
  await world.recover();
  const written = await world.dispatch({ type: 'WriteReview', data: review });
  if (written.kind !== 'done') throw new Error('it was not written');
  expect(await WriteReview!.settle!(review, written.events, world.dispatch)).toMatchObject({
    refusal: { refused: 'not-a-guest' },
  });
  expect(world.log.map(({ type }) => type).slice(-2)).toEqual(['ReviewWritten', 'ReviewDeleted']);
});

it('writes no review while it is not known whether the customer is a guest', async () => {
  const { WriteReview } = cinemaSteps({ payments: payments(), answerWithinMs: 1_000, maxPayments: 1 });
  const review = { movieId: 'm', customerId: 'C', showingId: 's', reservationId: 'r', rating: 1, text: '?' };
  const asked: string[] = [];
  const unavailable: Dispatch = async ({ type }) => {
    asked.push(type);
    return { kind: 'unavailable' };
  };
  expect(await WriteReview!.check!(review, unavailable)).toBe('unavailable');
  expect(asked).toEqual(['ProveGuest']);
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

it('every guest of a moved showing gets one message, however often policies handle its events', async () => {
  const world = inMemory();
  const [showingId, guests] = ['s', 500];
  const startsAt = '2027-01-31T19:00:00.000Z';
  const showing = { showingId, movieId: 'm', title: '괴물', startsAt, seats: guests, price: PRICE };
  await world.dispatch({ type: 'OpenShowing', data: showing });
  for (let n = 0; n < guests; n++) {
    const seat = { showingId, reservationId: `r${n}`, customerId: `C${n}`, payment: { method: 'card', token: '-' } };
    const held = await world.dispatch({ type: 'ReserveSeat', data: seat });
    const hold = held.kind === 'done' ? (held.events[0]!.data as Hold) : seat;
    await world.dispatch({ type: 'ConfirmReservation', data: holdOf(hold) });
  }
  // Its process ends with the append.
  await world.dispatch({ type: 'MoveShowing', data: { showingId, startsAt: '2027-01-31T21:00:00.000Z' } });
  const { effectOf } = messagesOf([{ schema: cinemaSchema, messages }], 'Asia/Seoul');
  const told = () => world.log.flatMap((event) => effectOf(event).message ?? []).filter(({ kind }) => kind === 'moved');
  expect(told().length).toBeLessThan(guests);
  for (let times = 0; times < 2; times++) {
    await world.handleAll();
    expect(told()).toHaveLength(guests);
  }
  expect(new Set(told().map(({ customerId }) => customerId)).size).toBe(guests);
  expect(effectOf(world.log.findLast(({ type }) => type === 'SeatReservationMoved')!).reminder?.data).toMatchObject({
    at: '2027-01-31T20:00:00.000Z',
  });
});

describe('a showing in a hall', () => {
  const startsAt = '2027-01-31T19:00:00.000Z';
  const film = { movieId: 'm', title: '괴물', description: '한강', runningTime: 119 };

  const world = async () => {
    const made = inMemory();
    const { ScheduleShowing } = cinemaSteps({ payments: payments(), answerWithinMs: 1_000, maxPayments: 1 });
    await made.dispatch({ type: 'RegisterMovie', data: film });
    const schedule = async (showingId: string) => {
      const data = { movieId: 'm', showingId, hallId: 'h', startsAt, seats: 1, price: PRICE };
      const outcome = await made.dispatch({ type: 'ScheduleShowing', data });
      if (outcome.kind !== 'done') throw new Error('it was not scheduled');
      return (dispatch = made.dispatch) => ScheduleShowing!.settle!(data, outcome.events, dispatch);
    };
    return { ...made, schedule };
  };
  const opened = (log: readonly CinemaEvent[]) =>
    log.flatMap(({ type, data }) => (type === 'ShowingOpened' ? [data.showingId] : []));

  it('is opened with its hall, and another one at that time is refused and withdrawn', async () => {
    const { schedule, recover, log } = await world();
    const [first, second] = [await schedule('s-1'), await schedule('s-2')];
    expect((await first()).kind).toBe('done');
    expect(await second()).toMatchObject({ kind: 'refused', refusal: { refused: 'hall-in-use' } });
    await recover();
    expect(opened(log)).toEqual(['s-1']);
    expect(log.filter(({ type }) => type === 'ShowingWithdrawn')).toHaveLength(1);
  });

  it('has one hall, at whatever step its write side is killed or sleeps', async () => {
    for (let step = 0, isInterrupted = true; isInterrupted; step++) {
      const { schedule, recover, dispatch, log } = await world();
      const [first, second] = [await schedule('s-1'), await schedule('s-2')];
      const { around, reached, wake } = interruptions(step);
      const taking = first(around(dispatch));
      isInterrupted = await Promise.race([taking.then(() => false), reached.then(() => true)]);
      const other = await second();
      await recover();
      wake();
      const answer = await taking;
      await recover();
      expect([answer.kind, other.kind].sort(), `step ${step}`).toEqual(['done', 'refused']);
      expect(opened(log), `step ${step}`).toEqual([answer.kind === 'done' ? 's-1' : 's-2']);
      expect(log.filter(({ type }) => type === 'ShowingWithdrawn')).toHaveLength(1);
    }
  });

  it('has the hall once, at whatever step its move is killed, and moves or does not', async () => {
    const later = '2027-01-31T20:00:00.000Z';
    const outcomes = new Set<string>();
    const { MoveShowing } = cinemaSteps({ payments: payments(), answerWithinMs: 1_000, maxPayments: 1 });
    for (let step = 0, isInterrupted = true; isInterrupted; step++) {
      const { schedule, recover, runTimers, dispatch, log } = await world();
      await (await schedule('s-1'))();
      const { around, reached } = interruptions(step);
      const data = { showingId: 's-1', startsAt: later };
      const move = async () => {
        const prepared = await MoveShowing!.prepare!(data, around(dispatch));
        if (prepared === 'unavailable') throw new Error('the hall did not answer');
        await around(dispatch)({ type: 'MoveShowing', data, ...(prepared ? { prepared } : {}) } as Command);
      };
      isInterrupted = await Promise.race([move().then(() => false), reached.then(() => true)]);
      await recover();
      await runTimers('cinema.moves');
      await runTimers('cinema.moves');
      const kept = new Map<string, string>();
      for (const { type, data: of } of log) {
        if (type === 'HallBooked' || type === 'HallRebooked') kept.set(of.slot, of.startsAt);
        if (type === 'HallFreed') kept.delete(of.slot);
      }
      const moved = log.find(({ type }) => type === 'ShowingMoved');
      expect([...kept.values()], `step ${step}`).toEqual([moved ? later : startsAt]);
      outcomes.add(moved ? 'moved' : 'stays');

      // In every case it is withdrawn with its movie, and the hall is free.
      await dispatch({ type: 'DeleteMovie', data: { movieId: 'm' } });
      await recover();
      expect(log.filter(({ type }) => type === 'ShowingCanceled')).toHaveLength(1);
      for (const { type, data: of } of log) if (type === 'HallFreed') kept.delete(of.slot);
      expect(kept.size).toBe(0);
    }
    expect([...outcomes].sort()).toEqual(['moved', 'stays']);
  });

  it('stays where it is, and changes nothing, when another showing has the hall at the new time', async () => {
    const { schedule, dispatch, log } = await world();
    await (await schedule('s-1'))();
    const { MoveShowing, ScheduleShowing } = cinemaSteps({ payments: payments(), answerWithinMs: 1, maxPayments: 1 });
    const other = {
      movieId: 'm',
      showingId: 's-2',
      hallId: 'h',
      startsAt: '2027-01-31T22:00:00.000Z',
      seats: 1,
      price: 1,
    };
    const scheduled = await dispatch({ type: 'ScheduleShowing', data: other });
    if (scheduled.kind === 'done') await ScheduleShowing!.settle!(other, scheduled.events, dispatch);
    const before = log.length;
    const data = { showingId: 's-1', startsAt: '2027-01-31T21:00:00.000Z' };
    const prepared = (await MoveShowing!.prepare!(data, dispatch)) as NonNullable<Prepared['prepared']>;
    expect(await dispatch({ type: 'MoveShowing', data, prepared })).toMatchObject({
      refusal: { refused: 'hall-in-use' },
    });
    await MoveShowing!.undo!(data, prepared, dispatch);
    expect(log.length).toBe(before);
    const third = { ...other, showingId: 's-3', startsAt: data.startsAt };
    expect(await ScheduleShowing!.check!(third, dispatch)).toMatchObject({ refused: 'hall-in-use' });
    expect(await ScheduleShowing!.check!(other, dispatch), 'a repeat is answered as it stands').toBeUndefined();
    expect(log.length).toBe(before);
  });

  it('can be scheduled again under its id after it was refused', async () => {
    const { schedule, recover, dispatch, log } = await world();
    await (await schedule('s-1'))();
    await (await schedule('s-2'))();
    await dispatch({ type: 'CancelShowing', data: { showingId: 's-1' } });
    await recover();
    expect((await (await schedule('s-2'))()).kind).toBe('done');
    await recover();
    expect(opened(log)).toEqual(['s-1', 's-2']);
    expect(log.at(-1)?.type).toBe('ShowingOpened');
  });

  it('is cancelled, and its hall is free, when its movie is deleted before it was opened', async () => {
    const { schedule, recover, dispatch, log } = await world();
    await schedule('s-1');
    await dispatch({ type: 'DeleteMovie', data: { movieId: 'm' } });
    await recover();
    expect(log.map(({ type }) => type).slice(-5)).toEqual([
      'ShowingWithdrawn',
      'HallBooked',
      'HallFreed',
      'ShowingOpened',
      'ShowingCanceled',
    ]);
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
    const { types, effectOf } = messagesOf([{ schema: cinemaSchema, messages }], 'Asia/Seoul');
    const made = log.filter(({ type }) => types.includes(type)).flatMap((event) => effectOf(event).message ?? []);
    // The reservations that make the showing forget the id are rejected.
    const own = made.filter(({ kind }) => kind !== 'rejected');
    expect(own.map(({ kind }) => kind)).toEqual(['confirmed', 'canceled', 'confirmed']);
    expect(new Set(made.map(({ messageId }) => messageId)).size).toBe(made.length);
  });
});
