import { useState } from 'preact/hooks';
import type { Page } from '../../common/api.ts';
import { formatMoment, t } from '../../common/language.ts';
import { Link, VIEW, withQuery } from '../../common/router.tsx';
import { Scroll } from '../../common/scroll.tsx';
import { useStore } from '../../common/store.ts';
import type { Parameters } from '../../common/templates.ts';
import { may } from '../access.ts';
import type { ContextView, HappenedEvent } from '../context.ts';
import { describeEvents } from '../describe-events.ts';
import { overview } from '../live.ts';
import { CAUSES } from '../pages/causes.tsx';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';
import { Actor } from './actor.tsx';
import { concerning } from './list.tsx';
import { Timeline } from './time.tsx';

const brief = (id: string): string => (id.length > 13 ? `…${id.slice(-8)}` : id);

/** The cause of the event: a command or, for a policy, an event. */
const Cause = ({ event: { eventId, actor, causationId, commandId } }: { event: HappenedEvent }) => {
  const isPolicys = actor.startsWith('policy:');
  const id = isPolicys ? causationId : commandId;
  const words = (
    <span title={id}>
      {isPolicys ? t({ en: 'event', ko: '이벤트' }) : t({ en: 'command', ko: '명령' })}{' '}
      <span class="id">{brief(id)}</span>
    </span>
  );
  if (!may(`GET ${CAUSES}`)) return words;
  return <Link to={VIEW + CAUSES.replace('{eventId}', eventId)}>{words}</Link>;
};

const asJson = ({ data, stream, revision, position, correlationId }: HappenedEvent): string =>
  JSON.stringify({ ...data, stream, revision, position, correlationId }, null, 1);

const WHO = { en: 'Actor', ko: '주체' };
const WHY = { en: 'Cause', ko: '원인' };

/** The events of a resource: time, event, actor and cause. */
export const History = ({ view, path, parameters }: { view: ContextView; path: string; parameters: Parameters }) => {
  const [cursor, setCursor] = useState<string>();
  const known = useStore(overview);
  const { body, problem } = useResource<Page<Omit<HappenedEvent, 'context'>>>(
    withQuery(`${path}/history`, { sort: '-position', limit: '20', cursor }),
    (event) => cursor === undefined && concerning(view, parameters)(event),
  );
  const events = (body?.items ?? []).map((event) => ({ ...event, context: view.name }));
  const described = describeEvents(events, known, false);
  return (
    <section class="list" aria-labelledby="history">
      <header>
        <h2 id="history">{t({ en: 'History', ko: '이력' })}</h2>
        <Timeline view={view} path={path} parameters={parameters} />
      </header>
      {problem && <p class="refused">{problemWords(problem, view)}</p>}
      {events.length > 0 && (
        <Scroll>
          <table class="history cards-of">
            <thead>
              <tr>
                <th scope="col">{t({ en: 'Time', ko: '시각' })}</th>
                <th scope="col">{t({ en: 'Change', ko: '내용' })}</th>
                <th scope="col">{t({ en: 'Event', ko: '이벤트' })}</th>
                <th scope="col">{t(WHO)}</th>
                <th scope="col">{t(WHY)}</th>
              </tr>
            </thead>
            <tbody>
              {described.map(({ event, words }) => (
                <tr key={event.position}>
                  <td class="wide">
                    <time dateTime={event.time}>{formatMoment(event.time)}</time>
                  </td>
                  <td class="wide">{words}</td>
                  <td class="wide">
                    <details>
                      <summary>{event.type}</summary>
                      <pre>{asJson(event)}</pre>
                    </details>
                  </td>
                  <td data-label={t(WHO)}>
                    <Actor actor={event.actor} />
                  </td>
                  <td data-label={t(WHY)}>
                    <Cause event={event} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {(cursor !== undefined || body?.next !== undefined) && (
        <nav class="paging" aria-label={t({ en: 'Pages of the history', ko: '이력 페이지' })}>
          <button type="button" disabled={cursor === undefined} onClick={() => setCursor(undefined)}>
            {t({ en: 'Newest', ko: '최신' })}
          </button>
          <button type="button" disabled={body?.next === undefined} onClick={() => setCursor(body?.next)}>
            {t({ en: 'Older', ko: '이전' })}
          </button>
        </nav>
      )}
    </section>
  );
};
