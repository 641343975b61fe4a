import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { ParkedEvent, Replay } from '../../../schemas/kernel/operations.ts';
import { get, type Page, type Problem, RefusedError, send } from '../../common/api.ts';
import { formatDuration, formatMoment, formatNumber, formatShare, same, t } from '../../common/language.ts';
import { Scroll } from '../../common/scroll.tsx';
import { useNow, useStore } from '../../common/store.ts';
import { may } from '../access.ts';
import { viewOf } from '../contexts/index.ts';
import { overview, type Projection, readAt } from '../live.ts';
import { moment } from '../moment.ts';
import { notify } from '../notices.tsx';
import { Crumbs } from '../parts/crumbs.tsx';
import { useTitle } from '../parts/title.ts';
import { Status } from '../parts/value.tsx';
import { problemWords } from '../problems.ts';

type Parked = Static<typeof ParkedEvent>;

const REPLAY = 'POST /operations/replays';
const STOP_REPLAY = 'PATCH /operations/replays/{view}';
const CHANGE_PARKED = 'PATCH /operations/parked/{parkedId}';

/** Milliseconds between two reads of parked events and replays. */
const OFTEN = 500;
const SELDOM = 3000;

type Work = {
  /** Whether the last read of parked events and replays succeeded. */
  isKnown: boolean;
  parked: readonly Parked[];
  more: boolean;
  replays: readonly Replay[];
  problem?: Problem;
};

const useWork = (): { work: Work; look(): void } => {
  const [work, setWork] = useState<Work>({ isKnown: false, parked: [], more: false, replays: [] });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      let next = SELDOM;
      try {
        const [parked, replays] = await Promise.all([
          get<Page<Parked>>('/operations/parked?limit=100', undefined, gone.signal),
          get<Page<Replay>>('/operations/replays', undefined, gone.signal),
        ]);
        setWork({ isKnown: true, parked: parked.items, more: parked.next !== undefined, replays: replays.items });
        const isBusy =
          replays.items.some(({ state }) => state === 'running') ||
          parked.items.some(({ state }) => state === 'replaying');
        if (isBusy) next = OFTEN;
      } catch (error) {
        if (gone.signal.aborted) return;
        if (!(error instanceof RefusedError)) throw error;
        const { problem } = error;
        setWork((before) => ({ ...before, isKnown: false, problem }));
      }
      timer = setTimeout(look, next);
    };
    void look();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [asked]);
  return { work, look: () => setAsked((times) => times + 1) };
};

const refused = (error: unknown): void => {
  if (!(error instanceof RefusedError)) throw error;
  notify('refused', problemWords(error.problem));
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

const COLUMNS = {
  state: { en: 'State', ko: '상태' },
  version: { en: 'Version', ko: '버전' },
  position: { en: 'Position', ko: '위치' },
  lag: { en: 'Lag', ko: '지연' },
  moved: { en: 'Last progress', ko: '마지막 처리' },
  parked: { en: 'Parked', ko: '보류' },
  why: { en: 'Reason', ko: '사유' },
  attempts: { en: 'Attempts', ko: '시도 횟수' },
  since: { en: 'Since', ko: '시각' },
} as const;

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

/** The lag of each projection and policy over the last minutes that this page was open. */
const LAGS_KEPT = 60;
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

/** A question before something that takes long. */
const Confirmed = ({ words, question, onYes }: { words: string; question: string; onYes(): void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {words}
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <form
          method="dialog"
          onSubmit={() => {
            onYes();
          }}
        >
          <p id={id}>{question}</p>
          <div class="buttons">
            <button type="submit" class="main">
              {words}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              {t({ en: 'Back', ko: '돌아가기' })}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
};

const GROUPS = [
  { group: 'projections', title: { en: 'Projections', ko: '프로젝션' } },
  { group: 'policies', title: { en: 'Policies', ko: '정책' } },
  { group: 'rebuilds', title: { en: 'Views being rebuilt', ko: '재생성 중인 뷰' } },
] as const;

const ParkedRow = ({ parked, onDone }: { parked: Parked; onDone(): void }) => {
  const { parkedId, member, type, stream, revision, position, reason, attempts, parkedAt, state, blocks, data } =
    parked;
  const change = async (next: 'replaying' | 'discarded') => {
    try {
      await send('PATCH', `/operations/parked/${encodeURIComponent(parkedId)}`, { state: next });
      onDone();
    } catch (error) {
      refused(error);
    }
  };
  return (
    <tr>
      <th scope="row">{member}</th>
      <td class="wide">
        <details>
          <summary>{type}</summary>
          <pre>
            {stream} · {revision} · {position}
            {'\n'}
            {JSON.stringify(JSON.parse(data), null, 1)}
          </pre>
        </details>
      </td>
      <td class="wide" data-label={t(COLUMNS.why)}>
        {reason}
        {blocks && <strong> {t({ en: 'Later events wait for it.', ko: '이후 이벤트가 모두 대기 중입니다.' })}</strong>}
      </td>
      <td class="number" data-label={t(COLUMNS.attempts)}>
        {formatNumber(attempts)}
      </td>
      <td data-label={t(COLUMNS.since)}>
        <time dateTime={parkedAt}>{formatMoment(parkedAt)}</time>
      </td>
      <td data-label={t(COLUMNS.state)}>
        <Status status={state} />
      </td>
      <td class="actions">
        {state !== 'discarded' && may(CHANGE_PARKED) && (
          <span class="commands small">
            <button type="button" onClick={() => change('replaying')}>
              {t({ en: 'Handle again', ko: '다시 처리' })}
            </button>
            <button type="button" class="danger" onClick={() => change('discarded')}>
              {t({ en: 'Discard', ko: '제외' })}
            </button>
          </span>
        )}
      </td>
    </tr>
  );
};

/** The state of the system, and the operators' actions. */
export const OperationsPage = () => {
  const known = useStore(overview);
  const { work, look } = useWork();
  const isPast = useStore(moment) !== undefined;
  useTitle(t({ en: 'Operations', ko: '운영' }));
  const members = known?.projections ?? [];
  const replayOf = (view: string) => work.replays.find((replay) => replay.view === view);

  const replay = async (views: readonly string[]) => {
    try {
      await send('POST', '/operations/replays', { views });
      look();
    } catch (error) {
      refused(error);
    }
  };
  const stop = async (view: string) => {
    try {
      await send('PATCH', `/operations/replays/${encodeURIComponent(view)}`, { state: 'stopped' });
      look();
    } catch (error) {
      refused(error);
    }
  };
  const views = [...new Set(members.filter(({ group }) => group === 'projections').map(({ view }) => view))];

  return (
    <>
      <Crumbs>
        <span>{t({ en: 'Operations', ko: '운영' })}</span>
      </Crumbs>
      <header class="thing">
        <h1>{t({ en: 'Operations', ko: '운영' })}</h1>
        <span class="commands">
          {may(REPLAY) && (
            <Confirmed
              words={t({ en: 'Replay every view', ko: '모든 뷰 재생성' })}
              question={t({
                en: `Rebuilds ${views.length} views from the whole history. Queries read the old ones until the switch.`,
                ko: `뷰 ${views.length}개를 전체 이력에서 다시 만듭니다. 전환될 때까지 조회는 기존 뷰를 사용합니다.`,
              })}
              onYes={() => replay(views)}
            />
          )}
        </span>
      </header>
      {isPast && (
        <p class="refused">{t({ en: 'This page shows the present.', ko: '이 페이지는 현재 상태를 표시합니다.' })}</p>
      )}
      {work.problem && <p class="refused">{problemWords(work.problem)}</p>}
      {GROUPS.map(({ group, title }) => {
        const own = members
          .filter((member) => member.group === group)
          .sort((one, other) => placeOf(one) - placeOf(other) || urgencyOf(other) - urgencyOf(one));
        if (own.length === 0) return null;
        return (
          <section key={group} class="list" aria-labelledby={group}>
            <header>
              <h2 id={group}>{t(title)}</h2>
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
                        replay={group === 'projections' ? replayOf(projection.view) : undefined}
                        onStop={() => stop(projection.view)}
                        {...(group === 'projections' ? { onReplay: () => replay([projection.view]) } : {})}
                      />
                    ))}
                  </tbody>
                ))}
              </table>
            </Scroll>
          </section>
        );
      })}
      <section class="list" aria-labelledby="parked">
        <header>
          <h2 id="parked">{t({ en: 'Parked events', ko: '보류된 이벤트' })}</h2>
        </header>
        {work.parked.length === 0 && work.isKnown && (
          <p class="dim">{t({ en: 'No parked events.', ko: '보류된 이벤트가 없습니다.' })}</p>
        )}
        {work.parked.length === 0 && !work.isKnown && (
          <p class="dim">
            {work.problem
              ? t({ en: 'Not available now.', ko: '지금은 확인할 수 없습니다.' })
              : t({ en: 'Loading…', ko: '불러오는 중…' })}
          </p>
        )}
        {work.parked.length > 0 && (
          <Scroll>
            <table class="cards-of">
              <thead>
                <tr>
                  <th scope="col">{t({ en: 'Consumer', ko: '대상' })}</th>
                  <th scope="col">{t({ en: 'Event', ko: '이벤트' })}</th>
                  <th scope="col">{t(COLUMNS.why)}</th>
                  <th scope="col" class="number">
                    {t(COLUMNS.attempts)}
                  </th>
                  <th scope="col">{t(COLUMNS.since)}</th>
                  <th scope="col">{t(COLUMNS.state)}</th>
                  <th scope="col">
                    <span class="unseen">{t({ en: 'Actions', ko: '작업' })}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {work.parked.map((parked) => (
                  <ParkedRow key={parked.parkedId} parked={parked} onDone={look} />
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        {work.more && (
          <p class="dim">{t({ en: 'More: npm run parked -- list', ko: '더 있습니다: npm run parked -- list' })}</p>
        )}
      </section>
    </>
  );
};
