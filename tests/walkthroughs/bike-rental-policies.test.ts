import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BikeRentalEvent } from '../../schemas/bike-rental.ts';
import { writeSide as bikeRental } from '../../write-side/bike-rental/index.ts';
import { policies as bikeRentalPolicies } from '../../write-side/bike-rental/policies.ts';
import { type LoggedEvent, policyWorld } from '../../write-side/policies/testing.ts';

type Command = { type: string; data: Record<string, unknown> };

const inMemory = () => policyWorld<BikeRentalEvent>([bikeRental], bikeRentalPolicies);

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
  command('MoveBike', { bikeId, to: location }),
  command('ConvertPoints', { managerId, conversionId: id, points: fc.constantFrom(1, 500, 1_000, 1_500), userId }),
);

const policyAt = fc.nat(bikeRentalPolicies.length - 1);

/** The steps of a history: commands, time, a policy that works for a while, or starts again from a little before. */
const anyStep = fc.oneof(
  { weight: 8, arbitrary: anyCommand.map((given) => ({ kind: 'command' as const, given })) },
  { weight: 2, arbitrary: fc.nat(4_000_000).map((milliseconds) => ({ kind: 'time' as const, milliseconds })) },
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
        world.log.filter(
          (event): event is LoggedEvent<Extract<BikeRentalEvent, { type: Type }>> => event.type === type,
        );
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
      const reportOf = ({ bikeId, reportId }: { bikeId: string; reportId: string }) => `${bikeId}.${reportId}`;
      const earning = of('ConditionReported').filter(({ data }) => data.points !== 0);
      expect(
        of('PointsAwarded')
          .map(({ data }) => reportOf(data))
          .sort(),
      ).toEqual(earning.map(({ data }) => reportOf(data)).sort());
      for (const bike of ['b1', 'b2']) {
        const times = earning.flatMap(({ data }) => (data.bikeId === bike ? [Date.parse(data.reportedAt)] : []));
        expect(times.every((time, index) => index === 0 || time - times[index - 1]! >= 3_600_000)).toBe(true);
      }
      expect(given).toBeLessThanOrEqual(earned);
      expect(world.log.every(({ data }) => !('total' in data) || data.total >= 0)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
