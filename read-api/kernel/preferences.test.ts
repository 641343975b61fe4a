import { describe, expect, it } from 'vitest';
import { parseMinEventPosition, parseWait } from './preferences.ts';

describe('the wait preference', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['wait=5', 5],
    ['Wait=5', 5],
    ['wait="5"', 5],
    ['wait = 5', 5],
    ['respond-async, wait=5', 5],
    ['wait=5; why="a, b"', 5],
    ['note="wait=9, wait=8", wait=5', 5],
    ['wait=3, wait=7', 3],
    ['wait=600', 30],
    ['wait=99999999999999999999', 30],
    ['wait=0', 0],
    ['wait=-1', undefined],
    ['wait=soon', undefined],
    ['waiting=5', undefined],
  ])('of %j is %j', (header, seconds) => {
    expect(parseWait(header)).toBe(seconds);
  });

  it('is found in a long hostile header in no time', () => {
    const started = performance.now();
    parseWait(`${'"\\'.repeat(4000)}, wait=5`);
    parseWait(`${' '.repeat(8000)}=`);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('the least position', () => {
  it('is as wide as a position', () => {
    expect(parseMinEventPosition('18446744073709551615')).toBe(2n ** 64n - 1n);
  });
});
