import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { writeSide as bikeRental } from '../../write-side/bike-rental/index.ts';
import { chargeRecords, charges } from '../../write-side/bike-rental/policies.ts';
import { bikeRentalSteps } from '../../write-side/bike-rental/steps.ts';
import type { Dispatch, DispatchOutcome, Settled } from '../../write-side/kernel/command-steps.ts';
import { isRefusal } from '../../write-side/kernel/decider.ts';
import { connectPayments } from '../../write-side/payments/client.ts';
import type { Payments } from '../../write-side/payments/payments.ts';
import { performPayments } from '../../write-side/payments/perform.ts';
import { type Sandbox, startSandbox } from '../../write-side/payments/sandbox.ts';

const AMOUNT = 10_000;
const TOKENS = ['approve', 'decline', 'hang', 'fail-then-approve', 'charge-then-drop'] as const;

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await startSandbox();
});
afterAll(() => sandbox.stop());

/** A client per world, so that a broken circuit affects only its own world. */
const payments = (): Payments => connectPayments({ url: sandbox.url, timeoutMs: 40, breakFrom: 1_000 });

/**
 * The deposits in memory, and the schedule of their process manager. Only the decider recognises a repeated command.
 */
const inMemory = () => {
  const log: BikeRentalEvent[] = [];
  const states = new Map<string, { state: unknown; revision: bigint }>();
  const now = '2026-01-31T09:00:00.000Z';
  const manager = charges(0);

  const dispatch: Dispatch = async ({ type, data }): Promise<DispatchOutcome> => {
    const decider = bikeRental.deciders.find(({ commands }) => commands.includes(type))!;
    const stream = `${decider.category}-${decider.id(data)}`;
    let { state, revision } = states.get(stream) ?? { state: decider.initialState, revision: 0n };
    const decision = decider.decide({ type, data }, state, { now, timeZone: 'Asia/Seoul', revision });
    if (isRefusal(decision)) return { kind: 'refused', refusal: decision };
    for (const event of decision) {
      log.push(event as BikeRentalEvent);
      state = decider.evolve(state, event);
      revision += 1n;
    }
    states.set(stream, { state, revision });
    return { kind: 'done', events: decision, revision: revision - 1n, position: undefined };
  };

  /** The content of the schedule after every event. */
  const tasks = () => {
    const planned = new Map<string, { task: string; data: object; attempts: number }>();
    for (const event of log.filter(({ type }) => manager.events.includes(type)))
      for (const { key, ...plan } of manager.plan({ ...event, revision: '0', time: '2026-01-31T09:00:00.000Z' })) {
        if (plan.task === null) planned.delete(key);
        else planned.set(key, { task: plan.task, data: plan.data, attempts: 9 });
      }
    return [...planned.values()];
  };

  /** Finishes everything that does not depend on the dead process. */
  const recover = async () => {
    const perform = performPayments(payments(), chargeRecords);
    for (let round = 0; round < 10; round++) {
      const due = tasks();
      if (due.length === 0) return;
      for (const task of due)
        await perform(task, async (command) => ((await dispatch(command)).kind === 'done' ? 'done' : 'refused'));
    }
    throw new Error(`still to be done: ${JSON.stringify(tasks())}`);
  };

  return { log, dispatch, recover };
};

/** Counts the steps of a charge, and stops it at one of them, for ever or until it is resumed. */
const interruptions = (at: number) => {
  let step = 0;
  const reached = Promise.withResolvers<void>();
  const sleep = Promise.withResolvers<void>();
  const pass = async () => {
    if (step++ !== at) return;
    reached.resolve();
    await sleep.promise;
  };
  return {
    reached: reached.promise,
    wake: () => sleep.resolve(),
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

/** One charge, interrupted at a step. */
const play = async (token: string, at: number, wakes: boolean) => {
  const { log, dispatch, recover } = inMemory();
  const before = { ...sandbox.totals() };
  count += 1;
  const command = { userId: `u${count}`, chargeId: 'c', amount: AMOUNT, payment: { method: 'card', token } };
  const requested = await dispatch({ type: 'ChargeDeposit', data: command });
  if (requested.kind !== 'done') throw new Error('the charge was not requested');

  const { around, reached, wake } = interruptions(at);
  const client = payments();
  const { ChargeDeposit } = bikeRentalSteps({
    payments: { circuit: client.circuit, charge: around(client.charge), find: around(client.find) },
    answerWithinMs: 1_000,
    maxPayments: 1,
  });
  const taking: Promise<Settled> = ChargeDeposit!.settle!(command, requested.events, around(dispatch));
  const isInterrupted = await Promise.race([taking.then(() => false), reached.then(() => true)]);
  await recover();
  let answer: Settled | undefined;
  if (wakes || !isInterrupted) {
    wake();
    answer = await taking;
    await recover();
  }
  const repeated = await ChargeDeposit!.settle!(command, requested.events, dispatch);
  const { charged, refunded } = sandbox.totals();
  const number = (type: BikeRentalEvent['type']) => log.filter((event) => event.type === type).length;
  return {
    isInterrupted,
    answer,
    repeated,
    number,
    paid: charged - before.charged - (refunded - before.refunded),
    balance: log.reduce((last, { data }) => ('balance' in data ? data.balance : last), 0),
  };
};

describe.each(TOKENS)('a charge paid with %s', (token) => {
  it.each([
    ['the process is killed', false],
    ['the process sleeps through the deadline', true],
  ])('adds exactly the money that was taken, at whatever step %s', async (_what, wakes) => {
    let steps = 0;
    for (let isInterrupted = true; isInterrupted; steps++) {
      const end = await play(token, steps, wakes);
      const told = `step ${steps}`;
      isInterrupted = end.isInterrupted;
      expect(end.balance, told).toBe(end.paid);
      expect([0, AMOUNT], told).toContain(end.paid);
      expect(end.number('ChargeRequested'), told).toBe(1);
      expect(end.number('DepositCharged') + end.number('ChargeDeclined'), told).toBe(1);
      expect(end.number('ChargeRefunded') + end.number('ChargeVoided'), told).toBeLessThanOrEqual(1);
      if (end.answer?.kind === 'done') expect(end.paid, `${told} is answered as it stands`).toBe(AMOUNT);
      if (end.answer?.kind === 'refused') expect(end.paid, `${told} is answered as it stands`).toBe(0);
      if (end.repeated.kind === 'refused') expect(end.paid, `${told} repeated is answered as it stands`).toBe(0);
      else expect(end.paid, `${told} repeated is not refused`).toBe(AMOUNT);
    }
    expect(steps).toBeGreaterThan(4);
  });
});

it('a charge without the payment provider leaves nothing behind', async () => {
  const { log, dispatch, recover } = inMemory();
  const { ChargeDeposit } = bikeRentalSteps({
    payments: { circuit: () => 'closed', charge: async () => 'unavailable', find: async () => undefined },
    answerWithinMs: 1_000,
    maxPayments: 1,
  });
  const command = { userId: 'u', chargeId: 'c', amount: AMOUNT, payment: { method: 'card', token: 'approve' } };
  const requested = await dispatch({ type: 'ChargeDeposit', data: command });
  if (requested.kind !== 'done') throw new Error('the charge was not requested');
  expect(await ChargeDeposit!.settle!(command, requested.events, dispatch)).toMatchObject({
    kind: 'refused',
    refusal: { refused: 'payment-unavailable' },
  });
  await recover();
  expect(log.map(({ type }) => type)).toEqual(['ChargeRequested', 'ChargeDeclined', 'ChargeVoided']);
});
