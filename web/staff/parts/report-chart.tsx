import { useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { ReportBucket } from '../../../schemas/kernel/report.ts';
import { formatMoney, formatNumber, t } from '../../common/language.ts';
import { color, useChart } from './chart.ts';

/** In units of the page's font size, as in the style sheet. */
const HEIGHT = 11;

/** Returns the day, or the day and the hour, of a bucket in the report's time zone. */
export const startOf = (start: string): string => start.slice(0, 'YYYY-MM-DDThh:mm'.length).replace('T', ' ');

const wordsOf = ({ start, bookings, revenue }: ReportBucket): string =>
  t({
    en: `${startOf(start)}: ${formatNumber(bookings)} bookings, ${formatMoney(revenue ?? 0)}`,
    ko: `${startOf(start)}: 예약 ${formatNumber(bookings)}건, ${formatMoney(revenue ?? 0)}`,
  });

/**
 * The bookings of a report as bars and its revenue as a line. The pointer, or the arrow keys, choose a day or hour; the
 * words above say its figures. The table below has them all.
 */
export const ReportChart = ({ buckets }: { buckets: readonly ReportBucket[] }) => {
  const [at, setAt] = useState<number>();
  const { element, plot } = useChart(
    HEIGHT,
    (axis) => ({
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
      hooks: { setCursor: [({ cursor: { idx } }) => setAt(idx ?? undefined)] },
      scales: {
        x: { time: false },
        revenue: { range: (_, __, most) => [0, Math.max(most, 1) * 1.1] },
        y: { range: (_, __, most) => [0, Math.max(most, 4) * 1.1] },
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          values: (_, splits) => splits.map((index) => startOf(buckets[index]?.start ?? '').slice(5)),
        },
        { ...axis, grid: { stroke: color('--line'), width: 1 }, values: (_, splits) => splits.map(formatNumber) },
      ],
      series: [
        {},
        {
          fill: color('--plot-line'),
          width: 0,
          points: { show: false },
          paths: uPlot.paths.bars!({ size: [0.7, 40] }),
        },
        { scale: 'revenue', stroke: color('--wait'), width: 2, points: { show: false } },
      ],
    }),
    [buckets.map((_, index) => index), buckets.map(({ bookings }) => bookings), buckets.map(({ revenue }) => revenue)],
    [buckets],
  );

  const choose = (next: number) => {
    const chosen = Math.min(Math.max(next, 0), buckets.length - 1);
    plot.current?.setCursor({ left: plot.current.valToPos(chosen, 'x'), top: 10 });
    setAt(chosen);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const from = at ?? buckets.length;
    const next = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: buckets.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    choose(next);
  };
  const chosen = at === undefined ? undefined : buckets[at];
  const caption = chosen
    ? wordsOf(chosen)
    : t({ en: 'Bars: bookings. Line: revenue.', ko: '막대: 예약 건수, 선: 매출' });
  if (buckets.length === 0) return null;
  return (
    <figure class="chart">
      <figcaption aria-live="polite">{caption}</figcaption>
      <div
        ref={element}
        class="canvas"
        role="slider"
        tabIndex={0}
        aria-label={t({ en: 'Day or hour of the chart', ko: '차트의 날짜 또는 시간' })}
        aria-valuemin={0}
        aria-valuemax={buckets.length - 1}
        aria-valuenow={at ?? buckets.length - 1}
        aria-valuetext={caption}
        onKeyDown={onKeyDown}
      />
    </figure>
  );
};
