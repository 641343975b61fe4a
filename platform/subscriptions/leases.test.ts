import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shareOut } from './leases.ts';
import { observer } from './workers.ts';

describe('shareOut', () => {
  const worker = (_id: string, wants: string[]) => ({ _id, wants });
  const consumers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

  test('gives each wanted consumer to exactly one worker that wants it, evenly', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom('w1', 'w2', 'w3', 'w4'), { minLength: 1 }),
        fc.array(fc.option(fc.constantFrom('w1', 'w2', 'w3', 'w4', 'dead')), { minLength: 7, maxLength: 7 }),
        (names, owners) => {
          const held = new Map(consumers.map((consumer, at) => [consumer, owners[at] ?? null]));
          const shares = shareOut(
            names.map((name) => worker(name, consumers)),
            held,
          );
          expect([...shares.keys()].sort()).toEqual(consumers);
          const counts = names.map((name) => [...shares.values()].filter((owner) => owner === name).length);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('is stable: a second run moves nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.subarray(consumers), { minLength: 1, maxLength: 4 }),
        fc.array(fc.option(fc.constantFrom('w0', 'w1', 'w2', 'w3')), { minLength: 7, maxLength: 7 }),
        (wants, owners) => {
          const workers = wants.map((wanted, at) => worker(`w${at}`, wanted));
          const held = new Map(consumers.map((consumer, at) => [consumer, owners[at] ?? null]));
          const shares = shareOut(workers, held);
          expect(shareOut([...workers].reverse(), shares)).toEqual(shares);
        },
      ),
    );
  });

  test('moves as few consumers as possible when a worker joins', () => {
    const held = new Map(consumers.map((consumer) => [consumer, 'w1']));
    const shares = shareOut([worker('w1', consumers), worker('w2', consumers)], held);
    expect([...shares.values()].filter((owner) => owner === 'w2').length).toBe(3);
  });

  test('leaves out consumers that no worker wants', () => {
    expect(shareOut([worker('w1', ['a'])], new Map([['b', 'w1']]))).toEqual(new Map([['a', 'w1']]));
  });
});

describe('observer', () => {
  test('considers a worker dead when its beat stood still for a lease, by the clock of the observer', () => {
    let now = 0;
    const { observe, isAlive } = observer(3000, () => now);
    observe([{ _id: 'w', beat: 7 }]);
    now = 3000;
    expect(isAlive('w')).toBe(true);
    observe([{ _id: 'w', beat: 7 }]);
    now = 3001;
    expect(isAlive('w')).toBe(false);
    observe([{ _id: 'w', beat: 8 }]);
    expect(isAlive('w')).toBe(true);
    observe([]);
    expect(isAlive('w')).toBe(false);
  });
});
