import { expect, test } from 'vitest';
import type { HappenedEvent } from './context.ts';
import { mergeEvents } from './events.ts';

const event = (position: string) => ({ position }) as HappenedEvent;
const positions = (events: readonly HappenedEvent[]) => events.map(({ position }) => position);

test('events are put in order by their place in the log, however they come', () => {
  const merged = mergeEvents([event('90'), event('7')], [event('100'), event('8')], 10);
  expect(positions(merged)).toEqual(['100', '90', '8', '7']);
});

test('an event that comes over the stream and with the overview is there once', () => {
  const merged = mergeEvents([event('1')], [event('2'), event('2'), event('1')], 10);
  expect(positions(merged)).toEqual(['2', '1']);
});

test('only the newest are kept', () => {
  expect(positions(mergeEvents([event('1'), event('3')], [event('2')], 2))).toEqual(['3', '2']);
});

test('without news the same events are given back', () => {
  const known = [event('2'), event('1')];
  expect(mergeEvents(known, [event('1')], 10)).toBe(known);
});
