import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { bike } from './bike.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(bike, NOW);

type Command = Parameters<typeof bike.decide>[0];
type Event = Parameters<typeof bike.evolve>[1];

const bikeId = 'bike-1';
const station = '분당_정자역_1구역';
const elsewhere = '분당_정자역_3구역';

const register: Command = { type: 'RegisterBike', data: { bikeId, location: station } };
const rent = (rentalId = 'r-1', userId = 'user-1'): Command => ({
  type: 'RentBike',
  data: { bikeId, rentalId, userId },
});
const giveBack = (rentalId = 'r-1'): Command => ({
  type: 'ReturnBike',
  data: { bikeId, rentalId, location: elsewhere },
});
const report = (usable: boolean, reportId = 'report-1'): Command => ({
  type: 'ReportCondition',
  data: { bikeId, reportId, managerId: 'm-1', batteryLevel: 80, usable },
});

const registered: Event = { type: 'BikeRegistered', data: { bikeId, location: station } };
const rented = (rentalId = 'r-1', rentedAt = NOW, location = station): Event => ({
  type: 'BikeRented',
  data: { bikeId, rentalId, userId: 'user-1', location, rentedAt },
});
const returned = (rentalId = 'r-1', rentedAt = NOW, returnedAt = NOW): Event => ({
  type: 'BikeReturned',
  data: { bikeId, rentalId, userId: 'user-1', location: elsewhere, rentedAt, returnedAt },
});
const reported = (usable: boolean, reportId = 'report-1'): Event => ({
  type: 'ConditionReported',
  data: { bikeId, reportId, managerId: 'm-1', batteryLevel: 80, usable, reportedAt: NOW },
});

describe('RegisterBike', () => {
  it('puts a bike at a place', () => given().when(register).thenEvents(registered));
  it('takes an unused id only', () => given(registered).when(register).thenRefused('bike-already-registered'));
});

describe('RentBike', () => {
  it('takes the bike from where it stands', () => given(registered).when(rent()).thenEvents(rented()));
  it('takes a returned bike from where it was returned to', () =>
    given(registered, rented(), returned())
      .when(rent('r-2'))
      .thenEvents(rented('r-2', NOW, elsewhere)));
  it('needs a bike', () => given().when(rent()).thenRefused('bike-not-found'));
  it('needs a bike that is not in use', () =>
    given(registered, rented()).when(rent('r-2', 'user-2')).thenRefused('bike-not-available'));
  it('needs a usable bike', () => given(registered, reported(false)).when(rent()).thenRefused('bike-not-available'));
  it('takes a repaired bike', () =>
    given(registered, reported(false), reported(true, 'report-2')).when(rent()).thenEvents(rented()));
  it('needs an unused id', () =>
    given(registered, rented(), returned()).when(rent()).thenRefused('rental-already-exists'));
  it('needs an id that the running rental does not have', () =>
    given(registered, rented()).when(rent()).thenRefused('rental-already-exists'));
});

describe('ReturnBike', () => {
  it('puts the bike at its new place and carries the time of the rental', () =>
    given(registered, rented('r-1', '2026-01-31T08:30:00.000Z'))
      .when(giveBack())
      .thenEvents(returned('r-1', '2026-01-31T08:30:00.000Z')));
  it('is never before the rental, also when clocks differ', () =>
    given(registered, rented('r-1', '2026-01-31T09:00:01.000Z'))
      .when(giveBack())
      .thenEvents(returned('r-1', '2026-01-31T09:00:01.000Z', '2026-01-31T09:00:01.000Z')));
  it('needs a rental', () => given(registered).when(giveBack()).thenRefused('rental-not-found'));
  it('needs the running one', () => given(registered, rented()).when(giveBack('r-2')).thenRefused('rental-not-found'));
  it('happens once', () => given(registered, rented(), returned()).when(giveBack()).thenRefused('already-returned'));
  it('belongs to the user of the rental, also after the return', () => {
    for (const events of [[rented()], [rented(), returned()]])
      expect(bike.owner?.(giveBack(), stateAfter(bike, [registered, ...events]))).toBe('user-1');
    expect(bike.owner?.(giveBack('r-2'), stateAfter(bike, [registered, rented()]))).toBeUndefined();
  });
  it('works for a bike reported broken meanwhile', () =>
    given(registered, rented(), reported(false)).when(giveBack()).thenEvents(returned()));
});

describe('ReportCondition', () => {
  it('records the condition', () => given(registered).when(report(true)).thenEvents(reported(true)));
  it('of a bike in use, too, which is out of service when it is back', () => {
    given(registered, rented()).when(report(false)).thenEvents(reported(false));
    given(registered, rented(), reported(false), returned()).when(rent('r-2')).thenRefused('bike-not-available');
  });
  it('needs a bike', () => given().when(report(true)).thenRefused('bike-not-found'));
  it('needs an unused id', () =>
    given(registered, reported(true)).when(report(true)).thenRefused('report-already-exists'));
});

describe('any sequence of commands', () => {
  const id = fc.constantFrom('a', 'b', 'c');
  const anyCommand = fc.oneof(
    fc.constant(register),
    fc.tuple(id, id).map(([rentalId, userId]) => rent(rentalId, userId)),
    id.map(giveBack),
    fc.tuple(fc.boolean(), id).map(([usable, reportId]) => report(usable, reportId)),
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(bike, anyCommand));

  it('is in at most one rental, and only that one can be ended', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        let running: string | undefined;
        for (const { type, data } of play(bike, commands).events) {
          if (type === 'BikeRented') {
            expect(running).toBeUndefined();
            running = data.rentalId;
          }
          if (type === 'BikeReturned') {
            expect(data.rentalId).toBe(running);
            running = undefined;
          }
        }
      }),
    );
  });
});
