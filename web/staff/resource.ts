import { useEffect, useRef, useState } from 'preact/hooks';
import { get, getAsOf, isTemporary, type Problem, RefusedError } from '../common/api.ts';
import { createStore, useStore } from '../common/store.ts';
import { mayFollow } from './access.ts';
import type { HappenedEvent } from './context.ts';
import { onEvent, recoveries } from './live.ts';
import { building, moment } from './moment.ts';

/** The position of the last command from this page: every later read includes it. */
const written = createStore<string>('');

export const commandDone = (position: string | undefined): void => {
  if (position !== undefined) written.set(position);
};

export type Resource<Body> = { body?: Body; problem?: Problem };

/** Milliseconds between two reads: during many events, and for callers who may not follow the events. */
const PAUSE = 200;
const UNFOLLOWED = 5000;
/** Milliseconds until a failed read is repeated. */
const RETRY = 2000;

/**
 * Reads a resource, and reads it again after an event about it, after a command from this page, and until it succeeds
 * after an outage. While the page shows an earlier moment, the resource is what it was then, and is read once.
 * @param path nothing is read while it is undefined
 * @param isPresent whether it is that of the present at every moment
 */
export const useResource = <Body>(
  path: string | undefined,
  concerns: (event: HappenedEvent) => boolean,
  { isPresent = false } = {},
): Resource<Body> => {
  const shown = useStore(moment);
  const at = isPresent ? undefined : shown;
  const [resource, setResource] = useState<Resource<Body> & { path?: string; at?: string | undefined }>({});
  const relevant = useRef(concerns);
  relevant.current = concerns;

  useEffect(() => {
    if (path === undefined) return;
    const gone = new AbortController();
    let wanted: string | undefined;
    let isAsked = false;
    let isReading = false;
    let retry: ReturnType<typeof setTimeout> | undefined;

    const readNow = (known: string): Promise<Body> =>
      at === undefined
        ? get<Body>(known, wanted, gone.signal)
        : getAsOf<Body>(known, at, building.set, gone.signal).finally(() => building.set(undefined));

    const read = async (): Promise<void> => {
      isReading = true;
      clearTimeout(retry);
      while (isAsked && !gone.signal.aborted) {
        isAsked = false;
        try {
          setResource({ path, at, body: await readNow(path) });
        } catch (error) {
          if (gone.signal.aborted) return;
          if (!(error instanceof RefusedError)) throw error;
          const { problem } = error;
          setResource((before) =>
            before.path === path && before.at === at && before.body && problem.status !== 404
              ? { ...before, problem }
              : { path, at, problem },
          );
          if (isTemporary(problem)) retry = setTimeout(ask, (problem.retryAfter ?? 0) * 1000 || RETRY);
        }
        if (isAsked) await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
      isReading = false;
    };
    const ask = (position?: string): void => {
      if (position !== undefined && (wanted === undefined || BigInt(position) > BigInt(wanted))) wanted = position;
      isAsked = true;
      if (!isReading) void read();
    };

    ask(written.get() || undefined);
    const happened = (event: HappenedEvent) => {
      if (relevant.current(event)) ask(event.position);
    };
    const isPast = at !== undefined;
    const ends = isPast ? [] : [onEvent(happened), written.subscribe(ask), recoveries.subscribe(() => ask())];
    const looking = isPast || mayFollow() ? undefined : setInterval(ask, UNFOLLOWED);
    return () => {
      gone.abort();
      clearInterval(looking);
      clearTimeout(retry);
      for (const end of ends) end();
    };
  }, [path, at]);

  return resource.path === path && resource.at === at ? resource : {};
};
