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
