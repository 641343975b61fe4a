import { formatDuration, type Phrase } from '../common/language.ts';
import type { Connection, Overview, Projection } from './live.ts';

/** A warning about the freshness of the page. */
export type Warning = { name: 'disconnected' | 'stale' | 'policies' | 'commands' | 'stream'; words: Phrase };

/** Seconds without an answer, and of lag, after which the page counts as stale. */
const SILENT = 5;
const LAGGING = 3;

const list = (names: readonly string[]): string => {
  const shown = names.slice(0, 4).join(', ');
  return names.length > 4 ? `${shown} …` : shown;
};

/** Formats the longest time without a report. */
const silence = (stopped: readonly Projection[]): string =>
  formatDuration(Math.max(...stopped.map(({ secondsSinceReport }) => secondsSinceReport)));

/**
 * Returns the current warnings, the worst first.
 * @param now in milliseconds
 */
export const warningsOf = (
  known: Overview | undefined,
  { heardAt, isStreaming, takesCommands }: Connection,
  now: number,
): Warning[] => {
  const warnings: Warning[] = [];
  const warn = (name: Warning['name'], words: Phrase) => warnings.push({ name, words });
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
  const late = projections.filter(({ state, secondsBehind }) => state !== 'stopped' && secondsBehind > LAGGING);
  if (stopped.length > 0) {
    const since = silence(stopped);
    const names = list(stopped.map(({ name }) => name));
    warn('stale', {
      en: `No process has updated ${names} for ${since}: later changes are not shown.`,
      ko: `${since} 동안 갱신되지 않은 뷰가 있습니다(${names}). 이후의 변경은 표시되지 않습니다.`,
    });
  } else if (late.length > 0) {
    const behind = formatDuration(Math.max(...late.map(({ secondsBehind }) => secondsBehind)));
    const events = Math.max(...late.map(({ eventsBehind }) => eventsBehind));
    const names = list(late.map(({ name }) => name));
    warn('stale', {
      en: `The page shows the state of ${behind} ago: ${names} ${late.length === 1 ? 'is' : 'are'} ${events} events behind.`,
      ko: `화면의 내용은 ${behind} 전 상태입니다(${names}, 이벤트 ${events}건 지연).`,
    });
  }
  if (!takesCommands)
    warn('commands', {
      en: 'No changes can be made now: the write side does not answer. Queries still work.',
      ko: '지금은 변경할 수 없습니다. 쓰기 서버가 응답하지 않습니다. 조회는 가능합니다.',
    });
  const idle = known.projections.filter(({ group, state }) => group === 'policies' && state === 'stopped');
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
