import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fairQueue } from './fair-queue.ts';

const filled = (...items: string[]) => {
  const queue = fairQueue<string>();
  for (const item of items) queue.add(item[0]!, item);
  return queue;
};

const takeAll = (queue: ReturnType<typeof filled>): string[] => {
  const taken = [];
  for (let item = queue.take(); item !== undefined; item = queue.take()) taken.push(item);
  return taken;
};

it('gives each client a turn, with the oldest of its items', () => {
  expect(takeAll(filled('a1', 'a2', 'a3', 'b1', 'c1', 'c2'))).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  expect(takeAll(filled())).toEqual([]);
});

it('evicts the newest item of the client that has the most', () => {
  const queue = filled('a1', 'a2', 'b1', 'b2', 'b3', 'c1');
  expect([queue.evict(), queue.size]).toEqual(['b3', 5]);
  expect(takeAll(queue)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2']);
  expect(queue.evict()).toBeUndefined();
});

it('says truly how many are taken before the next item of a client, and keeps the order of each client', () => {
  const clients = fc.constantFrom('a', 'b', 'c', 'd');
  fc.assert(
    fc.property(fc.array(fc.oneof(clients, fc.constant('take'))), clients, (steps, client) => {
      const queue = fairQueue<string>();
      const count = new Map<string, number>();
      let expected = 0;
      for (const step of steps) {
        if (step === 'take') {
          if (queue.take() !== undefined) expected -= 1;
          continue;
        }
        const number = (count.get(step) ?? 0) + 1;
        count.set(step, number);
        queue.add(step, `${step}${number}`);
        expected += 1;
      }
      expect(queue.size).toBe(expected);
      const before = queue.before(client);
      queue.add(client, 'mine');
      const taken = takeAll(queue);
      // A client whose turn has just been waits for the others, so the estimate is at most one turn of each too low.
      expect(Math.abs(taken.indexOf('mine') - before)).toBeLessThanOrEqual(4);
      for (const name of ['a', 'b', 'c', 'd']) {
        const numbers = taken.filter((item) => item.startsWith(name)).map((item) => Number(item.slice(1)));
        expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
      }
    }),
  );
});
