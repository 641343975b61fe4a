import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CinemaEvent } from '../../schemas/cinema.ts';
import { cinemaAround } from '../../write-side/cinema/around.ts';
import { cinema } from '../../write-side/cinema/index.ts';
import { connectPayments, type Payments } from '../../write-side/cinema/payment/client.ts';
import { performPayments } from '../../write-side/cinema/payment/perform.ts';
import { type Sandbox, startSandbox } from '../../write-side/cinema/payment/sandbox.ts';
import { cinemaPolicies, cinemaProcesses } from '../../write-side/cinema/policies.ts';
import type { Give, GivenOutcome, Settled } from '../../write-side/kernel/around.ts';
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

/** A client for each world, so that one's broken circuit is not another's. */
const payments = (): Payments => connectPayments({ url: sandbox.url, timeoutMs: 40, breakAfter: 1_000 });

/**
 * The cinema in memory: its streams and log, its policies, and the schedule of its process managers. Nothing
 * recognises a command that comes again but the deciders themselves.
 */
const inMemory = () => {
  const log: (CinemaEvent & { revision: string })[] = [];
  const states = new Map<string, { state: unknown; revision: bigint }>();
  const now = '2026-01-31T09:00:00.000Z';

  const give: Give = async ({ type, data }): Promise<GivenOutcome> => {
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
        if (events.includes(event.type)) for (const command of react(event)) await give(command as Command);
    }
  };

  /** What the schedule holds after every event. */
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

  /** Lets everything come to its end that does not depend on the process that died. */
  const recover = async () => {
    const perform = performPayments(payments());
    for (let round = 0; round < 10; round++) {
      await runPolicies();
      const due = tasks();
      if (due.length === 0) return;
      for (const task of due)
        await perform(task, async (command) => ((await give(command)).kind === 'done' ? 'done' : 'refused'));
    }
    throw new Error(`still to be done: ${JSON.stringify(tasks())}`);
  };

  return { log, give, recover };
};

/** Counts the steps of whoever takes a payment, and stops it for ever, or until it is woken, at one of them. */
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
    /** Both before and after what the step does. */
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
  meanwhile: (give: Give, showingId: string) => Promise<unknown>,
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
  await world.give({ type: 'OpenShowing', data: showing });
  const command = { showingId, reservationId, customerId, payment: { method: 'card', token } };
  const held = await world.give({ type: 'ReserveSeat', data: command });
  if (held.kind !== 'done') throw new Error('no seat was held');

  const { around, reached, wake } = interruptions(at);
  const client = payments();
  const { ReserveSeat } = cinemaAround({
    payments: { circuit: client.circuit, charge: around(client.charge), find: around(client.find) },
    answerWithinMs: 1_000,
    maxPayments: 1,
  });
  const taking: Promise<Settled> = ReserveSeat!.after!(command, held.events, around(world.give));
  const isInterrupted = await Promise.race([taking.then(() => false), reached.then(() => true)]);
  await meanwhile(world.give, showingId);
  await world.recover();
  let answer: Settled | undefined;
  if (wakes || !isInterrupted) {
    wake();
    answer = await taking;
    await world.recover();
  }

  const types = world.log.map(({ type }) => type);
  const number = (type: CinemaEvent['type']) => types.filter((other) => other === type).length;
  const { charges, refunds } = sandbox.totals();
  return {
    isInterrupted,
    answer,
    number,
    paid: charges - before.charges - (refunds - before.refunds),
    standing: number('ReservationConfirmed') - number('SeatReservationCanceled'),
  };
};

const nothing = async () => {};
const cancelShowing = (give: Give, showingId: string) =>
  give({ type: 'CancelShowing', data: { showingId, movieId: 'm' } });

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
      if (end.answer?.kind === 'done') expect(end.number('ReservationConfirmed'), told).toBe(1);
      if (meanwhile === cancelShowing) expect(end.standing, told).toBe(0);
    }
    expect(steps).toBeGreaterThan(6);
  });
});
