import { t } from '../../common/language.ts';
import { go, Link, usePlace, VIEW, withQuery } from '../../common/router.tsx';
import { may } from '../access.ts';
import type { ViewProps } from '../context.ts';
import { Crumbs } from '../parts/crumbs.tsx';
import { List, type Query } from '../parts/list.tsx';
import { useTitle } from '../parts/title.ts';
import { Work } from '../work/work.tsx';
import { REPORT } from './report.tsx';

/** A list with its own URL: filters, order and page are in the query. */
export const ListPage = ({ view, template, parameters }: ViewProps) => {
  const { path, query } = usePlace();
  useTitle(t(view.lists[template]!.title), t(view.title));
  const given: Query = Object.fromEntries(query);
  return (
    <>
      <Crumbs here={t(view.title)} />
      <h1 class="unseen">
        {t(view.title)}: {t(view.lists[template]!.title)}
      </h1>
      <nav class="tabs" aria-label={t(view.title)}>
        {Object.entries(view.lists)
          .filter(([other]) => !other.includes('{') && may(`GET ${other}`))
          .map(([other, { title }]) => (
            <Link key={other} to={VIEW + other} aria-current={VIEW + other === path ? 'page' : undefined}>
              {t(title)}
            </Link>
          ))}
        {may(`GET ${REPORT}`) && (
          <Link to={VIEW + REPORT.replace('{context}', view.name)}>{t({ en: 'Report', ko: '통계' })}</Link>
        )}
      </nav>
      {query.size === 0 && <Work template={template} view={view} parameters={parameters} item={{}} />}
      <List
        view={view}
        template={template}
        parameters={parameters}
        query={given}
        onQuery={(next) => go(withQuery(path, next))}
      />
    </>
  );
};
