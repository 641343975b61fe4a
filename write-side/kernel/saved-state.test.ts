import { expect, it } from 'vitest';
import { ImmutableMap, ImmutableSet, OrderedMap, OrderedSet } from './collections.ts';
import { jsonPieces } from './json-pieces.ts';
import { noPastIds, recall, remember } from './past-ids.ts';
import { restoreState, saveState, sizeOfState } from './saved-state.ts';

const written = (state: unknown) => JSON.parse([...jsonPieces(saveState(state))].join(''));

const numbers = Array.from({ length: 100 }, (_, index) => `n${index}`);
const state = {
  status: 'open',
  tariff: { baseFee: 1, perMinute: null },
  names: ['a', 'b'],
  map: ImmutableMap(numbers.map((name) => [name, { name, $map: 'a value may say anything' }])),
  orderedMap: OrderedMap(numbers.toReversed().map((name) => [name, 1])),
  set: ImmutableSet(numbers),
  nested: { orderedSet: OrderedSet(numbers.toReversed()) },
  past: remember(noPastIds<string>(3), 'id', 'customer'),
};

it('restores plain data and collections of every kind, with their order', () => {
  const restored = restoreState(written(state)) as typeof state;
  for (const name of ['map', 'set', 'orderedMap'] as const)
    expect(JSON.stringify([...restored[name]])).toBe(JSON.stringify([...state[name]]));
  expect([...restored.nested.orderedSet]).toEqual(numbers.toReversed());
  expect(restored.orderedMap.keys().next().value).toBe('n99');
  expect(recall(restored.past, 'id')).toBe('customer');
  expect(restored).toMatchObject({ status: 'open', tariff: { baseFee: 1, perMinute: null }, names: ['a', 'b'] });
  expect(written(restored)).toEqual(written(state));
});

it('does not change a state without collections', () => {
  for (const plain of [{ status: 'none' }, ['a'], null, 7, {}]) expect(restoreState(written(plain))).toEqual(plain);
});

it('counts the elements of the collections', () => {
  expect(sizeOfState(state)).toBe(401);
  expect(sizeOfState({ status: 'none' })).toBe(0);
});
