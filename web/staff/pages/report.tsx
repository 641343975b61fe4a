import { useEffect, useState } from 'preact/hooks';
import type { ReportBucket } from '../../../schemas/kernel/report.ts';
import { type Problem, RefusedError, request } from '../../common/api.ts';
import { formatMoney, formatNumber, formatShare, t } from '../../common/language.ts';
import { go, usePlace, withQuery } from '../../common/router.tsx';
import { Scroll } from '../../common/scroll.tsx';
import { Select } from '../../common/select.tsx';
import { Skeleton } from '../../common/skeleton.tsx';
import type { ContextView } from '../context.ts';
import { labelOf } from '../fields.ts';
import { Crumbs } from '../parts/crumbs.tsx';
import { ReportChart, startOf } from '../parts/report-chart.tsx';
import { useTitle } from '../parts/title.ts';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';

/** The path of a context's report. */
export const REPORT = '/control-center/reports/{context}';

type Column = Exclude<keyof ReportBucket, 'start' | 'taken'>;

const rounded = (value: number) => formatNumber(Math.round(value * 10) / 10);

/** How each figure is shown, in the order of the columns. */
const columns: Readonly<Record<Column, (value: number, bucket: ReportBucket) => string>> = {
  bookings: formatNumber,
  cancellations: formatNumber,
  noShows: formatNumber,
  revenue: formatMoney,
  refunds: formatMoney,
  occupancy: formatShare,
  capacity: (capacity, { taken }) => `${rounded(taken ?? 0)} / ${rounded(capacity)}`,
};

const names = Object.keys(columns) as Column[];

const words = {
  capacity: { en: 'In use', ko: '이용 / 정원' },
  title: { en: 'Report', ko: '통계' },
};

/** Saves the report as a CSV file. @throws RefusedError */
const download = async (path: string, name: string): Promise<void> => {
  const response = await request(path, { headers: { Accept: 'text/csv' } });
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
};

/** The days or hours of a context's report, the newest first. */
export const ReportPage = ({ view }: { view: ContextView }) => {
  const { path: here, query } = usePlace();
  useTitle(t(words.title), t(view.title));
  const by = query.get('by') ?? 'day';
  const path = withQuery(REPORT.replace('{context}', view.name), Object.fromEntries(query));
  const { body, problem } = useResource<{ timeZone: string; buckets: ReportBucket[] }>(
    path,
    ({ context }) => context === view.name,
  );
  const [failed, setFailed] = useState<Problem>();
  useEffect(() => setFailed(undefined), [path]);
  const save = () =>
    download(path, `${view.name}-${by}.csv`).catch((error) => {
      if (!(error instanceof RefusedError)) throw error;
      setFailed(error.problem);
    });
  const shown = failed ?? problem;
  return (
    <>
      <Crumbs here={t(view.title)} />
      <section class="list" aria-labelledby="report">
        <header>
          <h1 id="report">
            {t(view.title)}: {t(words.title)}
          </h1>
          <div class="filters">
            <div class="filter">
              <label for="report-by">{t({ en: 'By', ko: '단위' })}</label>
              <Select
                id="report-by"
                value={by}
                options={[
                  ['day', t({ en: 'day, last 30 days', ko: '일별, 최근 30일' })],
                  ['hour', t({ en: 'hour, last 24 hours', ko: '시간별, 최근 24시간' })],
                ]}
                onChoose={(by) => go(withQuery(here, { by }))}
              />
            </div>
          </div>
          <button type="button" onClick={save}>
            {t({ en: 'Download CSV', ko: 'CSV 내려받기' })}
          </button>
        </header>
        {shown && <p class="refused">{problemWords(shown, view)}</p>}
        {!body && !problem && <Skeleton rows={8} />}
        {body && <ReportChart buckets={body.buckets} />}
        {body && (
          <Scroll>
            <table>
              <caption class="unseen">{body.timeZone}</caption>
              <thead>
                <tr>
                  <th scope="col">{by === 'hour' ? t({ en: 'Hour', ko: '시간' }) : t({ en: 'Day', ko: '날짜' })}</th>
                  {names.map((name) => (
                    <th key={name} scope="col" class="number">
                      {t(name === 'capacity' ? words.capacity : labelOf(name, view.name))}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {body.buckets.toReversed().map((bucket) => (
                  <tr key={bucket.start}>
                    <td>
                      <time dateTime={bucket.start}>{startOf(bucket.start)}</time>
                    </td>
                    {names.map((name) => (
                      <td key={name} class="number">
                        {bucket[name] === null ? '–' : columns[name](bucket[name], bucket)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </section>
    </>
  );
};
