import { expect, test } from 'vitest';
import type { HappenedEvent } from './context.ts';
import { mergeEvents } from './events.ts';

const event = (position: string) => ({ position }) as HappenedEvent;
const positions = (events: readonly HappenedEvent[]) => events.map(({ position }) => position);

test('orders events by their position, in whatever order they arrive', () => {
  const merged = mergeEvents([event('90'), event('7')], [event('100'), event('8')], 10);
  expect(positions(merged)).toEqual(['100', '90', '8', '7']);
});

test('keeps an event once that arrives by the stream and with the overview', () => {
  const merged = mergeEvents([event('1')], [event('2'), event('2'), event('1')], 10);
  expect(positions(merged)).toEqual(['2', '1']);
});

test('keeps only the newest events', () => {
  expect(positions(mergeEvents([event('1'), event('3')], [event('2')], 2))).toEqual(['3', '2']);
});

test('returns the same array without new events', () => {
  const known = [event('2'), event('1')];
  expect(mergeEvents(known, [event('1')], 10)).toBe(known);
});
