import { formatMoment, formatNumber, t } from '../../common/language.ts';
import { Scroll } from '../../common/scroll.tsx';
import { may } from '../access.ts';
import { Status } from '../parts/value.tsx';
import { change, type Parked, type Work } from './work.ts';

const CHANGE_PARKED = 'PATCH /operations/parked/{parkedId}';

const REASON = { en: 'Reason', ko: '사유' };
const ATTEMPTS = { en: 'Attempts', ko: '시도 횟수' };
const SINCE = { en: 'Since', ko: '시각' };
const STATE = { en: 'State', ko: '상태' };

const ParkedRow = ({ parked, onDone }: { parked: Parked; onDone(): void }) => {
  const { parkedId, member, type, stream, revision, position, reason, attempts, parkedAt, state, blocks, data } =
    parked;
  const become = (next: 'replaying' | 'discarded') =>
    change('PATCH', `/operations/parked/${encodeURIComponent(parkedId)}`, { state: next }).then(onDone);
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
      <td class="wide" data-label={t(REASON)}>
        {reason}
        {blocks && <strong> {t({ en: 'Later events wait for it.', ko: '이후 이벤트가 모두 대기 중입니다.' })}</strong>}
      </td>
      <td class="number" data-label={t(ATTEMPTS)}>
        {formatNumber(attempts)}
      </td>
      <td data-label={t(SINCE)}>
        <time dateTime={parkedAt}>{formatMoment(parkedAt)}</time>
      </td>
      <td data-label={t(STATE)}>
        <Status status={state} />
      </td>
      <td class="actions">
        {state !== 'discarded' && may(CHANGE_PARKED) && (
          <span class="commands small">
            <button type="button" onClick={() => become('replaying')}>
              {t({ en: 'Handle again', ko: '다시 처리' })}
            </button>
            <button type="button" class="danger" onClick={() => become('discarded')}>
              {t({ en: 'Discard', ko: '제외' })}
            </button>
          </span>
        )}
      </td>
    </tr>
  );
};

const withoutParked = ({ isKnown, problem }: Work): string => {
  if (isKnown) return t({ en: 'No parked events.', ko: '보류된 이벤트가 없습니다.' });
  if (problem) return t({ en: 'Not available now.', ko: '지금은 확인할 수 없습니다.' });
  return t({ en: 'Loading…', ko: '불러오는 중…' });
};

/** The parked events, with the operators' actions. */
export const ParkedEvents = ({ work, onDone }: { work: Work; onDone(): void }) => (
  <section class="list" aria-labelledby="parked">
    <header>
      <h2 id="parked">{t({ en: 'Parked events', ko: '보류된 이벤트' })}</h2>
    </header>
    {work.parked.length === 0 ? (
      <p class="dim">{withoutParked(work)}</p>
    ) : (
      <Scroll>
        <table class="cards-of">
          <thead>
            <tr>
              <th scope="col">{t({ en: 'Consumer', ko: '대상' })}</th>
              <th scope="col">{t({ en: 'Event', ko: '이벤트' })}</th>
              <th scope="col">{t(REASON)}</th>
              <th scope="col" class="number">
                {t(ATTEMPTS)}
              </th>
              <th scope="col">{t(SINCE)}</th>
              <th scope="col">{t(STATE)}</th>
              <th scope="col">
                <span class="unseen">{t({ en: 'Actions', ko: '작업' })}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {work.parked.map((parked) => (
              <ParkedRow key={parked.parkedId} parked={parked} onDone={onDone} />
            ))}
          </tbody>
        </table>
      </Scroll>
    )}
    {work.more && (
      <p class="dim">{t({ en: 'More: npm run parked -- list', ko: '더 있습니다: npm run parked -- list' })}</p>
    )}
  </section>
);
