/** Completions that a shop remembers. */
export const COMPLETIONS = 20;

/** Seconds between which clients of an overloaded shop are asked to wait. */
const LEAST = 5;
const MOST = 600;

/**
 * Returns after how many seconds a shop at its limit probably has room: the mean time between its latest completions
 * and until now, for each completion that is needed. A break longer than {@link MOST}, such as the night, counts as
 * that.
 * @param completions moments, oldest first
 * @param needed completions until there is room
 * @returns a whole number from {@link LEAST} to {@link MOST}; undefined before the first completion
 */
export const secondsUntilRoom = (completions: readonly string[], now: string, needed: number): number | undefined => {
  if (completions.length === 0) return undefined;
  const moments = [...completions, now].map((moment) => Date.parse(moment) / 1000);
  const pauses = moments.slice(1).map((moment, index) => Math.min(MOST, Math.max(0, moment - moments[index]!)));
  const mean = pauses.reduce((sum, pause) => sum + pause, 0) / pauses.length;
  return Math.min(MOST, Math.max(LEAST, Math.ceil(mean * needed)));
};
