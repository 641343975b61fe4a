import type { Activity } from '../../schemas/kernel/activity.ts';

const MINUTES = 60;
export const MINUTE = 60_000;

/** The series of a plot. */
export type Series = {
  /** Seconds since 1970. */
  times: number[];
  /** At the end of each minute. */
  levels: number[];
  /** Within each minute; null for none. */
  events: (number | null)[];
};

/** Returns the last hour minute by minute. A minute that the activity omits has the level of the previous one. */
export const lastHour = ({ minutes }: Activity, now: number): Series => {
  const first = Math.floor(now / MINUTE) - MINUTES;
  const byMinute = new Map(minutes.map((minute) => [Date.parse(minute.at) / MINUTE, minute]));
  let level = minutes.findLast(({ at }) => Date.parse(at) / MINUTE < first)?.level ?? 0;
  const series: Series = { times: [], levels: [], events: [] };
  for (let minute = first; minute <= first + MINUTES; minute++) {
    const known = byMinute.get(minute);
    level = known?.level ?? level;
    series.times.push(minute * 60);
    series.levels.push(level);
    series.events.push(known?.events ?? null);
  }
  return series;
};
