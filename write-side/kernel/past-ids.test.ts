import fc from 'fast-check';
import { expect, it } from 'vitest';
import { noPastIds, type PastIds, recall, remember } from './past-ids.ts';
import { restoreState, saveState, sizeOfState } from './saved-state.ts';

const AT_LEAST = 5;
const ids = fc.array(fc.nat({ max: 20 }).map(String), { maxLength: 60 });
const after = (some: readonly string[]) =>
  some.reduce((past, id, index) => remember(past, id, index), noPastIds<number>(AT_LEAST));

it('remembers the last value of each of the latest ids', () => {
  fc.assert(
    fc.property(ids, (some) => {
      const past = after(some);
      const latest = [...new Set(some.toReversed())].slice(0, AT_LEAST);
      for (const id of latest) expect(recall(past, id)).toBe(some.lastIndexOf(id));
    }),
  );
});

it('never holds more than twice as many ids, and only ids that were added', () => {
  fc.assert(
    fc.property(ids, (some) => {
      const past = after(some);
      expect(sizeOfState(past)).toBeLessThanOrEqual(2 * AT_LEAST);
      for (const id of ['never', '21']) expect(recall(past, id)).toBeUndefined();
    }),
  );
});

it('is the same after it was saved and restored', () => {
  fc.assert(
    fc.property(ids, ids, (before, more) => {
      const past = after(before);
      const restored = restoreState(saveState(past)) as PastIds<number>;
      const [kept, again] = [past, restored].map((each) => more.reduce((memory, id) => remember(memory, id, -1), each));
      expect(saveState(again)).toEqual(saveState(kept));
    }),
  );
});

it('does not change the memory that it is given', () => {
  const past = after(['1', '2']);
  remember(past, '3', 0);
  expect(recall(past, '3')).toBeUndefined();
});
