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
    ['wait=5=6', undefined],
  ])('of %j is %j', (header, seconds) => {
    expect(parseWait(header)).toBe(seconds);
  });

  it.each([
    `wait${' '.repeat(990)}x`,
    `${'"\\'.repeat(490)}, wait=5`,
    `${' '.repeat(990)}=`,
    ','.repeat(1_000),
    `wait${';'.repeat(990)}`,
  ])('is parsed in one pass: a thousand headers such as %.12j', (header) => {
    const before = process.threadCpuUsage();
    for (let count = 0; count < 1_000; count++) parseWait(header);
    expect(process.threadCpuUsage(before).user).toBeLessThan(10_000_000);
  });

  it('is refused in a header of over 1,000 characters', () => {
    expect(() => parseWait(`wait${' '.repeat(15_800)}x`)).toThrow('The request is malformed');
  });
});

describe('the least position', () => {
  it('is as wide as a position', () => {
    expect(parseMinEventPosition('18446744073709551615')).toBe(2n ** 64n - 1n);
  });
});
