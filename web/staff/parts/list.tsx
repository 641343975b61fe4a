import { useEffect, useId, useState } from 'preact/hooks';
import type { Page } from '../../common/api.ts';
import { t } from '../../common/language.ts';
import { type Operation, readOperations, type Schema } from '../../common/openapi.ts';
import { Link, VIEW, withQuery } from '../../common/router.tsx';
import { Scroll } from '../../common/scroll.tsx';
import { type Option, Select } from '../../common/select.tsx';
import { Skeleton } from '../../common/skeleton.tsx';
import { createStore, useStore } from '../../common/store.ts';
import { fill, type Parameters } from '../../common/templates.ts';
import { TimeInput } from '../../common/time-input.tsx';
import { may } from '../access.ts';
import type { ContextView, HappenedEvent, Item, ViewProps } from '../context.ts';
import { filterLabelOf, labelOf, statusOf, yesOrNo } from '../fields.ts';
import { useResource } from '../resource.ts';
import { Commands } from './commands.tsx';
import { Refusal } from './unread.tsx';
import { isNumeric, Value } from './value.tsx';

export type Query = Readonly<Record<string, string | undefined>>;

type ListProps = ViewProps & {
  /** The current filters, sort and cursor. */
  query: Query;
  onQuery?: (query: Query) => void;
  /** Items on a page. */
  limit?: number;
  level?: 2 | 3;
  /** The id of the heading above it, when the page has another list of the same name. */
  under?: string;
};

/** Whether lists show the ids of their rows. */
const showsIds = createStore(false);

const PAGING: ReadonlySet<string> = new Set(['limit', 'cursor', 'sort', 'count']);

/** The operation of the list: its filters and sort orders. */
const useOperation = (path: string): Operation | undefined => {
  const [operation, setOperation] = useState<Operation>();
  useEffect(() => {
    readOperations().then(
      (operations) => setOperation(operations.get(`GET ${path}`)),
      () => {}, // then there are no filters
    );
  }, [path]);
  return operation;
};

/** Returns whether an event belongs to the context and to the resource of the path. */
export const concerning =
  (view: ContextView, parameters: Parameters) =>
  ({ context, data }: HappenedEvent): boolean =>
    context === view.name && Object.entries(parameters).every(([name, value]) => data[name] === value);

/** On a phone a name and the text of a message have their own lines. */
const classOf = (column: string, at: number): string | undefined => {
  if (isNumeric(column)) return 'number';
  return column === 'texts' || (at === 0 && ['name', 'title'].includes(column)) ? 'wide' : undefined;
};

type InputProps = {
  id: string;
  schema: Schema;
  value: string | undefined;
  onValue(value: string | undefined): void;
};

const FilterInput = ({ id, schema, value = '', onValue }: InputProps) => {
  const options = schema.type === 'boolean' ? yesOrNo() : schema.enum?.map((word): Option => [word, t(statusOf(word))]);
  if (options) {
    const all: Option = ['', t({ en: 'all', ko: '전체' })];
    return <Select id={id} value={value} options={[all, ...options]} onChoose={(word) => onValue(word || undefined)} />;
  }
  if (schema.format === 'date-time') return <TimeInput id={id} value={value} onTime={onValue} />;
  return (
    <input
      id={id}
      type={(schema.format === 'date' ? 'date' : 'search') as 'search'}
      value={value}
      onChange={({ currentTarget }) => onValue(currentTarget.value.trim() || undefined)}
    />
  );
};

const Filter = ({ label, ...input }: Omit<InputProps, 'id'> & { label: string }) => {
  const id = useId();
  return (
    <div class="filter">
      <label for={id}>{label}</label>
      <FilterInput id={id} {...input} />
    </div>
  );
};

/** A page of a list, with filters, order and paging; it updates with the events. */
export const List = ({ view, template, parameters, query, onQuery, limit = 50, level = 2, under = '' }: ListProps) => {
  const { title, columns: all, thing, sort: usual, commands } = view.lists[template]!;
  const hasIds = useStore(showsIds);
  const isOwnId = (column: string, at: number) => at > 0 && thing?.endsWith(`{${column}}`) === true;
  const columns = all.filter(
    (column, at) => (hasIds || !isOwnId(column, at)) && (onQuery !== undefined || query[column] === undefined), // the same in every row
  );
  const heading = useId();
  const operation = useOperation(template);
  const path = fill(template, parameters)!;
  const sort = query.sort ?? usual;
  const { body, problem } = useResource<Page<Item>>(
    withQuery(path, { ...query, sort, limit: String(limit) }),
    concerning(view, parameters),
  );
  const sorts = operation?.query.sort?.enum ?? [];
  const filters = Object.entries(operation?.query ?? {}).filter(([name]) => !PAGING.has(name));
  const change = (changed: Query) => onQuery?.({ ...query, cursor: undefined, ...changed });
  const Heading = level === 2 ? 'h2' : 'h3';

  const header = (column: string) => {
    const label = t(labelOf(column, view.name));
    if (!onQuery || !sorts.includes(column)) return label;
    const next = sort === column ? `-${column}` : column;
    return (
      <button type="button" class="sort" onClick={() => change({ sort: next })}>
        {label}
        <span aria-hidden="true">{sort === column ? ' ▲' : sort === `-${column}` ? ' ▼' : ''}</span>
      </button>
    );
  };
  const sorted = (column: string) =>
    sort === column ? 'ascending' : sort === `-${column}` ? 'descending' : sorts.includes(column) ? 'none' : undefined;

  const row = (item: Item) => {
    const whole = { ...parameters, ...item };
    const own = thing === undefined ? undefined : fill(thing, whole);
    const names = (thing !== undefined && own !== undefined && view.things[thing]?.commands?.(whole)) || [];
    return (
      <tr key={own ?? JSON.stringify(item)}>
        {columns.map((column, at) => (
          <td key={column} class={classOf(column, at)} data-label={t(labelOf(column, view.name))}>
            {at === 0 && own !== undefined && may(`GET ${thing}`, whole) ? (
              <Link to={VIEW + own}>
                <Value view={view} field={column} item={item} isInLink />
              </Link>
            ) : (
              <Value view={view} field={column} item={whole} here={path} />
            )}
          </td>
        ))}
        <td class="actions">
          {names.length > 0 && (
            <Commands
              view={view}
              names={names}
              most={2}
              hasMenu
              known={{ ...whole, ...view.things[thing!]?.known?.(whole) }}
              small
            />
          )}
        </td>
      </tr>
    );
  };

  return (
    <section class="list" aria-labelledby={`${under} ${heading}`.trim()}>
      <header>
        <Heading id={heading}>{t(title)}</Heading>
        {onQuery && filters.length > 0 && (
          <div class="filters">
            {filters.map(([name, schema]) => (
              <Filter
                key={name}
                label={t(filterLabelOf(name, view.name, schema))}
                schema={schema}
                value={query[name]}
                onValue={(value) => change({ [name]: value })}
              />
            ))}
          </div>
        )}
        {onQuery && all.some(isOwnId) && (
          <button type="button" class="quiet" aria-pressed={hasIds} onClick={() => showsIds.set(!hasIds)}>
            {t({ en: 'IDs', ko: 'ID 보기' })}
          </button>
        )}
        {commands && <Commands view={view} names={commands} known={parameters} />}
      </header>
      {problem && <Refusal problem={problem} view={view} />}
      {body && body.items.length > 0 && (
        <Scroll>
          <table class="cards-of">
            <thead>
              <tr>
                {columns.map((column) => (
                  <th
                    key={column}
                    scope="col"
                    class={isNumeric(column) ? 'number' : undefined}
                    aria-sort={sorted(column)}
                  >
                    {header(column)}
                  </th>
                ))}
                <th class="actions">
                  <span class="unseen">{t({ en: 'Actions', ko: '작업' })}</span>
                </th>
              </tr>
            </thead>
            <tbody>{body.items.map(row)}</tbody>
          </table>
        </Scroll>
      )}
      {body?.items.length === 0 && <p class="dim">{t({ en: 'No items.', ko: '항목이 없습니다.' })}</p>}
      {!body && !problem && <Skeleton rows={8} />}
      {onQuery && (query.cursor !== undefined || body?.next !== undefined) && (
        <nav class="paging" aria-label={t({ en: `Pages: ${title.en}`, ko: `페이지: ${title.ko}` })}>
          <button type="button" disabled={query.cursor === undefined} onClick={() => change({})}>
            {t({ en: 'First page', ko: '첫 페이지' })}
          </button>
          <button type="button" disabled={body?.next === undefined} onClick={() => change({ cursor: body?.next })}>
            {t({ en: 'Next page', ko: '다음 페이지' })}
          </button>
        </nav>
      )}
    </section>
  );
};
