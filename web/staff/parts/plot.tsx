import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { Activity } from '../../../schemas/kernel/activity.ts';
import { formatMinute, formatNumber, type Phrase, t } from '../../common/language.ts';
import { lastHour, MINUTE } from '../last-hour.ts';
import { useShownNow } from '../moment.ts';
import { color, letter, useChart } from './chart.ts';

/** Distances between two labels of the level's axis: 1, 2 and 5 times every power of ten. */
const LABEL_STEPS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** In units of the page's font size, as in the style sheet. */
const HEIGHT = 5.6;

/** The last hour of a context: the line is the level, the bars are numbers of events. */
export const Plot = ({ activity, level }: { activity: Activity; level: Phrase }) => {
  const now = useShownNow(MINUTE / 4);
  const minute = Math.floor(now / MINUTE);
  const series = useMemo(() => lastHour(activity, now), [activity, minute]);
  const { times, levels, events } = series;
  const most = Math.max(...levels, 4);
  const busiest = Math.max(...events.map((count) => count ?? 0), 4);
  const { element } = useChart(
    HEIGHT,
    (axis) => ({
      cursor: { show: false },
      legend: { show: false },
      padding: [6, letter() * 1.2, 0, 0], // Half of the last label extends beyond the plot.
      scales: {
        x: { time: true },
        y: { range: [0, most * 1.1] },
        events: { range: [0, busiest * 3] },
      },
      axes: [
        {
          ...axis,
          size: letter() * 1.5,
          gap: 5,
          grid: { show: false },
          incrs: [900],
          values: (_, splits) => splits.map((second) => formatMinute(second * 1000)),
        },
        {
          ...axis,
          size: letter() * 2.3,
          gap: 4,
          grid: { stroke: color('--line'), width: 1 },
          incrs: LABEL_STEPS,
          space: letter() * 1.2,
          values: (_, splits) => splits.map(formatNumber),
        },
      ],
      series: [
        {},
        {
          scale: 'events',
          fill: color('--plot-bars'),
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars!({ size: [0.7, 8] }),
        },
        {
          scale: 'y',
          stroke: color('--plot-line'),
          fill: color('--plot-area'),
          width: 1.5,
          points: { show: false },
          paths: uPlot.paths.stepped!({ align: 1 }),
        },
      ],
    }),
    [times, events, levels],
    [series],
  );
  const happened = events.reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const [before, after] = [levels[0]!, levels.at(-1)!].map(formatNumber);
  const caption = t({
    en: `Last hour: ${t(level)} from ${before} to ${after}, ${formatNumber(happened)} events`,
    ko: `지난 1시간: ${t(level)} ${before}에서 ${after}, 이벤트 ${formatNumber(happened)}건`,
  });
  return (
    <figure class="plot">
      <figcaption>{caption}</figcaption>
      <div ref={element} class="canvas" role="img" aria-label={caption} />
    </figure>
  );
};
