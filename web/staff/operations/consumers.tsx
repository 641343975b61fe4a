import type { Replay } from '../../../schemas/kernel/operations.ts';
import { formatDuration, formatMoment, formatNumber, formatShare, same, t } from '../../common/language.ts';
import { Scroll } from '../../common/scroll.tsx';
import { useNow } from '../../common/store.ts';
import { may } from '../access.ts';
import { viewOf } from '../contexts/index.ts';
import { overview, type Projection, readAt } from '../live.ts';
import { Status } from '../parts/value.tsx';

export const REPLAY = 'POST /operations/replays';
const STOP_REPLAY = 'PATCH /operations/replays/{view}';

const COLUMNS = {
  state: { en: 'State', ko: '상태' },
  version: { en: 'Version', ko: '버전' },
  position: { en: 'Position', ko: '위치' },
  lag: { en: 'Lag', ko: '지연' },
  moved: { en: 'Last progress', ko: '마지막 처리' },
  parked: { en: 'Parked', ko: '보류' },
} as const;

const LAGS_KEPT = 60;

/** The last lags of each projection and policy, in seconds, by group and name. */
const lags = new Map<string, number[]>();
overview.subscribe((known) => {
  for (const { name, group, secondsBehind } of known?.projections ?? []) {
    const key = `${group} ${name}`;
    lags.set(key, [...(lags.get(key) ?? []), secondsBehind].slice(-LAGS_KEPT));
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

const ProjectionRow = ({
  projection,
  replay,
  onReplay,
  onStop,
}: {
  projection: Projection;
  replay: Replay | undefined;
  onReplay?: () => void;
  onStop(): void;
}) => {
  const {
    name,
    group,
    version,
    position,
    state,
    reason,
    eventsBehind,
    secondsBehind,
    secondsSinceProgress,
    secondsSinceReport,
    parked,
  } = projection;
  const progressed = formatDuration(secondsSinceProgress + Math.max(0, useNow(1000) - readAt) / 1000);
  const lag =
    state === 'stopped' && reason !== undefined
      ? t({ en: `waits: ${reason}`, ko: `대기 중: ${reason}` })
      : state === 'stopped'
        ? t({
            en: `no report for ${formatDuration(secondsSinceReport)}`,
            ko: `${formatDuration(secondsSinceReport)} 동안 보고 없음`,
          })
        : eventsBehind === 0
          ? t({ en: 'none', ko: '없음' })
          : t({
              en: `${formatNumber(eventsBehind)} events, ${formatDuration(secondsBehind)}`,
              ko: `이벤트 ${formatNumber(eventsBehind)}건, ${formatDuration(secondsBehind)}`,
            });
  return (
    <tr>
      <th scope="row">{name}</th>
      <td data-label={t(COLUMNS.state)}>
        <Status status={state} />
      </td>
      <td class="number" data-label={t(COLUMNS.version)}>
        {version ?? '–'}
      </td>
      <td class="number id" data-label={t(COLUMNS.position)}>
        {position}
      </td>
      <td class="wide" data-label={t(COLUMNS.lag)}>
        <Sparkline values={lags.get(`${group} ${name}`) ?? []} /> {lag}
      </td>
      <td data-label={t(COLUMNS.moved)}>{t({ en: `${progressed} ago`, ko: `${progressed} 전` })}</td>
      <td class="number" data-label={t(COLUMNS.parked)}>
        {parked > 0 ? <a href="#parked">{formatNumber(parked)}</a> : 0}
      </td>
      {onReplay && (
        <td class="wide">
          {replay?.state !== 'running' && may(REPLAY) && (
            <span class="commands small">
              <button type="button" onClick={onReplay}>
                {t({ en: 'Replay', ko: '재생성' })}
                <span class="unseen"> {name}</span>
              </button>
            </span>
          )}{' '}
          {replay && <Progress replay={replay} />}
          {replay?.state === 'running' && may(STOP_REPLAY) && (
            <span class="commands small">
              <button type="button" class="danger" onClick={onStop}>
                {t({ en: 'Stop', ko: '중지' })}
                <span class="unseen"> {name}</span>
              </button>
            </span>
          )}
        </td>
      )}
    </tr>
  );
};

/** The name of the context of a projection or policy: `parking` of `policy:parking.closing`. */
const contextOf = ({ name }: Projection): string => name.slice(name.indexOf(':') + 1).split('.')[0] ?? '';

const placeOf = (projection: Projection): number => viewOf(contextOf(projection))?.order ?? 0;

const urgencyOf = ({ state, parked, secondsBehind }: Projection): number =>
  state === 'stopped' || parked > 0 ? Number.POSITIVE_INFINITY : secondsBehind;

type ConsumersProps = {
  group: Projection['group'];
  title: string;
  consumers: readonly Projection[];
  replays: readonly Replay[];
  onReplay(view: string): void;
  onStop(view: string): void;
};

/** The projections or policies of a group, by context; in each the most urgent one first. */
export const Consumers = ({ group, title, consumers, replays, onReplay, onStop }: ConsumersProps) => {
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
              <th scope="col">{t(COLUMNS.state)}</th>
              <th scope="col" class="number">
                {t(COLUMNS.version)}
              </th>
              <th scope="col" class="number">
                {t(COLUMNS.position)}
              </th>
              <th scope="col">{t(COLUMNS.lag)}</th>
              <th scope="col">{t(COLUMNS.moved)}</th>
              <th scope="col" class="number">
                {t(COLUMNS.parked)}
              </th>
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
                <ProjectionRow
                  key={projection.name}
                  projection={projection}
                  replay={group === 'projections' ? replays.find(({ view }) => view === projection.view) : undefined}
                  onStop={() => onStop(projection.view)}
                  {...(group === 'projections' ? { onReplay: () => onReplay(projection.view) } : {})}
                />
              ))}
            </tbody>
          ))}
        </table>
      </Scroll>
    </section>
  );
};
