import { useEffect, useRef, useState } from 'preact/hooks';
import { get, type Problem, RefusedError } from '../common/api.ts';
import { createStore } from '../common/store.ts';
import { mayFollow } from './access.ts';
import type { HappenedEvent } from './context.ts';
import { onEvent, recoveries } from './live.ts';

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

/** Returns whether the same read can succeed later: no answer, or a temporary failure of the server. */
const isTemporary = ({ status }: Problem): boolean => status === 0 || status === 429 || status >= 500;

/**
 * Reads a resource, and reads it again after an event about it, after a command from this page, and until it succeeds
 * after an outage.
 * @param path nothing is read while it is undefined
 */
export const useResource = <Body>(
  path: string | undefined,
  concerns: (event: HappenedEvent) => boolean,
): Resource<Body> => {
  const [resource, setResource] = useState<Resource<Body> & { path?: string }>({});
  const relevant = useRef(concerns);
  relevant.current = concerns;

  useEffect(() => {
    if (path === undefined) return;
    const gone = new AbortController();
    let wanted: string | undefined;
    let isAsked = false;
    let isReading = false;
    let retry: ReturnType<typeof setTimeout> | undefined;

    const read = async (): Promise<void> => {
      isReading = true;
      clearTimeout(retry);
      while (isAsked && !gone.signal.aborted) {
        isAsked = false;
        try {
          setResource({ path, body: await get<Body>(path, wanted, gone.signal) });
        } catch (error) {
          if (gone.signal.aborted) return;
          if (!(error instanceof RefusedError)) throw error;
          const { problem } = error;
          setResource((before) =>
            before.path === path && before.body && problem.status !== 404 ? { ...before, problem } : { path, problem },
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
    const ends = [
      onEvent((event) => {
        if (relevant.current(event)) ask(event.position);
      }),
      written.subscribe(ask),
      recoveries.subscribe(() => ask()),
    ];
    const looking = mayFollow() ? undefined : setInterval(ask, UNFOLLOWED);
    return () => {
      gone.abort();
      clearInterval(looking);
      clearTimeout(retry);
      for (const end of ends) end();
    };
  }, [path]);

  return resource.path === path ? resource : {};
};
