import { t } from '../../common/language.ts';
import { useStore } from '../../common/store.ts';
import { may } from '../access.ts';
import { overview } from '../live.ts';
import { moment } from '../moment.ts';
import { Confirmed } from '../operations/confirmed.tsx';
import { Consumers, REPLAY } from '../operations/consumers.tsx';
import { ParkedEvents } from '../operations/parked.tsx';
import { change, useWork } from '../operations/work.ts';
import { Crumbs } from '../parts/crumbs.tsx';
import { useTitle } from '../parts/title.ts';
import { problemWords } from '../problems.ts';

const REPLAYS = '/operations/replays';
const EVENT_STORE = '/operations/event-store';

const GROUPS = [
  { group: 'projections', title: { en: 'Projections', ko: '프로젝션' } },
  { group: 'policies', title: { en: 'Policies', ko: '정책' } },
  { group: 'rebuilds', title: { en: 'Views being rebuilt', ko: '재생성 중인 뷰' } },
] as const;

/** The state of the system, and the operators' actions. */
export const OperationsPage = () => {
  const known = useStore(overview);
  const { work, look } = useWork();
  const isPast = useStore(moment) !== undefined;
  useTitle(t({ en: 'Operations', ko: '운영' }));
  const consumers = known?.projections ?? [];
  const replay = (views: readonly string[]) => change('POST', REPLAYS, { views }).then(look);
  const views = [...new Set(consumers.filter(({ group }) => group === 'projections').map(({ view }) => view))];

  return (
    <>
      <Crumbs here={t({ en: 'Operations', ko: '운영' })} />
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
      {work.eventStore?.state === 'other' && (
        <section aria-labelledby="event-store">
          <h2 id="event-store">{t({ en: 'Another history', ko: '다른 이력' })}</h2>
          <p class="refused">{work.eventStore.reason}</p>
          {may(`PATCH ${EVENT_STORE}`) && (
            <Confirmed
              words={t({ en: 'Build the views from this history', ko: '이 이력으로 뷰 다시 만들기' })}
              question={t({
                en: 'What the event store lacks is lost. Every view is built anew, and the policies begin at the first event; what they did is not done again. If the event store has every event again, everything continues where it was.',
                ko: '이벤트 저장소에 없는 내용은 사라집니다. 모든 뷰를 다시 만들고 정책은 첫 이벤트부터 다시 처리하며, 이미 처리한 일은 되풀이하지 않습니다. 이벤트 저장소에 모든 이벤트가 다시 있으면 중단된 곳부터 계속합니다.',
              })}
              onYes={() => change('PATCH', EVENT_STORE, { state: 'accepted' }).then(look)}
            />
          )}
        </section>
      )}
      {GROUPS.map(({ group, title }) => (
        <Consumers
          key={group}
          group={group}
          title={t(title)}
          consumers={consumers}
          replays={work.replays}
          onReplay={(view) => replay([view])}
          onStop={(view) => change('PATCH', `${REPLAYS}/${encodeURIComponent(view)}`, { state: 'stopped' }).then(look)}
        />
      ))}
      <ParkedEvents work={work} onDone={look} />
    </>
  );
};
