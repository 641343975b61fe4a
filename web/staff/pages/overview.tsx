import { formatNumber, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { Skeleton } from '../../common/skeleton.tsx';
import { useStore } from '../../common/store.ts';
import type { ContextView, Figure, Row } from '../context.ts';
import { contextViews } from '../contexts/index.ts';
import { isHidden } from '../first-build.ts';
import { type Activities, activities, latest, type Overview, overview, overviewProblem } from '../live.ts';
import { moment } from '../moment.ts';
import { Plot } from '../parts/plot.tsx';
import { EventStream } from '../parts/stream.tsx';
import { useTitle } from '../parts/title.ts';
import { UnreadContext } from '../parts/unread.tsx';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';
import { Lists } from './list.tsx';
import { DemoNote, useDemo, Welcome } from './welcome.tsx';

/** Rows of a card: a wall screen has room for more. */
const ROWS = innerHeight > 1500 ? 18 : innerHeight > 1000 ? 9 : 6;

/** The share in use from which a thing is nearly full. */
const NEARLY = 0.8;

const Figures = ({ figures }: { figures: readonly Figure[] }) => (
  <dl class="figures">
    {figures.map(({ label, value, tone }) => (
      <div key={label.en} class={tone}>
        <dt>{t(label)}</dt>
        <dd>{formatNumber(value)}</dd>
      </div>
    ))}
  </dl>
);

/** Full things come first, then those that are nearly full; the others keep the order of their context. */
const urgencyOf = ({ taken = 0, of = 0, isUrgent = false }: Row): number => {
  if (isUrgent || (of > 0 && taken >= of)) return 2;
  return of > 0 && taken >= of * NEARLY ? 1 : 0;
};

const Line = ({ to, label, note, taken, of, value }: Row) => (
  <li>
    <Link to={VIEW + to}>
      <bdi>{label}</bdi>
    </Link>
    {note && <bdi class="note">{t(note)}</bdi>}
    {taken !== undefined && of !== undefined && (
      <meter min={0} max={Math.max(of, 1)} value={taken} high={of * NEARLY} optimum={0} aria-label={label} />
    )}
    <span class="value">{t(value)}</span>
  </li>
);

const Card = ({
  view,
  known,
  activity,
}: {
  view: ContextView;
  known: Overview;
  activity: Activities[string] | undefined;
}) => {
  const part = known.contexts[view.name];
  const heading = `card-${view.name}`;
  if (!part)
    return (
      <section class="card" aria-labelledby={heading}>
        <h2 id={heading}>{t(view.title)}</h2>
        <UnreadContext view={view} />
      </section>
    );
  const rows = view
    .rows(part as never, Date.parse(known.time))
    .toSorted((one, other) => urgencyOf(other) - urgencyOf(one));
  const hidden = view.rowsInAll(part as never) - Math.min(rows.length, ROWS);
  return (
    <section class="card" aria-labelledby={heading} data-context={view.name}>
      <header>
        <h2 id={heading}>
          <Link to={VIEW + view.all}>{t(view.title)}</Link>
        </h2>
        <Lists view={view} />
      </header>
      <Figures figures={view.figures(part as never)} />
      {activity && <Plot activity={activity} level={view.level} />}
      <ul class="lines">
        {rows.slice(0, ROWS).map((row) => (
          <Line key={row.to} {...row} />
        ))}
      </ul>
      {hidden > 0 && (
        <Link to={VIEW + view.all} class="more">
          {t({ en: `${formatNumber(hidden)} more`, ko: `${formatNumber(hidden)}개 더` })}
        </Link>
      )}
    </section>
  );
};

const Loading = () => (
  <>
    <p class="dim">{t({ en: 'Loading the state of every service…', ko: '모든 서비스의 현황을 불러오는 중…' })}</p>
    <Skeleton rows={6} />
  </>
);

/** A card for each context, and the latest events. */
export const OverviewPage = () => {
  const isPast = useStore(moment) !== undefined;
  const then = useResource<Overview>(isPast ? '/control-center' : undefined, () => false);
  const activityThen = useResource<{ contexts: Activities }>(
    isPast ? '/control-center/activity' : undefined,
    () => false,
  );
  const now = useStore(overview);
  const activitiesNow = useStore(activities);
  const latestNow = useStore(latest);
  const trouble = useStore(overviewProblem);
  const known = isPast ? then.body : now;
  const problem = isPast ? then.problem : known ? undefined : trouble;
  const activity = isPast ? (activityThen.body?.contexts ?? {}) : activitiesNow;
  const demo = useDemo();
  useTitle(t({ en: 'Overview', ko: '전체 현황' }));
  const names = Object.keys(known?.contexts ?? {});
  const events = isPast ? (known?.events ?? []) : latestNow;
  // While no context can be read, there may be events all the same.
  const isAnyRead = names.some((name) => known?.contexts[name]);
  if (known && !isPast && demo.known?.state === 'empty' && known.events.length === 0)
    return <Welcome names={names} demo={demo} />;
  return (
    <div class="overview">
      {!isPast && <DemoNote demo={demo} />}
      {problem && <p class="refused">{problemWords(problem)}</p>}
      <h1 class="unseen">{t({ en: 'Overview', ko: '전체 현황' })}</h1>
      <div class="cards">
        {known &&
          contextViews
            .filter(({ name }) => Object.hasOwn(known.contexts, name) && !isHidden(known, name))
            .sort(
              (one, other) => Number(Boolean(known.contexts[one.name])) - Number(Boolean(known.contexts[other.name])),
            )
            .map((view) => <Card key={view.name} view={view} known={known} activity={activity[view.name]} />)}
        {!known && !problem && <Loading />}
      </div>
      {known && (events.length > 0 || isAnyRead) && <EventStream events={events} known={known} />}
    </div>
  );
};
