import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { residentMiB, threadSeconds } from '../../bench/processes.ts';
import { seriesIn } from '../deploy/metric-queries.ts';

/** The resources of a process: MiB, open handles, and seconds of CPU since its start. The stores report no heap. */
export type Usage = { pid: number; memory: number; heap?: number; handles: number; cpu: number };

/** Seconds for which the oldest event that was not handled yet has waited. */
export type Lag = { views: number; policies: number };

/** A moment of a soak. Lags are missing while MongoDB does not answer. */
export type Sample = {
  seconds: number;
  processes: Readonly<Record<string, Usage>>;
  lag?: Lag;
  /** The folder of the stores. */
  data: { MiB: number; files: number };
  commands: number;
  /** Answers of 5xx and requests without an answer so far. */
  failures: number;
};

const MIB = 2 ** 20;

/** Reads the resources of a process from /proc. @returns undefined when it has just ended */
export const usageOf = (pid: number): Usage | undefined => {
  try {
    const handles = readdirSync(`/proc/${pid}/fd`).length;
    const cpu = [...threadSeconds([pid]).values()].reduce((sum, seconds) => sum + seconds, 0);
    return { pid, memory: residentMiB([pid]), handles, cpu };
  } catch {
    return undefined;
  }
};

/** Measures a folder while others write to it. */
export const folderOf = (folder: string): Sample['data'] => {
  let [bytes, files] = [0, 0];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const found = statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false });
    if (!found) continue;
    bytes += found.size;
    files += 1;
  }
  return { MiB: bytes / MIB, files };
};

/** Reads a process's metrics. @returns undefined while it does not answer */
export const scrape = async (url: string): Promise<{ heap: number; lag: Lag | undefined } | undefined> => {
  try {
    const text = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
    const heap = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]) / MIB;
    const lagOf = (group: string) => {
      const values = [...text.matchAll(/^plaza_projection_lag_seconds\{group="(\w+)".*\} (\S+)$/gm)];
      return Math.max(...values.filter(([, one]) => one === group).map(([, , seconds]) => Number(seconds)));
    };
    const lag = { views: lagOf('projections'), policies: lagOf('policies') };
    return { heap, lag: seriesIn(text).has('plaza_projection_lag_seconds') ? lag : undefined };
  } catch {
    return undefined;
  }
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Points of a line over the whole of a soak: enough to see it, few enough for a small file. */
const BUCKETS = 40;

type Point = readonly [seconds: number, value: number];

/** Returns the medians of equal parts of the time: a collection of garbage or a restart changes them little. */
const medians = (points: readonly Point[], from: number, to: number): Point[] =>
  Array.from({ length: BUCKETS }, (_, bucket): Point => {
    const width = (to - from) / BUCKETS;
    const begins = from + bucket * width;
    const own = points.filter(([at]) => at >= begins && at < begins + width).map(([, value]) => value);
    return [begins, median(own)];
  }).filter(([, value]) => !Number.isNaN(value));

/** The Theil-Sen estimator: the median of the slopes of all pairs, which a few odd values do not move. */
const slopeOf = (points: readonly Point[]): number =>
  median(points.flatMap(([x, y], at) => points.slice(at + 1).map(([later, value]) => (value - y) / (later - x))));

/** How much more there may be after the second half than before it: an amount, or a share of the median. */
const FLAT = {
  memory: { amount: 32, share: 0.15, unit: 'MiB of memory' },
  heap: { amount: 12, share: 0.15, unit: 'MiB of heap' },
  handles: { amount: 16, share: 0.1, unit: 'handles' },
  files: { amount: 4, share: 0, unit: 'files' },
  lag: { amount: 1, share: 0, unit: 'seconds of lag' },
} as const;

/** How a measure developed over the second half: its median, and its slope times the duration. */
export type Trend = { what: string; unit: string; median: number; growth: number; limit: number };

/**
 * Fits a line through each measure over the second half of a soak, of those processes that lived through it.
 * @returns one that grew by more than its limit is a leak
 */
export const trendsOf = (samples: readonly Sample[]): Trend[] => {
  const end = samples.at(-1)?.seconds ?? 0;
  const half = samples.filter(({ seconds }) => seconds >= end / 2);
  const trend = (what: string, kind: keyof typeof FLAT, read: (sample: Sample) => number | undefined): Trend => {
    const points = half.flatMap((sample): Point[] => {
      const value = read(sample);
      return value === undefined || !Number.isFinite(value) ? [] : [[sample.seconds, value]];
    });
    const typical = median(points.map(([, value]) => value));
    const { amount, share, unit } = FLAT[kind];
    const growth = slopeOf(medians(points, end / 2, end)) * (end / 2);
    return { what, unit, median: typical, growth, limit: Math.max(amount, share * typical) };
  };
  const names = Object.keys(half.at(-1)?.processes ?? {}).filter(
    (name) => new Set(half.flatMap(({ processes }) => processes[name]?.pid ?? [])).size === 1,
  );
  return [
    ...names.flatMap((name) => [
      trend(name, 'memory', ({ processes }) => processes[name]?.memory),
      ...(half.at(-1)!.processes[name]!.heap === undefined
        ? []
        : [trend(name, 'heap', ({ processes }) => processes[name]?.heap)]),
      trend(name, 'handles', ({ processes }) => processes[name]?.handles),
    ]),
    trend('data', 'files', ({ data }) => data.files),
    trend('views', 'lag', ({ lag }) => lag?.views),
    trend('policies', 'lag', ({ lag }) => lag?.policies),
  ];
};

/** Returns a line for each trend that is not flat. */
export const leaksOf = (trends: readonly Trend[]): string[] =>
  trends
    // Without a slope there was nothing to measure.
    .filter(({ growth, limit }) => !(growth <= limit))
    .map(
      ({ what, unit, growth, limit }) => `${what}: ${growth.toFixed(1)} more ${unit}, and ${limit.toFixed(1)} is flat`,
    );
