import { t } from '../../common/language.ts';
import { Link, usePlace, VIEW } from '../../common/router.tsx';
import { useStore } from '../../common/store.ts';
import { fill } from '../../common/templates.ts';
import { mayFollow } from '../access.ts';
import type { ContextView, Item, ViewProps } from '../context.ts';
import { contextViews } from '../contexts/index.ts';
import { belongingsOf } from '../customers.ts';
import { overview } from '../live.ts';
import { Crumbs } from '../parts/crumbs.tsx';
import { concerning, List } from '../parts/list.tsx';
import { useTitle } from '../parts/title.ts';
import { Fields } from '../parts/value.tsx';
import { useResource } from '../resource.ts';

const Thing = ({ view, template, parameters }: ViewProps) => {
  const { title, fields } = view.things[template]!;
  const path = fill(template, parameters)!;
  const { body } = useResource<Item>(path, concerning(view, parameters));
  if (!body) return null;
  return (
    <section class="list">
      <header>
        <h3>
          <Link to={VIEW + path}>{t(title)}</Link>
        </h3>
      </header>
      <Fields view={view} fields={fields} item={body} here={path} />
    </section>
  );
};

const headingOf = ({ name }: ContextView): string => `of-${name}`;

/** Everything of a customer, in every context. */
export const CustomerPage = ({ id }: { id: string }) => {
  const known = useStore(overview);
  const { path } = usePlace();
  useTitle(id, t({ en: 'Customer', ko: '고객' }));
  const isThere = (name: string) => (known ? Object.hasOwn(known.contexts, name) : !mayFollow());
  const views = contextViews.filter((view) => isThere(view.name) && belongingsOf(view, id).length > 0);
  return (
    <>
      {path !== '/' && <Crumbs here={t({ en: 'Customer', ko: '고객' })} />}
      <header class="thing">
        <h1>
          <bdi>{id}</bdi> <span class="dim">{t({ en: 'Customer', ko: '고객' })}</span>
        </h1>
      </header>
      {views.length === 0 && (known || !mayFollow()) && (
        <p class="dim">{t({ en: 'There is nothing here for you.', ko: '볼 수 있는 내용이 없습니다.' })}</p>
      )}
      {views.map((view) => (
        <section key={view.name} class="of-context">
          <h2 id={headingOf(view)}>
            <Link to={VIEW + view.all}>{t(view.title)}</Link>
          </h2>
          {belongingsOf(view, id).map(({ template, parameters, query }) =>
            view.things[template] ? (
              <Thing key={template} view={view} template={template} parameters={parameters} />
            ) : (
              <List
                key={template}
                view={view}
                template={template}
                parameters={parameters}
                query={query}
                limit={20}
                level={3}
                under={headingOf(view)}
              />
            ),
          )}
        </section>
      ))}
    </>
  );
};
