import type { ComponentChildren } from 'preact';
import { createStore, useStore } from './store.ts';

/** The prefix of views; a resource's own path follows. */
export const VIEW = '/view';

export type Place = { path: string; query: URLSearchParams };

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

const place = createStore<Place>(here());

addEventListener('popstate', () => place.set(here()));

/** Shows another view, or the same with another query. */
export const go = (href: string, { replace = false } = {}): void => {
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  const before = place.get().path;
  place.set(here());
  if (location.pathname !== before) scrollTo(0, 0);
};

export const usePlace = (): Place => useStore(place);

/** Returns a URL with a query, without empty values. */
export const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return given.length > 0 ? `${path}?${new URLSearchParams(given)}` : path;
};

type LinkProps = { to: string; children: ComponentChildren; class?: string; 'aria-current'?: 'page' | undefined };

/** A link within the page that does not reload it. */
export const Link = ({ to, children, ...rest }: LinkProps) => (
  <a
    {...rest}
    href={to}
    onClick={(event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(to);
    }}
  >
    {children}
  </a>
);
