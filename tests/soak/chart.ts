import type { Sample } from './samples.ts';

/** The disturbances of Plaza, with their times. */
export type Disturbance = { seconds: number; kind: 'kill' | 'replace' | 'replay'; what: string };

const WIDTH = 1100;
const HEIGHT = 130;
const LEFT = 60;
const RIGHT = 150;
const TOP = 60;
const GAP = 40;
const POINTS = 240;
const COLOURS = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf', '#8c564b', '#e377c2', '#7f7f7f'];
const MARKS = { kill: '#d62728', replace: '#1f77b4', replay: '#2ca02c' } as const;

type Line = { name: string; values: readonly (number | undefined)[] };
type Panel = { heading: string; lines: readonly Line[] };

/** Returns the differences to the sample before, a second; undefined where a process began anew. */
const rates = (samples: readonly Sample[], read: (sample: Sample) => number | undefined): (number | undefined)[] =>
  samples.map((sample, at) => {
    const before = samples[at - 1];
    const [from, to] = [before && read(before), read(sample)];
    if (!before || from === undefined || to === undefined || to < from) return undefined;
    return (to - from) / (sample.seconds - before.seconds);
  });

/**
 * Draws the samples of a soak as SVG: a panel for each measure, a line for each process, the highest value of each
 * moment.
 */
export const chartOf = (samples: readonly Sample[], disturbances: readonly Disturbance[], title: string): string => {
  const names = [...new Set(samples.flatMap(({ processes }) => Object.keys(processes)))].sort();
  const end = Math.max(1, samples.at(-1)?.seconds ?? 1);
  const x = (seconds: number) => LEFT + (seconds / end) * (WIDTH - LEFT - RIGHT);
  const each = (read: (sample: Sample, name: string) => number | undefined): Line[] =>
    names.map((name) => ({ name, values: samples.map((sample) => read(sample, name)) }));

  const panels: Panel[] = [
    { heading: 'Memory, MiB', lines: each(({ processes }, name) => processes[name]?.memory) },
    { heading: 'Heap, MiB', lines: each(({ processes }, name) => processes[name]?.heap) },
    { heading: 'Open handles', lines: each(({ processes }, name) => processes[name]?.handles) },
    {
      heading: 'Processors in use',
      lines: names.map((name) => ({ name, values: rates(samples, ({ processes }) => processes[name]?.cpu) })),
    },
    {
      heading: 'Lag, seconds',
      lines: [
        { name: 'views', values: samples.map(({ lag }) => lag?.views) },
        { name: 'policies', values: samples.map(({ lag }) => lag?.policies) },
      ],
    },
    {
      heading: 'A second',
      lines: [
        { name: 'commands', values: rates(samples, ({ commands }) => commands) },
        { name: 'failed attempts', values: rates(samples, ({ failures }) => failures) },
      ],
    },
    { heading: 'Data of the stores, MiB', lines: [{ name: 'data', values: samples.map(({ data }) => data.MiB) }] },
    { heading: 'Files of the stores', lines: [{ name: 'files', values: samples.map(({ data }) => data.files) }] },
  ];

  const highest = (values: Line['values']): string[] => {
    const found = new Map<number, number>();
    for (const [at, value] of values.entries()) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const point = Math.floor((samples[at]!.seconds / end) * POINTS);
      found.set(point, Math.max(found.get(point) ?? 0, value));
    }
    return [...found].map(([point, value]) => `${x((point / POINTS) * end).toFixed(0)},${value}`);
  };

  const drawn = (panel: Panel, index: number): string => {
    const top = TOP + index * (HEIGHT + GAP) + 20;
    const lines = panel.lines
      .map(({ name, values }) => ({ name, points: highest(values).map((point) => point.split(',').map(Number)) }))
      .filter(({ points }) => points.length > 0);
    const most = Math.max(1, ...lines.flatMap(({ points }) => points.map(([, value]) => value!)));
    const y = (value: number) => (top + HEIGHT - (value / most) * HEIGHT).toFixed(1);
    return [
      `<text x="${LEFT}" y="${top - 6}" font-weight="bold">${panel.heading}</text>`,
      ...disturbances.map(
        ({ seconds, kind }) =>
          `<path d="M${x(seconds).toFixed(1)} ${top}v${HEIGHT}" stroke="${MARKS[kind]}" stroke-opacity=".18"/>`,
      ),
      `<rect x="${LEFT}" y="${top}" width="${WIDTH - LEFT - RIGHT}" height="${HEIGHT}" fill="none" stroke="#999"/>`,
      `<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${most.toFixed(most < 10 ? 1 : 0)}</text>`,
      `<text x="${LEFT - 6}" y="${top + HEIGHT}" text-anchor="end">0</text>`,
      ...lines.flatMap(({ name, points }, which) => {
        const colour = COLOURS[which % COLOURS.length];
        const path = points.map(([at, value]) => `${at},${y(value!)}`).join(' ');
        return [
          `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.3"/>`,
          `<text x="${WIDTH - RIGHT + 8}" y="${top + 10 + which * 14}" fill="${colour}">${name}</text>`,
        ];
      }),
    ].join('\n');
  };

  const height = TOP + panels.length * (HEIGHT + GAP) + 20;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${LEFT}" y="24" font-size="16">${title}</text>`,
    ...Object.entries(MARKS).map(
      ([kind, colour], at) => `<text x="${LEFT + at * 90}" y="44" fill="${colour}">| ${kind}</text>`,
    ),
    ...panels.map(drawn),
    `<text x="${LEFT}" y="${height - 8}">0</text>`,
    `<text x="${WIDTH - RIGHT}" y="${height - 8}" text-anchor="end">${(end / 60).toFixed(0)} minutes</text>`,
    '</svg>\n',
  ].join('\n');
};
