import type { ComponentProps } from 'preact';
import { createStore, useStore } from './store.ts';

/** The prefix of views; a resource's own path follows. */
export const VIEW = '/view';

/** The parameter of the address that every link keeps: the earlier moment that the control centre shows. */
const KEPT = 'as-of';

/** @property kept the value of the parameter that every link keeps, which is not part of the query */
export type Place = { path: string; query: URLSearchParams; kept: string | null };

const here = (): Place => {
  const query = new URLSearchParams(location.search);
  const kept = query.get(KEPT);
  query.delete(KEPT);
  return { path: location.pathname, query, kept };
};

export const place = createStore<Place>(here());

/** Returns a link that keeps the parameter. */
const keeping = (href: string): string => {
  const { kept } = place.get();
  if (kept === null) return href;
  return `${href}${href.includes('?') ? '&' : '?'}${KEPT}=${encodeURIComponent(kept)}`;
};

/** Changes the parameter that every link keeps, and stays on the page. */
export const keep = (value: string | undefined): void => {
  const { path, query } = place.get();
  if (value !== undefined) query.set(KEPT, value);
  keepScroll();
  history.pushState(null, '', withQuery(path, Object.fromEntries(query)));
  place.set(here());
};

/** Milliseconds for which a page that is shown again may grow to the height that it had. */
const RESTORE_WITHIN = 3000;

/** Scrolls to where the user left a page, as soon as its data has made it high enough; not after the user scrolls. */
const restoreScroll = (top: number): void => {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  for (const type of ['wheel', 'touchmove', 'keydown']) addEventListener(type, stop, { signal: stopped.signal });
  const began = performance.now();
  const attempt = () => {
    if (stopped.signal.aborted) return;
    scrollTo(0, top);
    if (Math.abs(scrollY - top) < 2 || performance.now() - began > RESTORE_WITHIN) return stop();
    requestAnimationFrame(attempt);
  };
  attempt();
};

history.scrollRestoration = 'manual';

addEventListener('popstate', ({ state }) => {
  place.set(here());
  restoreScroll(Number((state as { top?: number } | null)?.top ?? 0));
});

/** Keeps the scroll position with the current entry of the history, for the way back and for a reload. */
const keepScroll = (): void => history.replaceState({ top: scrollY }, '');

addEventListener('pagehide', keepScroll);
restoreScroll(Number((history.state as { top?: number } | null)?.top ?? 0));

/** Shows another view, or the same with another query. */
export const go = (to: string, { replace = false } = {}): void => {
  const href = keeping(to);
  if (replace) history.replaceState(null, '', href);
  else {
    keepScroll();
    history.pushState(null, '', href);
  }
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

type LinkProps = Pick<ComponentProps<'a'>, 'class' | 'aria-current' | 'children'> & { to: string };

/** A link within the page that does not reload it. */
export const Link = ({ to, children, ...rest }: LinkProps) => (
  <a
    {...rest}
    href={keeping(to)}
    onClick={(event) => {
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      go(to);
    }}
  >
    {children}
  </a>
);
