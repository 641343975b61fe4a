import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ParkingCommand, ParkingEvent } from '../../schemas/parking.ts';
import type { Dispatch, DispatchOutcome } from '../kernel/command-steps.ts';
import { type Decider, type DecisionInput, isRefusal, type Refusal } from '../kernel/decider.ts';
import type { Outcome } from '../kernel/request.ts';
import { TIME_ZONE, withSteps } from '../kernel/testing.ts';
import { writeSide } from './index.ts';
import { policies, timers } from './policies.ts';
import { steps } from './steps.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const VALUE = 1_000;

type Input = Pick<DecisionInput, 'prepared' | 'isTrial'>;
type Give = (command: ParkingCommand, more?: Input) => DispatchOutcome;

/** The streams of the context in memory, with its policies and timers. */
const worldOf = () => {
  let now = NOW;
  const streams = new Map<string, { state: unknown; revision: bigint }>();
  const log: (ParkingEvent & { revision: string })[] = [];
  const give: Give = (command, more = {}) => {
    const decider = writeSide.deciders.find(({ commands }) => commands.includes(command.type)) as Decider;
    const name = `${decider.category}-${decider.id(command.data)}`;
    const { state, revision } = streams.get(name) ?? { state: decider.initialState, revision: 0n };
    const decision = decider.decide(command, state, { now, timeZone: TIME_ZONE, revision, ...more });
    if (isRefusal(decision)) return { kind: 'refused', refusal: decision };
    if (more.isTrial) return { kind: 'done', events: [], revision, position: undefined };
    for (const [n, event] of decision.entries())
      log.push({ ...(event as ParkingEvent), revision: `${revision + BigInt(n)}` });
    streams.set(name, { state: decision.reduce(decider.evolve, state), revision: revision + BigInt(decision.length) });
    const read = decider.read?.(command, state);
    return { kind: 'done', events: decision, revision, position: undefined, ...(read ? { read } : {}) };
  };
  let handled = 0;
  /** Lets the policies act on the events that they have not handled. */
  const react = async (pause: Pause = noPause) => {
    while (handled < log.length) {
      const event = log[handled++]!;
      for (const { react: commandsFor } of policies.filter(({ events }) => events.includes(event.type))) {
        for (const command of commandsFor(event)) {
          await pause();
          give(command as ParkingCommand);
        }
      }
    }
  };
  /** Dispatches the commands of the open timers, whether they are due or not. */
  const fire = () => {
    const open = new Map<string, ParkingCommand>();
    for (const event of log) {
      for (const timer of timers.filter(({ events }) => events.includes(event.type))) {
        for (const { key, task, ...plan } of timer.plan({ ...event, time: NOW })) {
          if (task === null) open.delete(key);
          else open.set(key, { type: task, data: (plan as { data: object }).data } as ParkingCommand);
        }
      }
    }
    for (const command of open.values()) give(command);
  };
  return {
    log,
    give,
    react,
    fire,
    set now(time: string) {
      now = time;
    },
    /** Lets policies and timers finish, and the policies act on every event once more. */
    async settle() {
      for (const _ of [1, 2]) {
        await react();
        fire();
        await react();
        handled = 0;
      }
      await react();
    },
  };
};

type World = ReturnType<typeof worldOf>;
type Pause = () => Promise<unknown>;
const noPause: Pause = async () => {};

/** Thrown where a process ends. */
class Killed extends Error {}

/**
 * Sends a command like a process of the write side: its steps, each after a pause.
 * @param killedAfter the process ends after this many commands to streams
 * @param isPrevented whether the command fails after its steps, undecided
 * @returns the refusal; undefined when it was done or the process ended
 */
const send = async (
  { give }: World,
  command: ParkingCommand,
  pause: Pause = noPause,
  killedAfter = Number.POSITIVE_INFINITY,
  isPrevented = false,
): Promise<Refusal | undefined> => {
  let left = killedAfter;
  const dispatched = async (given: ParkingCommand, more?: Input) => {
    await pause();
    if (left === 0) throw new Killed();
    left -= 1;
    return give(given, more);
  };
  const dispatch = ((given: ParkingCommand) => dispatched(given)) as Dispatch;
  const { prepare, undo } = steps[command.type] ?? {};
  try {
    const tried = await dispatched(command, { isTrial: true });
    if (tried.kind === 'refused') return tried.refusal;
    const prepared = await prepare?.(command.data, dispatch);
    if (prepared === 'unavailable') return undefined;
    const outcome = isPrevented ? undefined : await dispatched(command, { prepared });
    if (outcome?.kind === 'done') return undefined;
    if (prepared) await undo?.(command.data, prepared, dispatch);
    return outcome?.kind === 'refused' ? outcome.refusal : undefined;
  } catch (error) {
    if (error instanceof Killed) return undefined;
    throw error;
  }
};

const register = (lotId: string, spots: number): ParkingCommand => ({
  type: 'RegisterLot',
  data: { lotId, name: '정자역 주차장', spots },
});
const reserve = (lotId: string, reservationId: string, couponId?: string, customerId = 'C', amount = 5_000) =>
  ({
    type: 'ReserveParking',
    data: {
      lotId,
      reservationId,
      customerId,
      carNumber: `car ${reservationId}`,
      amount,
      ...(couponId ? { couponId } : {}),
    },
  }) as const;
const apply = (lotId: string, reservationId: string, couponId: string) =>
  ({ type: 'ApplyCoupon', data: { lotId, reservationId, couponId } }) as const;
const onReservation = (
  type: 'CancelReservation' | 'RecordArrival' | 'RecordDeparture',
  lotId: string,
  reservationId: string,
): ParkingCommand => ({ type, data: { lotId, reservationId } });
const cancel = (lotId: string, reservationId: string) => onReservation('CancelReservation', lotId, reservationId);

/** A plain account of the money in a history. */
const accountOf = ({ log }: World) => {
  const values = new Map<string, number>();
  const owed = new Set<string>();
  const redeemedOn = new Map<string, string>();
  const canceled = new Set<string>();
  const used = new Map<string, { couponId: string; discount: number }>();
  for (const { type, data } of log) {
    if (type === 'CouponIssued') values.set(data.couponId, data.value ?? 0);
    if (type === 'CouponRedeemed' && data.redeemedOn)
      redeemedOn.set(data.couponId, `${data.redeemedOn.lotId}.${data.redeemedOn.reservationId}`);
    if (type === 'CouponRevoked' && data.redeemed) owed.add(data.couponId);
    if (type === 'CouponReturned') {
      owed.delete(data.couponId);
      redeemedOn.delete(data.couponId);
    }
    if (type === 'ReservationCanceled') canceled.add(`${data.lotId}.${data.reservationId}`);
    if ((type === 'ParkingReserved' || type === 'ReservationDiscounted') && data.coupon)
      used.set(`${data.lotId}.${data.reservationId}`, {
        couponId: data.coupon.couponId,
        discount: data.discount ?? 0,
      });
  }
  for (const reservation of canceled) used.delete(reservation);
  return { values, owed, redeemedOn, canceled, used };
};

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);

/** Two lots, and a coupon of the reservation r1 of the first. */
const begin = async (): Promise<World> => {
  const world = worldOf();
  for (const command of [register('l1', 3), register('l2', 1), reserve('l1', 'r1')]) await send(world, command);
  await world.react();
  return world;
};

const typesOf = ({ log }: World, from = 0) => log.slice(from).map(({ type }) => type);

it('lowers the amount of another reservation of the customer, never below 0', async () => {
  const world = await begin();
  expect(await send(world, reserve('l2', 'r2', 'l1.r1', 'C', 700))).toBeUndefined();
  const reserved = world.log.at(-1);
  expect(reserved).toMatchObject({ type: 'ParkingReserved', data: { amount: 0, discount: 700 } });
  expect(reserved?.data).not.toHaveProperty('couponId');
  expect(await send(world, reserve('l1', 'r3', 'l1.r1'))).toMatchObject({ refused: 'coupon-already-redeemed' });
});

it('lowers the amount of an open reservation, once', async () => {
  const world = await begin();
  for (const reservationId of ['r2', 'r3']) await send(world, reserve('l1', reservationId));
  await world.react();
  expect(await send(world, apply('l1', 'r2', 'l1.r1'))).toBeUndefined();
  expect(world.log.at(-1)).toMatchObject({ type: 'ReservationDiscounted', data: { amount: 4_000, discount: VALUE } });
  expect(await send(world, apply('l1', 'r2', 'l1.r3'))).toMatchObject({ refused: 'coupon-already-applied' });
  expect(await send(world, apply('l1', 'r9', 'l1.r3'))).toMatchObject({ refused: 'reservation-not-found' });
});

it('refuses the coupon of another customer, of the reservation itself, and one that has expired', async () => {
  const world = await begin();
  const before = world.log.length;
  const refusedOf = async (command: ParkingCommand) => (await send(world, command))?.refused;
  expect(await refusedOf(reserve('l2', 'r2', 'l1.r1', 'D'))).toBe('coupon-not-found');
  expect(await refusedOf(reserve('l2', 'r2', 'l1.none'))).toBe('coupon-not-found');
  expect(await refusedOf(apply('l1', 'r1', 'l1.r1'))).toBe('coupon-of-reservation');
  world.now = '2026-03-02T15:00:00.000Z';
  expect(await refusedOf(reserve('l2', 'r2', 'l1.r1'))).toBe('coupon-expired');
  expect(await refusedOf({ type: 'RedeemCoupon', data: { couponId: 'l1.r1' } })).toBe('coupon-expired');
  expect(typesOf(world, before)).toEqual([]);
});

it('returns a coupon that staff redeem for a reservation of another customer', async () => {
  const world = await begin();
  await send(world, reserve('l2', 'r2', undefined, 'D'));
  await world.react();
  const before = world.log.length;
  expect(await send(world, apply('l2', 'r2', 'l1.r1'))).toMatchObject({ refused: 'coupon-not-found' });
  expect(typesOf(world, before)).toEqual(['CouponRedeemed', 'CouponUnused', 'CouponReturned']);
});

it('appends nothing for a reservation that would be refused without a coupon too', async () => {
  const world = await begin();
  await send(world, reserve('l2', 'r2'));
  const before = world.log.length;
  expect(await send(world, reserve('l2', 'r3', 'l1.r1'))).toMatchObject({ refused: 'lot-full' });
  expect(typesOf(world, before)).toEqual([]);
});

it('returns the coupon of a reservation that never came, and refuses the reservation when it comes later', async () => {
  const world = await begin();
  await send(world, reserve('l2', 'r2', 'l1.r1'), noPause, 2);
  expect(world.log.at(-1)?.type).toBe('CouponRedeemed');
  world.fire();
  expect(world.log.at(-1)?.type).toBe('CouponUnused');
  expect(await send(world, reserve('l2', 'r2', 'l1.r1'))).toMatchObject({ refused: 'coupon-already-redeemed' });
  await world.react();
  expect(world.log.at(-1)?.type).toBe('CouponReturned');
  expect(await send(world, reserve('l2', 'r2', 'l1.r1'))).toBeUndefined();
  expect(world.log.at(-1)).toMatchObject({ type: 'ParkingReserved', data: { amount: 4_000 } });
});

it('completes a reservation whose request is repeated after the process ended', async () => {
  const world = await begin();
  await send(world, reserve('l2', 'r2', 'l1.r1'), noPause, 2);
  const before = world.log.length;
  expect(await send(world, reserve('l2', 'r2', 'l1.r1'))).toBeUndefined();
  expect(typesOf(world, before)).toEqual(['ParkingReserved']);
});

it('claims a used coupon back with the reservation that earned it, and not once its use is cancelled', async () => {
  const world = await begin();
  await send(world, reserve('l2', 'r2', 'l1.r1'));
  await send(world, cancel('l1', 'r1'));
  await world.settle();
  expect([...accountOf(world).owed]).toEqual(['l1.r1']);
  await send(world, cancel('l2', 'r2'));
  await world.settle();
  expect([...accountOf(world).owed]).toEqual([]);
  expect(await send(world, reserve('l2', 'r3', 'l1.r1'))).toMatchObject({ refused: 'coupon-revoked' });
});

it('makes the coupon of a cancelled reservation usable again', async () => {
  const world = await begin();
  await send(world, reserve('l2', 'r2', 'l1.r1'));
  await send(world, cancel('l2', 'r2'));
  await world.settle();
  expect(await send(world, reserve('l2', 'r3', 'l1.r1'))).toBeUndefined();
});

it('keeps the coupon of a no-show, as its amount, and returns that of a lot that closes', async () => {
  const world = await begin();
  const settings = { type: 'ChangeLot', data: { lotId: 'l2', arriveWithin: 30 } } as const;
  for (const command of [settings, reserve('l2', 'r2', 'l1.r1'), reserve('l1', 'r3')]) await send(world, command);
  await world.react();
  await send(world, apply('l1', 'r1', 'l1.r3'));
  world.now = '2026-01-31T09:30:00.000Z';
  await send(world, { type: 'CloseLot', data: { lotId: 'l1' } });
  await world.settle();
  const canceled = world.log.filter(({ type }) => type === 'ReservationCanceled').map(({ data }) => data);
  expect(canceled).toMatchObject([
    { reservationId: 'r1', reason: 'lot-closed', amount: 4_000, coupon: { couponId: 'l1.r3' } },
    { reservationId: 'r3', reason: 'lot-closed', amount: 5_000 },
    { reservationId: 'r2', reason: 'no-show' },
  ]);
  expect(canceled[2]).not.toHaveProperty('coupon');
  expect([...accountOf(world).owed]).toEqual(['l1.r1']);
});

describe('a command with a coupon that fails', () => {
  /** Two lots, an open reservation in each, and a coupon of the first. */
  const opened = async (prevent?: (command: { type: string }) => Outcome | undefined) => {
    const world = withSteps([writeSide], steps, prevent);
    const coupon = { couponId: 'l1.r1', lotId: 'l1', reservationId: 'r1', customerId: 'C', value: VALUE };
    for (const { type, data } of [register('l1', 3), register('l2', 3), reserve('l1', 'r1'), reserve('l2', 'r2')])
      await world.give(type, data, { commandId: `first ${type}` });
    await world.give('IssueCoupon', coupon);
    return { ...world, before: [...world.types] };
  };

  it.each([
    ['a wrong precondition', { ifMatch: [7n] }, 'stale'],
    ['the key of another command', { commandId: 'first ReserveParking' }, 'key-reused'],
    ['a caller who may not give it', { ownedBy: 'D' }, 'not-owner'],
  ])('by %s leaves the coupon alone', async (_cause, given, kind) => {
    const { give, types, before } = await opened();
    expect(await give('ReserveParking', reserve('l2', 'r3', 'l1.r1').data, given)).toMatchObject({ kind });
    expect(await give('ApplyCoupon', apply('l2', 'r2', 'l1.r1').data, given)).toMatchObject({ kind });
    expect(types).toEqual(before);
  });

  it.each<[Outcome]>([[{ kind: 'overloaded' }], [{ kind: 'too-large' }], [{ kind: 'unavailable', uncertain: false }]])(
    'after its steps gives the coupon back: %o',
    async (outcome) => {
      let isPrevented = true;
      const { give, types, before } = await opened(({ type }) =>
        isPrevented && type === 'ApplyCoupon' ? outcome : undefined,
      );
      expect(await give('ApplyCoupon', apply('l2', 'r2', 'l1.r1').data)).toEqual(outcome);
      expect(types.slice(before.length)).toEqual(['CouponRedeemed', 'CouponUnused', 'CouponReturned']);
      isPrevented = false;
      expect(await give('ApplyCoupon', apply('l2', 'r2', 'l1.r1').data)).toMatchObject({ kind: 'done' });
    },
  );

  it.each<[Outcome]>([[{ kind: 'dropped' }], [{ kind: 'unavailable', uncertain: true }]])(
    'with an unknown outcome keeps the coupon, so that its repeat completes it: %o',
    async (outcome) => {
      let isPrevented = true;
      const { give, types, before } = await opened(({ type }) =>
        isPrevented && type === 'ApplyCoupon' ? outcome : undefined,
      );
      const again = () => give('ApplyCoupon', apply('l2', 'r2', 'l1.r1').data, { commandId: 'k' });
      expect(await again()).toEqual(outcome);
      isPrevented = false;
      expect(await again()).toMatchObject({ kind: 'done' });
      expect(await again()).toMatchObject({ kind: 'done' });
      expect(types.slice(before.length)).toEqual(['CouponRedeemed', 'ReservationDiscounted']);
    },
  );
});

it('gives no more than the coupons of standing reservations and what is owed, in any interleaving', async () => {
  const lot = fc.constantFrom('l1', 'l2');
  const id = fc.constantFrom('r1', 'r2', 'r3', 'r4', 'r5');
  const couponId = fc.tuple(lot, id).map((parts) => parts.join('.'));
  const usual = fc.constantFrom('l1.r1', 'l1.r2', 'l2.r2');
  const anyCoupon = fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: couponId });
  const amount = fc.constantFrom(700, 5_000);
  const reserving = fc
    .tuple(lot, id, fc.option(anyCoupon, { nil: undefined, freq: 4 }), amount)
    .map(([l, r, coupon, price]): ParkingCommand => reserve(l, r, coupon, 'C', price));
  const command = fc.oneof(
    { weight: 5, arbitrary: reserving },
    { weight: 3, arbitrary: fc.tuple(lot, id, anyCoupon).map((given): ParkingCommand => apply(...given)) },
    { weight: 3, arbitrary: fc.tuple(lot, id).map((given) => cancel(...given)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('RecordArrival' as const, 'RecordDeparture' as const), lot, id)
        .map((given) => onReservation(...given)),
    },
  );
  const action = fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({
        command,
        killedAfter: fc.option(fc.nat({ max: 4 }), { nil: Number.POSITIVE_INFINITY }),
        isPrevented: fc.constantFrom(true, false, false, false),
        times: fc.integer({ min: 1, max: 2 }),
      }),
    },
    { weight: 3, arbitrary: fc.constant('policies' as const) },
    { weight: 1, arbitrary: fc.constant('timers' as const) },
  );
  let discounts = 0;
  let returns = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(action, { minLength: 10, maxLength: 30 }),
      fc.integer({ min: 1, max: 3 }),
      async (scheduler, actions, clients) => {
        const world = await begin();
        const pause: Pause = () => scheduler.schedule(Promise.resolve());
        const run = async (mine: typeof actions) => {
          for (const each of mine) {
            await pause();
            if (each === 'policies') await world.react(pause);
            else if (each === 'timers') world.fire();
            else
              await Promise.all(
                Array.from({ length: each.times }, () =>
                  send(world, each.command, pause, each.killedAfter, each.isPrevented),
                ),
              );
          }
        };
        const shares = Array.from({ length: clients }, (_, n) => actions.filter((_each, at) => at % clients === n));
        await scheduler.waitFor(Promise.all(shares.map(run)));
        await world.settle();

        const { values, owed, redeemedOn, canceled, used } = accountOf(world);
        const given = sum([...used.values()].map(({ discount }) => discount));
        const earned = [...values].filter(([coupon]) => !canceled.has(coupon) || owed.has(coupon));
        expect(given).toBeLessThanOrEqual(sum(earned.map(([, value]) => value)));
        // Each coupon lowers one amount at most, and one that lowers none is not lost to its customer.
        const uses = [...used].map(([reservation, { couponId: coupon }]) => [coupon, reservation]);
        expect([...redeemedOn].sort()).toEqual(uses.sort());
        discounts += used.size;
        returns += typesOf(world).filter((type) => type === 'CouponReturned').length;
      },
    ),
    { numRuns: 500 },
  );
  expect(Math.min(discounts, returns)).toBeGreaterThan(50);
});
