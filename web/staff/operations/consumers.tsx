import type { ComponentChildren } from 'preact';
import type { Replay } from '../../../schemas/kernel/operations.ts';
import {
  formatDuration,
  formatMoment,
  formatNumber,
  formatShare,
  type Phrase,
  same,
  t,
} from '../../common/language.ts';
import { Scroll } from '../../common/scroll.tsx';
import { useNow } from '../../common/store.ts';
import { may } from '../access.ts';
import { viewOf } from '../contexts/index.ts';
import { overview, type Projection, readAt } from '../live.ts';
import { Status } from '../parts/value.tsx';

export const REPLAY = 'POST /operations/replays';
const STOP_REPLAY = 'PATCH /operations/replays/{view}';

const LAGS_KEPT = 60;

/** The last lags of each projection and policy, in seconds, by group and name. */
const lags = new Map<string, number[]>();
const keyOf = ({ group, name }: Projection): string => `${group} ${name}`;
overview.subscribe((known) => {
  for (const projection of known?.projections ?? []) {
    const key = keyOf(projection);
    lags.set(key, [...(lags.get(key) ?? []), projection.secondsBehind].slice(-LAGS_KEPT));
  }
});

const WIDTH = 60;
const HEIGHT = 16;

/** The lag since the page was opened; the words beside it say the current one. */
const Sparkline = ({ values }: { values: readonly number[] }) => {
  const most = Math.max(1, ...values);
  const points = values.map((value, at) => {
    const x = values.length < 2 ? WIDTH : (at / (values.length - 1)) * WIDTH;
    return `${x.toFixed(1)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
};

const Progress = ({ replay: { view, state, share, events, switchedAt, reason } }: { replay: Replay }) => {
  if (state === 'running')
    return (
      <span class="replay">
        <progress max={1} value={share} aria-label={t({ en: `Replay of ${view}`, ko: `${view} 재생성` })} />
        {t({
          en: `${formatShare(share)}, ${formatNumber(events)} events`,
          ko: `${formatShare(share)}, 이벤트 ${formatNumber(events)}건`,
        })}
      </span>
    );
  if (state === 'switched' && switchedAt !== undefined)
    return (
      <span class="replay">
        {t({
          en: `switched at ${formatMoment(switchedAt)}, ${formatNumber(events)} events`,
          ko: `${formatMoment(switchedAt)} 전환, 이벤트 ${formatNumber(events)}건`,
        })}
      </span>
    );
  return (
    <span class="replay">
      <Status status={state} /> {reason}
    </span>
  );
};

const lagOf = ({ state, reason, eventsBehind, secondsBehind, secondsSinceReport }: Projection): string => {
  if (state === 'stopped' && reason !== undefined) return t({ en: `waits: ${reason}`, ko: `대기 중: ${reason}` });
  if (state === 'stopped') {
    const since = formatDuration(secondsSinceReport);
    return t({ en: `no report for ${since}`, ko: `${since} 동안 보고 없음` });
  }
  if (eventsBehind === 0) return t({ en: 'none', ko: '없음' });
  return t({
    en: `${formatNumber(eventsBehind)} events, ${formatDuration(secondsBehind)}`,
    ko: `이벤트 ${formatNumber(eventsBehind)}건, ${formatDuration(secondsBehind)}`,
  });
};

type Column = { label: Phrase; class?: string; cell(projection: Projection, now: number): ComponentChildren };

/** The columns of the table of projections and policies, after the name. */
const columns: readonly Column[] = [
  { label: { en: 'State', ko: '상태' }, cell: ({ state }) => <Status status={state} /> },
  { label: { en: 'Version', ko: '버전' }, class: 'number', cell: ({ version }) => version ?? '–' },
  { label: { en: 'Position', ko: '위치' }, class: 'number id', cell: ({ position }) => position },
  {
    label: { en: 'Lag', ko: '지연' },
    class: 'wide',
    cell: (projection) => (
      <>
        <Sparkline values={lags.get(keyOf(projection)) ?? []} /> {lagOf(projection)}
      </>
    ),
  },
  {
    label: { en: 'Last progress', ko: '마지막 처리' },
    cell: ({ secondsSinceProgress }, now) => {
      const progressed = formatDuration(secondsSinceProgress + Math.max(0, now - readAt) / 1000);
      return t({ en: `${progressed} ago`, ko: `${progressed} 전` });
    },
  },
  {
    label: { en: 'Parked', ko: '보류' },
    class: 'number',
    cell: ({ parked }) => (parked > 0 ? <a href="#parked">{formatNumber(parked)}</a> : 0),
  },
];

type Actions = { replays: readonly Replay[]; onReplay(view: string): void; onStop(view: string): void };

const ReplayCell = ({ projection, replays, onReplay, onStop }: Actions & { projection: Projection }) => {
  const { name, view } = projection;
  const replay = replays.find((each) => each.view === view);
  const isRunning = replay?.state === 'running';
  return (
    <td class="wide">
      {!isRunning && may(REPLAY) && (
        <span class="commands small">
          <button type="button" onClick={() => onReplay(view)}>
            {t({ en: 'Replay', ko: '재생성' })}
            <span class="unseen"> {name}</span>
          </button>
        </span>
      )}{' '}
      {replay && <Progress replay={replay} />}
      {isRunning && may(STOP_REPLAY) && (
        <span class="commands small">
          <button type="button" class="danger" onClick={() => onStop(view)}>
            {t({ en: 'Stop', ko: '중지' })}
            <span class="unseen"> {name}</span>
          </button>
        </span>
      )}
    </td>
  );
};

/** The name of the context of a projection or policy: `parking` of `policy:parking.closing`. */
const contextOf = ({ name }: Projection): string => name.slice(name.indexOf(':') + 1).split('.')[0] ?? '';

const placeOf = (projection: Projection): number => viewOf(contextOf(projection))?.order ?? 0;

const urgencyOf = ({ state, parked, secondsBehind }: Projection): number =>
  state === 'stopped' || parked > 0 ? Number.POSITIVE_INFINITY : secondsBehind;

type ConsumersProps = { group: Projection['group']; title: string; consumers: readonly Projection[] };

/** The projections or policies of a group, by context; in each the most urgent one first. */
export const Consumers = ({ group, title, consumers, ...actions }: ConsumersProps & Actions) => {
  const now = useNow(1000);
  const own = consumers
    .filter((consumer) => consumer.group === group)
    .sort((one, other) => placeOf(one) - placeOf(other) || urgencyOf(other) - urgencyOf(one));
  if (own.length === 0) return null;
  return (
    <section class="list" aria-labelledby={group}>
      <header>
        <h2 id={group}>{title}</h2>
      </header>
      <Scroll>
        <table class="members cards-of">
          <thead>
            <tr>
              <th scope="col">{t({ en: 'Name', ko: '이름' })}</th>
              {columns.map(({ label, ...column }) => (
                <th key={label.en} scope="col" class={column.class?.startsWith('number') ? 'number' : undefined}>
                  {t(label)}
                </th>
              ))}
              {group === 'projections' && <th scope="col">{t({ en: 'Replay', ko: '재생성' })}</th>}
            </tr>
          </thead>
          {[...Map.groupBy(own, contextOf)].map(([context, those]) => (
            <tbody key={context}>
              <tr class="group">
                <th scope="rowgroup" colSpan={8}>
                  {t(viewOf(context)?.title ?? same(context))}
                </th>
              </tr>
              {those.map((projection) => (
                <tr key={projection.name}>
                  <th scope="row">{projection.name}</th>
                  {columns.map(({ label, cell, ...column }) => (
                    <td key={label.en} class={column.class} data-label={t(label)}>
                      {cell(projection, now)}
                    </td>
                  ))}
                  {group === 'projections' && <ReplayCell projection={projection} {...actions} />}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </Scroll>
    </section>
  );
};
