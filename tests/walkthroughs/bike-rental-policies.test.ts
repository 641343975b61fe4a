import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { bikeRental } from '../../write-side/bike-rental/index.ts';
import { bikeRentalPolicies } from '../../write-side/bike-rental/policies.ts';
import { isRefusal } from '../../write-side/kernel/decider.ts';

type Command = { type: string; data: Record<string, unknown> };

/**
 * Bike rental in memory: its streams, one log, and policies with a checkpoint each. Nothing recognises a command that
 * comes again but the deciders themselves, as when every checkpoint and every window of commands were lost.
 */
const inMemory = () => {
  const log: BikeRentalEvent[] = [];
  const states = new Map<string, { state: unknown; revision: bigint }>();
  const checkpoints = bikeRentalPolicies.map(() => 0);
  let clock = Date.parse('2026-01-31T09:00:00.000Z');

  const give = ({ type, data }: Command): string | undefined => {
    const decider = bikeRental.deciders.find(({ commands }) => commands.includes(type))!;
    const stream = `${decider.category}-${decider.id(data)}`;
    let { state, revision } = states.get(stream) ?? { state: decider.initialState, revision: 0n };
    const decision = decider.decide({ type, data }, state, { now: new Date(clock).toISOString(), revision });
    if (isRefusal(decision)) return decision.refused;
    for (const event of decision) {
      log.push(event as BikeRentalEvent);
      state = decider.evolve(state, event);
      revision += 1n;
    }
    states.set(stream, { state, revision });
    return undefined;
  };

  /** Has a policy act on its next events. @returns the refusals */
  const run = (policy: number, events = Number.POSITIVE_INFINITY): string[] => {
    const refused: string[] = [];
    for (let count = 0; count < events && checkpoints[policy]! < log.length; count++) {
      const event = log[checkpoints[policy]!]!;
      checkpoints[policy]! += 1;
      const { events: types, react } = bikeRentalPolicies[policy]!;
      if (!types.includes(event.type)) continue;
      for (const command of react(event)) refused.push(...[give(command as Command) ?? []].flat());
    }
    return refused;
  };

  return {
    log,
    give,
    run,
    /** Loses the last of a policy's checkpoint. */
    rewind: (policy: number, events: number) => {
      checkpoints[policy] = Math.max(0, checkpoints[policy]! - events);
    },
    pass: (milliseconds: number) => {
      clock += milliseconds;
    },
    /** Has every policy act until nothing is left to do. */
    settle: () => {
      const refused: string[] = [];
      for (let before = -1; before !== log.length; ) {
        before = log.length;
        for (const policy of bikeRentalPolicies.keys()) refused.push(...run(policy));
      }
      return refused;
    },
  };
};

const bikeId = fc.constantFrom('b1', 'b2');
const userId = fc.constantFrom('u1', 'u2');
const managerId = fc.constantFrom('m1', 'm2');
const id = fc.constantFrom('1', '2', '3', '4', '5', '6');
const location = fc.constantFrom('정자역', '서현역');

const command = (type: string, data: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Command> =>
  fc.record(data).map((values) => ({ type, data: values }));

const anyCommand = fc.oneof(
  command('RegisterBike', { bikeId, location }),
  command('RentBike', { bikeId, rentalId: id, userId }),
  command('ReturnBike', { bikeId, rentalId: id, location }),
  command('ReportCondition', { bikeId, reportId: id, managerId, batteryLevel: fc.nat(100), usable: fc.boolean() }),
  command('ChargeDeposit', { userId, chargeId: id, amount: fc.integer({ min: 1, max: 10_000 }) }),
  command('ConvertPoints', { managerId, conversionId: id, points: fc.constantFrom(1, 500, 1_000, 1_500), userId }),
);

const policyAt = fc.nat(bikeRentalPolicies.length - 1);

/** What may happen: commands, time, a policy that goes on for a while, or begins again a little before. */
const anyStep = fc.oneof(
  { weight: 8, arbitrary: anyCommand.map((given) => ({ kind: 'command' as const, given })) },
  { weight: 2, arbitrary: fc.nat(600_000).map((milliseconds) => ({ kind: 'time' as const, milliseconds })) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('run' as const), policy: policyAt, events: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rewind' as const), policy: policyAt, events: fc.nat(20) }) },
);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

test('no money is made or lost, no bike is in two rentals, and every bill is opened, closed and paid once', () => {
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 120, size: 'max' }), (steps) => {
      const world = inMemory();
      for (const bike of ['b1', 'b2']) world.give({ type: 'RegisterBike', data: { bikeId: bike, location: '정자역' } });
      for (const step of steps) {
        if (step.kind === 'command') world.give(step.given);
        else if (step.kind === 'time') world.pass(step.milliseconds);
        else if (step.kind === 'run') expect(world.run(step.policy, step.events)).toEqual([]);
        else world.rewind(step.policy, step.events);
      }
      expect(world.settle()).toEqual([]);

      const of = <Type extends BikeRentalEvent['type']>(type: Type) =>
        world.log.filter((event): event is Extract<BikeRentalEvent, { type: Type }> => event.type === type);
      const names = (events: readonly { data: { bikeId: string; rentalId: string } }[]) =>
        events.map(({ data }) => `${data.bikeId}.${data.rentalId}`).sort();

      const rented = names(of('BikeRented'));
      const returned = names(of('BikeReturned'));
      expect(new Set(rented).size).toBe(rented.length);
      expect(names(of('BillOpened'))).toEqual(rented);
      expect(names(of('BillClosed'))).toEqual(returned);
      expect(names(of('FeeDeducted'))).toEqual(returned);
      for (const bike of ['b1', 'b2']) {
        const rides = world.log.filter(
          ({ type, data }) =>
            type.startsWith('BikeRe') && type !== 'BikeRegistered' && 'bikeId' in data && data.bikeId === bike,
        );
        expect(rides.every(({ type }, index) => type === (index % 2 === 0 ? 'BikeRented' : 'BikeReturned'))).toBe(true);
      }

      for (const user of ['u1', 'u2']) {
        const mine = <Event extends { data: { userId: string } }>(events: readonly Event[]) =>
          events.filter(({ data }) => data.userId === user);
        const paidIn =
          sum(mine(of('DepositCharged')).map(({ data }) => data.amount)) +
          sum(mine(of('PointsConverted')).map(({ data }) => data.points));
        const fees = sum(mine(of('BillClosed')).map(({ data }) => data.fee));
        const last = mine(
          world.log.filter(
            (event) =>
              event.type === 'DepositCharged' || event.type === 'FeeDeducted' || event.type === 'DepositCredited',
          ),
        ).at(-1);
        const { balance, outstanding } = last?.data ?? { balance: 0, outstanding: 0 };
        expect(balance + fees - outstanding).toBe(paidIn);
        expect(Math.min(balance, outstanding)).toBe(0);
      }

      const earned = sum(of('PointsAwarded').map(({ data }) => data.points));
      const given = sum(of('PointsConverted').map(({ data }) => data.points));
      expect(of('PointsAwarded')).toHaveLength(of('ConditionReported').length);
      expect(given).toBeLessThanOrEqual(earned);
      expect(world.log.every(({ data }) => !('total' in data) || data.total >= 0)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
