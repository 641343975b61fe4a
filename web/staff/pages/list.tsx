import { t } from '../../common/language.ts';
import { go, Link, usePlace, VIEW, withQuery } from '../../common/router.tsx';
import { may } from '../access.ts';
import type { ContextView, ViewProps } from '../context.ts';
import { Crumbs } from '../parts/crumbs.tsx';
import { List } from '../parts/list.tsx';
import { useTitle } from '../parts/title.ts';
import { Work } from '../work/work.tsx';
import { REPORT } from './report.tsx';

/** The lists of a context and its report, as far as the user may see them. */
export const Lists = ({ view, ...rest }: { view: ContextView; class?: string }) => {
  const { path } = usePlace();
  return (
    <nav {...rest} aria-label={t(view.title)}>
      {Object.entries(view.lists)
        .filter(([list]) => !list.includes('{') && may(`GET ${list}`))
        .map(([list, { title }]) => (
          <Link key={list} to={VIEW + list} aria-current={VIEW + list === path ? 'page' : undefined}>
            {t(title)}
          </Link>
        ))}
      {may(`GET ${REPORT}`) && (
        <Link to={VIEW + REPORT.replace('{context}', view.name)}>{t({ en: 'Report', ko: '통계' })}</Link>
      )}
    </nav>
  );
};

/** A list with its own URL: filters, order and page are in the query. */
export const ListPage = (props: ViewProps) => {
  const { view, template } = props;
  const { path, query } = usePlace();
  const { title } = view.lists[template]!;
  useTitle(t(title), t(view.title));
  return (
    <>
      <Crumbs here={t(view.title)} />
      <h1 class="unseen">
        {t(view.title)}: {t(title)}
      </h1>
      <Lists view={view} class="tabs" />
      {query.size === 0 && <Work {...props} item={{}} />}
      <List {...props} query={Object.fromEntries(query)} onQuery={(next) => go(withQuery(path, next))} />
    </>
  );
};
