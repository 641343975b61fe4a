import { expect, test } from 'vitest';
import type { Projection } from './kernel/projection.ts';
import { SelectionError, selectProjections } from './select.ts';

const named = (context: string, view: string) =>
  ({ name: `${context}.${view}`, context: { name: context } }) as Projection;
const known = [named('parking', 'lots'), named('parking', 'history'), named('cinema', 'history')];
const select = (selection: Partial<Parameters<typeof selectProjections>[1]>) =>
  selectProjections(known, { names: [], ...selection }).map(({ name }) => name);

test.each([
  [{ names: ['lots'] }, ['parking.lots']],
  [{ names: ['cinema.history'] }, ['cinema.history']],
  [{ names: ['lots', 'parking.lots'] }, ['parking.lots']],
  [{ context: 'parking' }, ['parking.lots', 'parking.history']],
  [{ context: 'cinema', names: ['lots'] }, ['cinema.history', 'parking.lots']],
  [{ all: true }, ['parking.lots', 'parking.history', 'cinema.history']],
])('%j means %j', (selection, names) => {
  expect(select(selection)).toEqual(names);
});

test.each([
  [{ names: ['history'] }, 'history may be parking.history or cinema.history'],
  [{ names: ['bikes'] }, 'There is no view bikes'],
  [{ names: ['ots'] }, 'There is no view ots'],
  [{ context: 'bikes' }, 'There are no views of bikes'],
  [{}, 'Say which view'],
])('%j is refused: %s', (selection, message) => {
  expect(() => select(selection)).toThrow(SelectionError);
  expect(() => select(selection)).toThrow(message);
});
