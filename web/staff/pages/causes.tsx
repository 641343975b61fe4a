import { useEffect, useState } from 'preact/hooks';
import type { CausedCommand, Causes } from '../../../schemas/kernel/causes.ts';
import { formatDuration, formatMoment, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { Scroll } from '../../common/scroll.tsx';
import { Skeleton } from '../../common/skeleton.tsx';
import { useStore } from '../../common/store.ts';
import type { HappenedEvent } from '../context.ts';
import { viewOf } from '../contexts/index.ts';
import { describeEvents } from '../describe-events.ts';
import { overview } from '../live.ts';
import { Actor } from '../parts/actor.tsx';
import { Crumbs } from '../parts/crumbs.tsx';
import { useTitle } from '../parts/title.ts';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';

/** The path of an event's causes and effects. */
export const CAUSES = '/history/{eventId}/causes';

const TITLE = { en: 'Cause and effect', ko: '원인과 결과' };

/** Returns the commands by the event or command that caused them; those of clients, and of unlisted causes, by ''. */
const byCause = (commands: readonly CausedCommand[]): ReadonlyMap<string, CausedCommand[]> =>
  Map.groupBy(commands, ({ cause, causationId }) => (cause === 'event' || cause === 'command' ? causationId : ''));

type Branch = { command: CausedCommand; effects: ReadonlyMap<string, CausedCommand[]>; chosen: string };

/** A command, its events, and to their right what these caused. */
const Step = ({ command, effects, chosen }: Branch) => {
  const { commandId, actor, policy, millisecondsAfter, events, time } = command;
  const described = describeEvents(events as HappenedEvent[], useStore(overview), false);
  const caused = [...events.map(({ eventId }) => eventId), commandId].flatMap((id) => effects.get(id) ?? []);
  return (
    <li>
      <div class="card">
        <p class="dim" title={commandId}>
          {policy ?? <Actor actor={actor} />}
          {' · '}
          <time dateTime={time}>
            {millisecondsAfter === undefined ? formatMoment(time) : `+${formatDuration(millisecondsAfter / 1000)}`}
          </time>
        </p>
        {described.map(({ event, words, about }) => (
          <p key={event.eventId} class={event.eventId === chosen ? 'chosen' : ''}>
            <span class="from">{t(viewOf(event.context)?.title ?? { en: event.context, ko: event.context })}</span>{' '}
            {about === undefined ? words : <Link to={VIEW + about}>{words}</Link>}
          </p>
        ))}
      </div>
      {caused.length > 0 && (
        <ul>
          {caused.map((each) => (
            <Step key={each.events[0]?.eventId} command={each} effects={effects} chosen={chosen} />
          ))}
        </ul>
      )}
    </li>
  );
};

/** Everything that happened for the same reason as an event, from left to right. */
export const CausesPage = ({ eventId }: { eventId: string }) => {
  const [correlation, setCorrelation] = useState<string>();
  const { body, problem } = useResource<Causes>(
    CAUSES.replace('{eventId}', encodeURIComponent(eventId)),
    ({ correlationId }) => correlationId === correlation,
  );
  useEffect(() => setCorrelation(body?.correlationId), [body]);
  useTitle(t(TITLE));
  const effects = byCause(body?.commands ?? []);
  return (
    <>
      <Crumbs here={t(TITLE)} />
      <section aria-labelledby="causes">
        <h1 id="causes">{t(TITLE)}</h1>
        {!body && !problem && <Skeleton />}
        {problem && <p class="refused">{problemWords(problem)}</p>}
        {body?.isWhole === false && (
          <p class="dim">{t({ en: 'Only the nearest of many events.', ko: '가까운 이벤트만 표시합니다.' })}</p>
        )}
        <Scroll>
          <ul class="causes">
            {(effects.get('') ?? []).map((each) => (
              <Step key={each.events[0]?.eventId} command={each} effects={effects} chosen={eventId} />
            ))}
          </ul>
        </Scroll>
      </section>
    </>
  );
};
