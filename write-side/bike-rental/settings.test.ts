import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaults } from '../../schemas/bike-rental.ts';
import { holdsForEveryDecider, specification, stateAfter } from '../kernel/testing.ts';
import { settings } from './settings.ts';

const { given } = specification(settings);

type Command = Parameters<typeof settings.decide>[0];
type Event = Parameters<typeof settings.evolve>[1];

const data = { base: 1_500, perMinute: 50, dailyMax: 12_000 };
const changeTariff: Command = { type: 'ChangeTariff', data };
const tariffChanged: Event = { type: 'TariffChanged', data };
const changePoints: Command = { type: 'ChangePoints', data: { perReport: 700 } };
const pointsChanged: Event = { type: 'PointsChanged', data: { perReport: 700 } };
const { dailyMax: _none, ...unlimited } = data;

const read = (...events: Event[]) => settings.read?.({ type: 'ReadSettings', data: {} }, stateAfter(settings, events));

describe('the tariff', () => {
  it('is set', () => given().when(changeTariff).thenEvents(tariffChanged));
  it('is not set again to what it is', () => given(tariffChanged).when(changeTariff).thenNothing());
  it('loses its limit when it is set without one', () => {
    given(tariffChanged)
      .when({ type: 'ChangeTariff', data: unlimited })
      .thenEvents({ type: 'TariffChanged', data: unlimited });
    expect(read(tariffChanged, { type: 'TariffChanged', data: unlimited })).toEqual({
      tariff: { baseFee: 1_500, perMinute: 50 },
      perReport: 1_000,
    });
  });
});

describe('the points for a report', () => {
  it('are set', () => given().when(changePoints).thenEvents(pointsChanged));
  it('are not set again to what they are', () => given(pointsChanged).when(changePoints).thenNothing());
});

describe('ReadSettings', () => {
  it('reads the defaults before anything is set', () => expect(read()).toEqual(defaults));
  it('reads what was set last', () =>
    expect(read(tariffChanged, pointsChanged)).toEqual({
      tariff: { baseFee: 1_500, perMinute: 50, dailyMax: 12_000 },
      perReport: 700,
    }));
  it('appends nothing', () => given(tariffChanged).when({ type: 'ReadSettings', data: {} }).thenNothing());
});

it('keeps the rules of every decider', () =>
  holdsForEveryDecider(
    settings,
    fc.constantFrom(changeTariff, changePoints, { type: 'ChangeTariff', data: unlimited } as Command),
  ));
