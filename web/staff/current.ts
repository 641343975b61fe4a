import type { Static } from 'typebox';
import type { ProjectionStatus } from '../../schemas/kernel/control-center.ts';

/** Seconds of lag after which a view does not count as up to date. */
export const LAGGING = 3;

/** When the page last saw each view up to date, in milliseconds, by name. */
export type CurrentAt = Readonly<Record<string, number>>;

/** Returns when each view was last up to date, after a read of the overview. */
export const currentAfter = (
  before: CurrentAt,
  views: readonly Static<typeof ProjectionStatus>[],
  now: number,
): CurrentAt => {
  const current = views.filter(({ state, secondsBehind }) => state !== 'stopped' && secondsBehind <= LAGGING);
  return { ...before, ...Object.fromEntries(current.map(({ name }) => [name, now])) };
};
