import { get, type Page } from '../common/api.ts';
import { isFound } from '../common/hangul.ts';
import { type Phrase, t } from '../common/language.ts';
import { knownOperation, readOperations } from '../common/openapi.ts';
import { VIEW, withQuery } from '../common/router.tsx';
import { fill } from '../common/templates.ts';
import { may } from './access.ts';
import type { ContextView, Item } from './context.ts';
import { contextViews } from './contexts/index.ts';
import { isCustomerId, mayOpenCustomer } from './customers.ts';

/** Something that the search box offers. */
export type Found = { to: string; label: string; kind: string };

/** The most results of one list, and of all. */
const OF_LIST = 5;
const IN_ALL = 12;
/** The most names that are searched by initial consonants. */
const NAMES = 200;

const PREFIX = 'Prefix';

/** The lists of a context without a parameter, with the fields that they search by prefix. */
const searchable = (view: ContextView): { path: string; fields: readonly string[] }[] =>
  Object.keys(view.lists)
    .filter((path) => !path.includes('{') && may(`GET ${path}`))
    .flatMap((path) => {
      const query = knownOperation(`GET ${path}`)?.query ?? {};
      const fields = Object.keys(query).filter((name) => name.endsWith(PREFIX));
      return fields.length > 0 ? [{ path, fields: fields.map((name) => name.slice(0, -PREFIX.length)) }] : [];
    });

/** A resource of a list with what it is called. */
type Named = { view: ContextView; template: string; item: Item; label: string; path: string };

const named = (view: ContextView, list: string, item: Item): Named | undefined => {
  const template = view.lists[list]?.thing;
  const path = template === undefined ? undefined : fill(template, item);
  if (template === undefined || path === undefined) return undefined;
  return { view, template, item, label: view.things[template]!.heading(item), path };
};

const read = async (view: ContextView, list: string, query: Record<string, string>, signal: AbortSignal) => {
  const { items } = await get<Page<Item>>(withQuery(list, query), undefined, signal);
  return items.flatMap((item) => named(view, list, item) ?? []);
};

const foundOf = ({ view, template, label, path }: Named): Found => ({
  to: VIEW + path,
  label,
  kind: t(view.things[template]!.title),
});

/** Returns the pages of the control centre that are called so. */
const pagesCalled = (typed: string): Found[] => {
  const pages: { to: string; words: Phrase }[] = [
    { to: '/', words: { en: 'Overview', ko: '전체 현황' } },
    { to: '/board', words: { en: 'Board', ko: '알림판' } },
    { to: `${VIEW}/operations`, words: { en: 'Operations', ko: '운영' } },
    ...contextViews.flatMap((view) => [
      { to: VIEW + view.all, words: view.title },
      {
        to: `${VIEW}/control-center/reports/${view.name}`,
        words: { en: `${view.title.en} report`, ko: `${view.title.ko} 통계` },
      },
    ]),
  ];
  return pages
    .filter(({ words }) => isFound(typed, t(words)))
    .map(({ to, words }) => ({ to, label: t(words), kind: t({ en: 'Page', ko: '페이지' }) }));
};

/** A command whose words begin the text, and the name of the thing that follows them. */
const commandTyped = (typed: string) => {
  const text = typed.trim().toLowerCase();
  for (const view of contextViews)
    for (const [name, words] of Object.entries(view.commands)) {
      const said = [words.en, words.en.replace(' the ', ' '), words.ko].find((each) =>
        text.startsWith(each.toLowerCase()),
      );
      if (said !== undefined && may(`${view.name}.${name}`))
        return { view, name, words, rest: text.slice(said.length).trim() };
    }
  return undefined;
};

/** Returns the things that have the typed command now, each with a link that opens its form. */
const commandsFor = async (typed: string, signal: AbortSignal): Promise<Found[]> => {
  const command = commandTyped(typed);
  if (!command) return [];
  const { view, name, words, rest } = command;
  const lists = searchable(view).map(({ path }) => path);
  const things = (await Promise.all(lists.map((list) => read(view, list, { limit: String(NAMES) }, signal)))).flat();
  return things
    .filter(({ template, item }) => view.things[template]?.commands?.(item).includes(name))
    .filter(({ label }) => rest === '' || isFound(rest, label))
    .map(({ label, path }) => ({
      to: withQuery(VIEW + path, { do: name }),
      label: `${t(words)}: ${label}`,
      kind: t({ en: 'Command', ko: '명령' }),
    }));
};

/**
 * Finds pages, commands, customers and resources: by the beginning of their plate, name or title, by initial consonants,
 * or by their id.
 */
export const find = async (typed: string, signal: AbortSignal): Promise<Found[]> => {
  const text = typed.trim();
  if (text === '') return [];
  await readOperations();
  const quietly = <Value>(found: Promise<Value[]>) => found.catch((): Value[] => []);
  const byPrefix = contextViews.flatMap((view) =>
    searchable(view).flatMap(({ path, fields }) =>
      fields.map((field) => quietly(read(view, path, { [field + PREFIX]: text, limit: String(OF_LIST) }, signal))),
    ),
  );
  const byName = contextViews.flatMap((view) =>
    searchable(view)
      .filter(({ fields }) => fields.includes('name') || fields.includes('title'))
      .map(({ path }) =>
        quietly(read(view, path, { limit: String(NAMES) }, signal)).then((all) =>
          all.filter(({ label, path: its }) => isFound(text, label) || its.endsWith(`/${text}`)).slice(0, OF_LIST),
        ),
      ),
  );
  const [commands, ...things] = await Promise.all([quietly(commandsFor(text, signal)), ...byName, ...byPrefix]);
  const customer = isCustomerId(text) && mayOpenCustomer(text);
  const all = [
    ...commands,
    ...pagesCalled(text),
    ...things.flat().map(foundOf),
    ...(customer ? [{ to: `${VIEW}/customers/${text}`, label: text, kind: t({ en: 'Customer', ko: '고객' }) }] : []),
  ];
  return [...new Map(all.map((found) => [found.to, found])).values()].slice(0, IN_ALL);
};
