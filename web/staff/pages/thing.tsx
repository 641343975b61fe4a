import { useEffect, useState } from 'preact/hooks';
import { t } from '../../common/language.ts';
import { go, Link, usePlace, VIEW } from '../../common/router.tsx';
import { Skeleton } from '../../common/skeleton.tsx';
import { fill } from '../../common/templates.ts';
import { may } from '../access.ts';
import type { Item, ViewProps } from '../context.ts';
import { Commands } from '../parts/commands.tsx';
import { Crumbs } from '../parts/crumbs.tsx';
import { History } from '../parts/history.tsx';
import { concerning, List, type Query } from '../parts/list.tsx';
import { useTitle } from '../parts/title.ts';
import { Refusal } from '../parts/unread.tsx';
import { Fields } from '../parts/value.tsx';
import { useResource } from '../resource.ts';
import { Work } from '../work/work.tsx';

const SubList = (props: ViewProps) => {
  const [query, setQuery] = useState<Query>({});
  return <List {...props} query={query} onQuery={setQuery} limit={20} />;
};

/** One resource: its state, commands, related lists and history. */
export const ThingPage = ({ view, template, parameters }: ViewProps) => {
  const { title, heading, fields, lists = [], commands, known } = view.things[template]!;
  const path = fill(template, parameters)!;
  const { body, problem } = useResource<Item>(path, concerning(view, parameters));
  const item: Item = { ...parameters, ...body };
  // A link of the search opens a command's form; the address is then that of the page.
  const { query } = usePlace();
  const asked = query.get('do');
  const [wanted, setWanted] = useState<{ command: string }>();
  useEffect(() => {
    if (asked === null) return;
    setWanted({ command: asked });
    go(location.pathname, { replace: true });
  }, [asked]);
  useTitle(body && heading(body), t(title), t(view.title));
  return (
    <>
      <Crumbs here={t(title)}>
        <Link to={VIEW + view.all}>{t(view.title)}</Link>
      </Crumbs>
      <header class="thing">
        <h1>
          {body && <bdi>{heading(body)}</bdi>} <span class={body ? 'dim' : undefined}>{t(title)}</span>
        </h1>
        {body && commands && (
          <Commands view={view} names={commands(item)} known={{ ...item, ...known?.(item) }} hasMenu first={wanted} />
        )}
      </header>
      {problem && <Refusal problem={problem} view={view} />}
      {!body && !problem && <Skeleton rows={5} />}
      {body && <Work template={template} view={view} parameters={parameters} item={item} />}
      {body && (
        <Fields view={view} fields={fields.filter((field) => item[field] !== undefined)} item={item} here={path} />
      )}
      {body &&
        lists
          .filter((list) => may(`GET ${list}`, item))
          .map((list) => <SubList key={list} view={view} template={list} parameters={parameters} />)}
      {body && may(`GET ${template}/history`, item) && (
        <History key={path} view={view} path={path} parameters={parameters} />
      )}
    </>
  );
};
