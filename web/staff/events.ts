import type { HappenedEvent } from './context.ts';

const newestFirst = (a: HappenedEvent, b: HappenedEvent): number => Number(BigInt(b.position) - BigInt(a.position));

/**
 * Merges events, each once: they arrive by the stream and with the overview.
 * @returns the newest first, at most `most`
 */
export const mergeEvents = (
  known: readonly HappenedEvent[],
  more: readonly HappenedEvent[],
  most: number,
): readonly HappenedEvent[] => {
  const byPosition = new Map([...known, ...more].map((event) => [event.position, event]));
  if (byPosition.size === known.length) return known;
  return [...byPosition.values()].sort(newestFirst).slice(0, most);
};
