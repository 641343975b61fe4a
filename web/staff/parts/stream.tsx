import { formatTime, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import type { HappenedEvent } from '../context.ts';
import { viewOf } from '../contexts/index.ts';
import { describeEvents } from '../describe-events.ts';
import type { Overview } from '../live.ts';

/** The latest events of all contexts, in words. */
export const EventStream = ({ events, known }: { events: readonly HappenedEvent[]; known: Overview | undefined }) => {
  const described = describeEvents(events, known, true);
  return (
    <section class="stream" aria-labelledby="latest">
      <h2 id="latest">{t({ en: 'Latest events', ko: '최근 이벤트' })}</h2>
      {described.length === 0 && <p class="dim">{t({ en: 'No events yet.', ko: '아직 이벤트가 없습니다.' })}</p>}
      <ol>
        {described.map(({ event, words, about }) => (
          <li key={event.position} data-position={event.position}>
            <time dateTime={event.time}>{formatTime(event.time)}</time>
            <span class="from">{t(viewOf(event.context)?.title ?? { en: event.context, ko: event.context })}</span>
            {about === undefined ? <span>{words}</span> : <Link to={VIEW + about}>{words}</Link>}
          </li>
        ))}
      </ol>
    </section>
  );
};
