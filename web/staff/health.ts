import type { Problem } from '../common/api.ts';
import { formatDuration, formatNumber, type Phrase, same } from '../common/language.ts';
import { problemName } from '../common/problems.ts';
import { viewOf } from './contexts/index.ts';
import { type CurrentAt, LAGGING } from './current.ts';
import type { Connection, Overview, Projection } from './live.ts';

/** A warning about the freshness of the page. */
export type Warning = {
  name: 'wrong-event-store' | 'disconnected' | 'stale' | 'policies' | 'commands' | 'stream';
  words: Phrase;
};

/** Seconds without an answer, and without a report of the policies, after which the page warns. */
const SILENT = 5;
const IDLE = 30;

/**
 * Returns the seconds for which a view has been behind. The age of the event that it reads next says less: a history
 * that is written or imported now has old times.
 */
const secondsBehindOf = ({ name, secondsBehind }: Projection, currentAt: CurrentAt, now: number): number =>
  Math.min(secondsBehind, (now - (currentAt[name] ?? Number.NEGATIVE_INFINITY)) / 1000);

/** Names the contexts of some views. */
const contextsOf = (views: readonly Projection[]): Phrase => {
  const titles = [...new Set(views.map(({ name }) => name.split('.')[0]!))].map(
    (context) => viewOf(context)?.title ?? same(context),
  );
  return { en: titles.map(({ en }) => en).join(', '), ko: titles.map(({ ko }) => ko).join(', ') };
};

/** Formats the longest time without a report. */
const silence = (stopped: readonly Projection[]): string =>
  formatDuration(Math.max(...stopped.map(({ secondsSinceReport }) => secondsSinceReport)));

/**
 * Returns the current warnings, the worst first.
 * @param now in milliseconds
 * @param problem why the last read of the overview failed
 */
export const warningsOf = (
  known: Overview | undefined,
  { heardAt, isStreaming, takesCommands, currentAt }: Connection,
  now: number,
  problem?: Problem,
): Warning[] => {
  const warnings: Warning[] = [];
  const warn = (name: Warning['name'], words: Phrase) => warnings.push({ name, words });
  if (problem && problemName(problem) === 'wrong-event-store') {
    warn('wrong-event-store', {
      en: 'The event store is not the one that the views were made of. Nothing can be read or changed until an operator decides, on the page Operations.',
      ko: '이벤트 저장소가 뷰를 만든 저장소와 다릅니다. 운영자가 운영 페이지에서 결정할 때까지 조회하거나 변경할 수 없습니다.',
    });
    return warnings;
  }
  const silent = (now - heardAt) / 1000;
  if (silent > SILENT) {
    const since = formatDuration(silent);
    warn('disconnected', {
      en: `Plaza has not answered for ${since}. The page shows the state before that.`,
      ko: `${since} 동안 Plaza의 응답이 없습니다. 화면에는 그 이전의 내용이 표시되어 있습니다.`,
    });
    return warnings;
  }
  if (!known) return warnings;
  const projections = known.projections.filter(({ group }) => group === 'projections');
  const stopped = projections.filter(({ state }) => state === 'stopped');
  const late = projections.filter(
    (view) => view.state !== 'stopped' && secondsBehindOf(view, currentAt, now) > LAGGING,
  );
  if (stopped.length > 0) {
    const since = silence(stopped);
    const { en, ko } = contextsOf(stopped);
    warn('stale', {
      en: `No process has updated the views for ${since} (${en}): later changes are not shown.`,
      ko: `${since} 동안 갱신되지 않은 뷰가 있습니다(${ko}). 이후의 변경은 표시되지 않습니다.`,
    });
  } else if (late.length > 0) {
    const events = formatNumber(Math.max(...late.map(({ eventsBehind }) => eventsBehind)));
    const { en, ko } = contextsOf(late);
    const isStuck = late.some(({ secondsSinceProgress }) => secondsSinceProgress > LAGGING);
    const behind = formatDuration(Math.max(...late.map((view) => secondsBehindOf(view, currentAt, now))));
    warn(
      'stale',
      isStuck
        ? {
            en: `The page shows the state of ${behind} ago: ${events} events are not shown yet (${en}).`,
            ko: `화면의 내용은 ${behind} 전 상태입니다(${ko}, 이벤트 ${events}건 지연).`,
          }
        : {
            en: `Plaza is catching up: ${events} events are not shown yet (${en}).`,
            ko: `변경을 반영하는 중입니다. 아직 표시되지 않은 이벤트가 ${events}건 있습니다(${ko}).`,
          },
    );
  }
  if (!takesCommands)
    warn('commands', {
      en: 'No changes can be made now: the write side does not answer. Queries still work.',
      ko: '지금은 변경할 수 없습니다. 쓰기 서버가 응답하지 않습니다. 조회는 가능합니다.',
    });
  const idle = known.projections.filter(
    ({ group, state, secondsSinceReport }) => group === 'policies' && state === 'stopped' && secondsSinceReport > IDLE,
  );
  if (idle.length > 0) {
    const since = silence(idle);
    warn('policies', {
      en: `Follow-ups (coupons, alarms, bills) have waited for ${since}: no process runs the policies.`,
      ko: `${since} 동안 후속 처리(쿠폰, 알림, 청구)가 멈춰 있습니다. 정책 프로세스가 실행되지 않습니다.`,
    });
  }
  if (!isStreaming && warnings.length === 0 && now - startedAt > 4000)
    warn('stream', {
      en: 'Events are shown with a delay: reconnecting to the event stream.',
      ko: '이벤트 스트림에 다시 연결하는 중이어서 표시가 조금 늦을 수 있습니다.',
    });
  return warnings;
};

const startedAt = Date.now();
