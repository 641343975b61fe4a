import type { Found as Document } from '../../schemas/kernel/found.ts';
import { get, type Page } from '../common/api.ts';
import { isFound } from '../common/hangul.ts';
import { type Phrase, t } from '../common/language.ts';
import { VIEW, withQuery } from '../common/router.tsx';
import { match } from '../common/templates.ts';
import { may } from './access.ts';
import type { ContextView } from './context.ts';
import { contextViews } from './contexts/index.ts';
import { isCustomer, isCustomerId, mayOpenCustomer } from './customers.ts';
import { ticketAt } from './tickets.ts';

/** Something that the search box offers. */
export type Found = { to: string; label: string; kind: string };

/** The most results of one context, and of all. */
const OF_CONTEXT = 5;
const IN_ALL = 14;
/** The most documents among which those with a command are looked for. */
const WITH_COMMAND = 50;

const SEARCH = '/control-center/search';

/** Finds documents of a context, as the page shows them. */
const search = async (q: string, view: ContextView, limit: number, signal: AbortSignal) => {
  const query = { q, context: view.name, limit: String(limit) };
  const { items } = await get<Page<Document>>(withQuery(SEARCH, query), undefined, signal);
  return items.flatMap(({ path, item }) => {
    const [, thing] = Object.entries(view.things).find(([template]) => match(template, path)) ?? [];
    return thing ? [{ view, thing, item, label: thing.heading(item), path }] : [];
  });
};

/** A customer is named with their addresses, which tell two people of one name apart. */
const foundOf = ({ view, thing, item, label, path }: Awaited<ReturnType<typeof search>>[number]): Found =>
  view.name === 'customers'
    ? customerFound([label, item.phone, item.email].filter(Boolean).join(' · '), String(item.customerId))
    : { to: VIEW + path, label, kind: t(thing.title) };

const customerFound = (label: string, id: string): Found => ({
  to: `${VIEW}/customers/${id}`,
  label,
  kind: t({ en: 'Customer', ko: '고객' }),
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
  if (!command || command.rest === '') return [];
  const { view, name, words, rest } = command;
  const things = await search(rest, view, WITH_COMMAND, signal);
  return things
    .filter(({ thing, item }) => thing.commands?.(item).includes(name))
    .map(({ label, path }) => ({
      to: withQuery(VIEW + path, { do: name }),
      label: `${t(words)}: ${label}`,
      kind: t({ en: 'Command', ko: '명령' }),
    }));
};

/** Returns the customer of an id, who may have stored no contact; nobody for an id that no context knows. */
const customersCalled = async (id: string, signal: AbortSignal): Promise<Found[]> =>
  isCustomerId(id) && mayOpenCustomer(id) && (await isCustomer(id, signal)) ? [customerFound(id, id)] : [];

/**
 * Finds the ticket of a scanned code; otherwise pages, commands and customers and, in every context, the documents that
 * the search of Plaza finds.
 */
export const find = async (typed: string, signal: AbortSignal): Promise<Found[]> => {
  const text = typed.trim();
  if (text === '') return [];
  const ticket = ticketAt(text);
  if (ticket !== undefined) return [{ to: VIEW + ticket, label: text, kind: t({ en: 'Ticket', ko: '예매·예약 QR' }) }];
  const quietly = <Value>(found: Promise<Value[]>) => found.catch((): Value[] => []);
  const [commands, customers, ...things] = await Promise.all([
    quietly(commandsFor(text, signal)),
    quietly(customersCalled(text, signal)),
    ...contextViews.map((view) => quietly(search(text, view, OF_CONTEXT, signal))),
  ]);
  const all = [...commands, ...pagesCalled(text), ...things.flat().map(foundOf), ...customers];
  const byLink = new Map<string, Found>();
  for (const found of all) if (!byLink.has(found.to)) byLink.set(found.to, found); // a name rather than an id
  return [...byLink.values()].slice(0, IN_ALL);
};
