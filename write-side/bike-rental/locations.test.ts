import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holdsForEveryDecider, specification } from '../kernel/testing.ts';
import { locations } from './locations.ts';
import { policies } from './policies.ts';

const { given } = specification(locations);

type Command = Parameters<typeof locations.decide>[0];
type Event = Parameters<typeof locations.evolve>[1];

const [station, elsewhere] = ['분당_정자역_1구역', '분당_정자역_3구역'];
const add = (location: string): Command => ({ type: 'AddLocation', data: { location } });
const check = (location: string): Command => ({ type: 'CheckLocation', data: { location } });
const added: Event = { type: 'LocationAdded', data: { location: station } };

it('is known once a bike was brought to it', () => {
  given().when(add(station)).thenEvents(added);
  given(added).when(add(station)).thenNothing();
  given(added).when(check(station)).thenNothing();
  given(added).when(check(elsewhere)).thenRefused('station-not-found');
});

it('becomes known where staff register a bike or bring one, not where a user returns one', () => {
  const policy = policies.find(({ name }) => name === 'bike-rental.locations')!;
  const brought = [
    { type: 'BikeRegistered', data: { bikeId: 'b', location: station } },
    { type: 'BikeMoved', data: { bikeId: 'b', from: elsewhere, location: station } },
  ];
  for (const event of brought) expect(policy.react({ ...event, revision: '0' })).toEqual([add(station)]);
  expect(policy.events).not.toContain('BikeReturned');
});

it('keeps the rules of every decider', () =>
  holdsForEveryDecider(locations, fc.constantFrom(add(station), add(elsewhere), check(station))));
