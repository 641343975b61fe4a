import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaults, type Tariff } from '../../schemas/bike-rental.ts';
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
const rented = (rentalId = 'r-1', rentedAt = NOW, location = station, tariff: Tariff = defaults.tariff): Event => ({
  type: 'BikeRented',
  data: { bikeId, rentalId, userId: 'user-1', location, rentedAt, tariff },
});
const returned = (
  rentalId = 'r-1',
  rentedAt = NOW,
  returnedAt = NOW,
  tariff: Tariff | undefined = defaults.tariff,
): Event => ({
  type: 'BikeReturned',
  data: { bikeId, rentalId, userId: 'user-1', location: elsewhere, rentedAt, returnedAt, tariff },
});
const reported = (usable: boolean, reportId = 'report-1', reportedAt = NOW, points = 1_000): Event => ({
  type: 'ConditionReported',
  data: { bikeId, reportId, managerId: 'm-1', batteryLevel: 80, usable, reportedAt, points },
});
const move = (to: string): Command => ({ type: 'MoveBike', data: { bikeId, to } });
const retire: Command = { type: 'RetireBike', data: { bikeId } };
const moved: Event = { type: 'BikeMoved', data: { bikeId, from: station, location: elsewhere } };
const retired: Event = { type: 'BikeRetired', data: { bikeId, location: station } };

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
  it('agrees on the tariff of the moment', () => {
    const tariff = { baseFee: 500, perMinute: 0, dailyMax: 9_000 };
    given(registered)
      .when(rent(), { tariff, perReport: 5 })
      .thenEvents(rented('r-1', NOW, station, tariff));
  });
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

describe('a repeat without a key', () => {
  it('has the first answer while its result stands', () => {
    given(registered, rented()).whenRepeated(register).thenFirstAnswer();
    given(registered, rented()).whenRepeated(rent()).thenFirstAnswer();
    given(registered, reported(false), retired).whenRepeated(report(false)).thenFirstAnswer();
  });
  it('is refused when the bike is retired or returned, also when it is rented again', () => {
    given(registered, retired).whenRepeated(register).thenRefused('bike-retired');
    given(registered, rented(), returned()).whenRepeated(rent()).thenRefused('already-returned');
    given(registered, rented(), returned(), rented('r-2')).whenRepeated(rent()).thenRefused('already-returned');
  });
});

describe('CheckRentalId', () => {
  const check = (rentalId: string): Command => ({ type: 'CheckRentalId', data: { bikeId, rentalId } });
  it('refuses the id of a rental, running or returned', () => {
    given(registered, rented()).when(check('r-1')).thenRefused('rental-already-exists');
    given(registered, rented(), returned()).when(check('r-1')).thenRefused('rental-already-exists');
  });
  it('passes an unused id', () => given(registered, rented()).when(check('r-2')).thenNothing());
});

describe('ReturnBike', () => {
  it('puts the bike at its new place and carries the time of the rental', () =>
    given(registered, rented('r-1', '2026-01-31T08:30:00.000Z'))
      .when(giveBack())
      .thenEvents(returned('r-1', '2026-01-31T08:30:00.000Z')));
  it('carries the tariff of its start, whatever the tariff is now', () => {
    const tariff = { baseFee: 500, perMinute: 0 };
    given(registered, rented('r-1', NOW, station, tariff))
      .when(giveBack(), { tariff: { baseFee: 1, perMinute: 1 } })
      .thenEvents(returned('r-1', NOW, NOW, tariff));
  });
  it('of a rental from before tariffs carries none', () => {
    const data = { bikeId, rentalId: 'r-1', userId: 'user-1', location: station, rentedAt: NOW };
    const { tariff: _none, ...expected } = returned().data as { tariff?: Tariff };
    given(registered, { type: 'BikeRented', data })
      .when(giveBack())
      .thenEvents({ type: 'BikeReturned', data: expected } as Event);
  });
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
  it('by its user goes to a station, or back to where the bike was rented', () => {
    const asOwner = { asOwner: true } as const;
    const when = (location: string, isStation: boolean) =>
      given(registered, rented()).when(
        { type: 'ReturnBike', data: { bikeId, rentalId: 'r-1', location } },
        { isStation },
        asOwner,
      );
    when('내 집 =1+1', false).thenRefused('station-not-found');
    when(elsewhere, true).thenEvents(returned());
    when(station, false).thenEvents({ ...returned(), data: { ...returned().data, location: station } } as Event);
    given(registered, rented(), returned()).when(giveBack(), {}, asOwner).thenRefused('already-returned');
  });
  it('works for a bike reported broken meanwhile', () =>
    given(registered, rented(), reported(false)).when(giveBack()).thenEvents(returned()));
});

describe('MoveBike', () => {
  it('brings the bike to another place, from where it is rented then', () => {
    given(registered).when(move(elsewhere)).thenEvents(moved);
    given(registered, moved)
      .when(rent())
      .thenEvents(rented('r-1', NOW, elsewhere));
  });
  it('changes nothing where the bike stands already', () => given(registered).when(move(station)).thenNothing());
  it('needs a bike that is not in use', () => {
    given().when(move(elsewhere)).thenRefused('bike-not-found');
    given(registered, rented()).when(move(elsewhere)).thenRefused('bike-not-available');
    given(registered, retired).when(move(elsewhere)).thenRefused('bike-retired');
  });
  it('brings a broken bike away', () => given(registered, reported(false)).when(move(elsewhere)).thenEvents(moved));
});

describe('RetireBike', () => {
  it('takes the bike out for good', () => {
    given(registered).when(retire).thenEvents(retired);
    for (const command of [retire, rent(), report(true)])
      given(registered, retired).when(command).thenRefused('bike-retired');
    given(registered, retired).when(register).thenRefused('bike-already-registered');
  });
  it('needs a bike that is not in use', () => {
    given().when(retire).thenRefused('bike-not-found');
    given(registered, rented()).when(retire).thenRefused('bike-not-available');
    given(registered, rented(), returned())
      .when(retire)
      .thenEvents({
        type: 'BikeRetired',
        data: { bikeId, location: elsewhere },
      });
  });
});

describe('the points of a report', () => {
  const at = (hours: number) => new Date(Date.parse(NOW) - hours * 3_600_000).toISOString();
  const points = (usable: boolean, ...events: Event[]) => {
    const input = { now: NOW, timeZone: 'UTC', revision: 9n, prepared: { perReport: 700 } };
    const decision = bike.decide(report(usable, 'new'), stateAfter(bike, [registered, ...events]), input);
    const [event] = decision as readonly Event[];
    return event?.type === 'ConditionReported' ? event.data.points : decision;
  };

  it('are those of the moment, for the first report', () => expect(points(true)).toBe(700));
  it('are none for a report within an hour of one that earned some, even with another condition', () => {
    expect(points(false, reported(true, 'a', at(0.99)))).toBe(0);
    expect(points(false, reported(true, 'a', at(1)))).toBe(700);
    expect(points(false, reported(true, 'a', at(2)), reported(true, 'b', at(0.5), 0))).toBe(700);
  });
  it('are none for a report that says what is known, until the last one is a day old', () => {
    expect(points(true, reported(true, 'a', at(23.9)))).toBe(0);
    expect(points(true, reported(true, 'a', at(24)))).toBe(700);
    expect(points(true, reported(true, 'a', at(30)), reported(true, 'b', at(20), 0))).toBe(0);
  });
  it('are none after a clock was set back', () => expect(points(false, reported(true, 'a', at(-5)))).toBe(0));
  it('count reports from before points were recorded', () => {
    const { points: _points, ...data } = reported(true, 'a', at(0.5)).data as { points: number };
    expect(points(false, { type: 'ConditionReported', data } as Event)).toBe(0);
  });
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
    fc.constant(retire),
    fc.constantFrom(station, elsewhere).map(move),
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
          if (type === 'BikeRetired' || type === 'BikeMoved') expect(running).toBeUndefined();
          if (type === 'BikeReturned') {
            expect(data.rentalId).toBe(running);
            running = undefined;
          }
        }
      }),
    );
  });
});
