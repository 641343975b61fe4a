import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScreeningCommand, ScreeningEvent } from '../../schemas/screening.ts';
import type { Dispatch, DispatchOutcome } from '../kernel/command-steps.ts';
import { type Decider, type DecisionInput, isRefusal, type Refusal } from '../kernel/decider.ts';
import { TIME_ZONE, withSteps } from '../kernel/testing.ts';
import { writeSide } from './index.ts';
import { policies } from './policies.ts';
import { steps } from './steps.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const date = '2026-02-10';

type Input = Pick<DecisionInput, 'prepared' | 'isTrial'>;
const hospitalName = '분당서울대학교병원';

/** The streams of the context in memory. */
const worldOf = () => {
  const streams = new Map<string, { state: unknown; revision: bigint }>();
  const log: (ScreeningEvent & { revision: string })[] = [];
  const give = (command: ScreeningCommand, more: Input = {}): DispatchOutcome => {
    const decider = writeSide.deciders.find(({ commands }) => commands.includes(command.type)) as Decider;
    const name = `${decider.category}-${decider.id(command.data)}`;
    const { state, revision } = streams.get(name) ?? { state: decider.initialState, revision: 0n };
    const decision = decider.decide(command, state, { now: NOW, timeZone: TIME_ZONE, revision, ...more });
    if (isRefusal(decision)) return { kind: 'refused', refusal: decision };
    if (more.isTrial) return { kind: 'done', events: [], revision, position: undefined };
    for (const [n, event] of decision.entries())
      log.push({ ...(event as ScreeningEvent), revision: `${revision + BigInt(n)}` });
    streams.set(name, {
      state: decision.reduce(decider.evolve, state),
      revision: revision + BigInt(decision.length),
    });
    const read = decider.read?.(command, state);
    return { kind: 'done', events: decision, revision, position: undefined, ...(read ? { read } : {}) };
  };
  /** Lets the policies act on every event, and on the events of their commands. @returns the refusals */
  const settle = (): Refusal[] => {
    const refused: Refusal[] = [];
    for (let next = 0; next < log.length; next += 1) {
      const event = log[next]!;
      for (const { events, react } of policies.filter((policy) => policy.events.includes(event.type))) {
        expect(events).toContain(event.type);
        for (const command of react(event)) {
          const outcome = give(command as ScreeningCommand);
          if (outcome.kind === 'refused') refused.push(outcome.refusal);
        }
      }
    }
    return refused;
  };
  return { log, give, settle };
};

type World = ReturnType<typeof worldOf>;

type Pause = () => Promise<unknown>;
const noPause: Pause = async () => {};
const pauseOf =
  (scheduler: fc.Scheduler): Pause =>
  () =>
    scheduler.schedule(Promise.resolve());

/** Thrown where a process ends. */
class Killed extends Error {}

/**
 * Sends a command like a process of the write side: its steps, each after a pause.
 * @param killedAfter the process ends after this many commands to streams
 * @returns the refusal; undefined when it was done or the process ended
 */
const send = async (
  { give }: World,
  pause: Pause,
  command: ScreeningCommand,
  killedAfter = Number.POSITIVE_INFINITY,
): Promise<Refusal | undefined> => {
  let left = killedAfter;
  const dispatched = async (given: ScreeningCommand, more?: Input) => {
    await pause();
    if (left === 0) throw new Killed();
    left -= 1;
    return give(given, more);
  };
  const dispatch = ((given: ScreeningCommand) => dispatched(given)) as Dispatch;
  const { check, prepare, settle } = steps[command.type] ?? {};
  try {
    if (prepare) {
      const tried = await dispatched(command, { isTrial: true });
      if (tried.kind !== 'done') return tried.kind === 'refused' ? tried.refusal : undefined;
    }
    const refusal = await check?.(command.data, dispatch);
    if (refusal) return refusal === 'unavailable' ? undefined : refusal;
    const prepared = await prepare?.(command.data, dispatch);
    if (prepared === 'unavailable') return undefined;
    const outcome = await dispatched(command, { prepared });
    if (outcome.kind !== 'done') return outcome.kind === 'refused' ? outcome.refusal : undefined;
    const settled = await settle?.(command.data, outcome.events, dispatch);
    return settled?.kind === 'refused' ? settled.refusal : undefined;
  } catch (error) {
    if (error instanceof Killed) return undefined;
    throw error;
  }
};

const openSlot = (slotId: string, capacity = 1, hospitalId?: string, name = hospitalName): ScreeningCommand => ({
  type: 'OpenSlot',
  data: { slotId, hospitalName: name, date, capacity, ...(hospitalId === undefined ? {} : { hospitalId }) },
});
const book = (slotId: string, bookingId: string, customerId: string): ScreeningCommand => ({
  type: 'BookScreening',
  data: { slotId, bookingId, customerId },
});
const reschedule = (fromSlotId: string, bookingId: string, slotId: string): ScreeningCommand => ({
  type: 'RescheduleBooking',
  data: { fromSlotId, bookingId, slotId },
});

const openSlots = ({ log }: World): string[] => {
  const open = new Set<string>();
  for (const { type, data } of log) {
    if (type === 'SlotOpened') open.add(data.slotId);
    if (type === 'SlotDeleted') open.delete(data.slotId);
  }
  return [...open];
};

it('never opens two slots of a hospital on a day, however requests and ends of processes interleave', async () => {
  const request = fc.record({
    slotId: fc.constantFrom('s1', 's2', 's3'),
    killedAfter: fc.option(fc.nat({ max: 5 }), { nil: Number.POSITIVE_INFINITY }),
    isDeleted: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(request, { minLength: 2, maxLength: 6 }), async (scheduler, requests) => {
      const world = worldOf();
      const all = Promise.all(
        requests.map(async ({ slotId, killedAfter, isDeleted }) => {
          await send(world, pauseOf(scheduler), openSlot(slotId, 1, 'h1'), killedAfter);
          expect(openSlots(world).length).toBeLessThanOrEqual(1);
          if (isDeleted) await send(world, pauseOf(scheduler), { type: 'DeleteSlot', data: { slotId } });
        }),
      );
      await scheduler.waitFor(all);
      expect(openSlots(world).length).toBeLessThanOrEqual(1);

      const refusal = await send(world, noPause, openSlot('last', 1, 'h1'));
      const [open] = openSlots(world);
      expect(open).toBeDefined();
      if (open === 'last') expect(refusal).toBeUndefined();
      else expect(refusal).toMatchObject({ refused: 'slot-already-open', existing: `/screening/slots/${open}` });
    }),
    { numRuns: 500 },
  );
});

it('appends nothing for a slot that cannot be opened', async () => {
  const world = worldOf();
  const past = { ...openSlot('s1', 1, 'h1').data, date: '2026-01-30' } as never;
  const refusal = await send(world, noPause, { type: 'OpenSlot', data: past });
  expect([refusal?.refused, world.log]).toEqual(['date-in-past', []]);
});

it('claims no day for a slot whose opening fails or is repeated', async () => {
  const { give, types } = withSteps([writeSide], steps);
  const { data } = openSlot('s1', 1, 'h1');
  expect(await give('OpenSlot', data, { ifMatch: [7n] })).toMatchObject({ kind: 'stale' });
  expect(types).toEqual([]);

  expect(await give('OpenSlot', data, { commandId: 'k-1' })).toMatchObject({ kind: 'done' });
  const before = [...types];
  expect(before).toEqual(['DayClaimed', 'SlotOpened']);
  const another = { ...data, hospitalId: 'h2' };
  expect(await give('OpenSlot', another, { commandId: 'k-1' })).toMatchObject({ kind: 'key-reused' });
  expect(await give('OpenSlot', data, { commandId: 'k-1' })).toMatchObject({ kind: 'done', revision: 0n });
  expect(await give('OpenSlot', another)).toMatchObject({ refusal: { refused: 'slot-already-opened' } });
  expect(types).toEqual(before);
});

describe('the name of a hospital', () => {
  const misnamed = openSlot('s1', 1, 'h1', 'Other');
  const onDay = ({ type, data }: ScreeningCommand, day: string) =>
    ({ type, data: { ...data, date: day } }) as ScreeningCommand;

  it('is not fixed by slots that were never opened, because the process ended', async () => {
    const world = worldOf();
    for (const [n, day] of ['2026-02-11', date, '2026-02-12'].entries())
      await send(world, noPause, onDay(openSlot(`s${n}`, 1, 'h1', 'Other'), day), 2);
    expect(world.log.map(({ type }) => type)).toEqual(['DayClaimed', 'DayClaimed', 'DayClaimed']);
    expect(await send(world, noPause, openSlot('s3', 1, 'h1'))).toBeUndefined();
    expect(openSlots(world)).toEqual(['s3']);
    expect(await send(world, noPause, misnamed)).toMatchObject({ refused: 'slot-already-opened' });
  });

  it('is not fixed by slots that were deleted', async () => {
    const world = worldOf();
    await send(world, noPause, misnamed);
    await send(world, noPause, { type: 'DeleteSlot', data: { slotId: 's1' } });
    expect(await send(world, noPause, openSlot('s2', 1, 'h1'))).toBeUndefined();
  });

  it('is that of its open slots', async () => {
    const world = worldOf();
    await send(world, noPause, misnamed);
    const refused = { refused: 'hospital-name-differs' };
    expect(await send(world, noPause, openSlot('s2', 1, 'h1'))).toMatchObject(refused);
    expect(await send(world, noPause, onDay(openSlot('s3', 1, 'h1'), '2026-02-11'))).toMatchObject(refused);
    expect(openSlots(world)).toEqual(['s1']);
  });

  it('takes nothing from a slot that is about to open, when another one is open', async () => {
    const world = worldOf();
    await send(world, noPause, misnamed);
    const next = onDay(openSlot('s2', 1, 'h1', 'Other'), '2026-02-11');
    await send(world, noPause, next, 2);
    const before = world.log.length;
    expect(await send(world, noPause, onDay(openSlot('s3', 1, 'h1'), '2026-02-12'))).toMatchObject({
      refused: 'hospital-name-differs',
    });
    expect(world.log).toHaveLength(before);
    expect(await send(world, noPause, next)).toBeUndefined();
  });

  it('is never another one in a request that repeats the id of a slot that is about to open', async () => {
    const world = worldOf();
    await send(world, noPause, misnamed, 2);
    expect(await send(world, noPause, openSlot('s1', 1, 'h1'))).toMatchObject({ refused: 'hospital-name-differs' });
    expect(await send(world, noPause, misnamed)).toBeUndefined();
  });

  it('is one at a time when a slot that yields a day opens on another one meanwhile', async () => {
    const world = worldOf();
    const other = openSlot('s1', 1, 'h1', 'Other');
    await send(world, noPause, other, 2);
    let commands = 0;
    const beforeItYields: Pause = async () => {
      commands += 1;
      if (commands === 4) await send(world, noPause, onDay(other, '2026-02-11'));
    };
    expect(await send(world, beforeItYields, onDay(openSlot('s2', 1, 'h1'), '2026-02-11'))).toMatchObject({
      refused: 'hospital-name-differs',
    });
    expect(openSlots(world)).toEqual(['s1']);
  });

  it('is one at a time, however requests and ends of processes interleave', async () => {
    const request = fc.record({
      slotId: fc.constantFrom('s1', 's2', 's3'),
      name: fc.constantFrom('one', 'other'),
      day: fc.constantFrom(date, '2026-02-11'),
      killedAfter: fc.option(fc.nat({ max: 7 }), { nil: Number.POSITIVE_INFINITY }),
      isDeleted: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(request, { minLength: 2, maxLength: 6 }),
        async (scheduler, requests) => {
          const world = worldOf();
          const namesOfOpen = () => {
            const open = openSlots(world);
            const names = world.log.flatMap(({ type, data }) =>
              type === 'SlotOpened' && open.includes(data.slotId) ? [data.hospitalName] : [],
            );
            return new Set(names);
          };
          const all = Promise.all(
            requests.map(async ({ slotId, name, day, killedAfter, isDeleted }) => {
              await send(world, pauseOf(scheduler), onDay(openSlot(slotId, 1, 'h1', name), day), killedAfter);
              expect(namesOfOpen().size).toBeLessThanOrEqual(1);
              if (isDeleted) await send(world, pauseOf(scheduler), { type: 'DeleteSlot', data: { slotId } });
            }),
          );
          await scheduler.waitFor(all);
          const outcomes = [];
          for (const name of ['one', 'other'])
            outcomes.push(await send(world, noPause, onDay(openSlot(`last ${name}`, 1, 'h1', name), '2026-03-01')));
          expect(outcomes.filter((refusal) => refusal === undefined)).toHaveLength(1);
          expect(namesOfOpen().size).toBe(1);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** The bookings of a customer that stand, as `slot.booking`. */
const bookingsOf = ({ log }: World, customer: string): string[] => {
  const standing = new Set<string>();
  for (const { type, data } of log) {
    if (!('customerId' in data && 'bookingId' in data) || data.customerId !== customer) continue;
    const name = `${data.slotId}.${data.bookingId}`;
    if (type === 'ScreeningBooked') standing.add(name);
    if (type === 'BookingCanceled' || type === 'BookingRescheduled' || type === 'BookingForceCanceled')
      standing.delete(name);
  }
  return [...standing];
};

it('leaves a customer with exactly one booking, however requests, policies and ends of processes interleave', async () => {
  const request = fc.record({
    to: fc.constantFrom('s1', 's2', 's3'),
    from: fc.constantFrom('s1', 's2', 's3'),
    killedAfter: fc.option(fc.nat({ max: 6 }), { nil: Number.POSITIVE_INFINITY }),
    others: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.array(request, { minLength: 1, maxLength: 5 }), async (scheduler, requests) => {
      const world = worldOf();
      for (const slotId of ['s1', 's2', 's3']) world.give(openSlot(slotId, 1));
      world.give(book('s1', 'b1', 'kim'));
      const policy = async () => {
        await pauseOf(scheduler)();
        expect(world.settle()).toEqual([]);
      };
      const all = Promise.all(
        requests.flatMap(({ from, to, killedAfter, others }, n) => [
          send(world, pauseOf(scheduler), reschedule(from, 'b1', to), killedAfter),
          ...(others ? [send(world, pauseOf(scheduler), book(to, `other-${n}`, `other-${n}`)), policy()] : []),
        ]),
      );
      await scheduler.waitFor(all);
      expect(world.settle()).toEqual([]);
      expect(bookingsOf(world, 'kim')).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

it.each([1, 2, 3, 4, 5, 6])(
  'moves a booking, or leaves it, when the process ends after command %d of a request',
  async (killedAfter) => {
    const world = worldOf();
    for (const slotId of ['s1', 's2']) world.give(openSlot(slotId));
    world.give(book('s1', 'b1', 'kim'));
    await send(world, noPause, reschedule('s1', 'b1', 's2'), killedAfter);
    expect(world.settle()).toEqual([]);
    expect(bookingsOf(world, 'kim')).toEqual([killedAfter <= 2 ? 's1.b1' : 's2.b1']);
  },
);

it('cancels neither booking while the customer moves, so that one of them stands', () => {
  const world = worldOf();
  for (const slotId of ['s1', 's2']) world.give(openSlot(slotId));
  world.give(book('s1', 'b1', 'kim'));
  world.give(reschedule('s1', 'b1', 's2'));
  expect(world.give({ type: 'CancelBooking', data: { slotId: 's1', bookingId: 'b1' } })).toMatchObject({
    refusal: { refused: 'reschedule-pending' },
  });
  world.settle();
  expect(bookingsOf(world, 'kim')).toEqual(['s2.b1']);
});
