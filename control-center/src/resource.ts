import { useEffect, useRef, useState } from 'preact/hooks';
import { mayFollow } from './access.ts';
import { get, type Problem, RefusedError } from './api.ts';
import type { HappenedEvent } from './context.ts';
import { onEvent } from './live.ts';
import { createStore } from './store.ts';

/** The position of the last command that was given here: everything on the page shows at least that. */
const written = createStore<string>('');

export const commandDone = (position: string | undefined): void => {
  if (position !== undefined) written.set(position);
};

export type Resource<Body> = { body?: Body; problem?: Problem };

/** Milliseconds between two readings: while events come in a flock, and for who may not follow them. */
const PAUSE = 200;
const UNTOLD = 5000;

/**
 * A resource, read again when something happens that concerns it or when a command was given here.
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

    const read = async (): Promise<void> => {
      isReading = true;
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
    ];
    const looking = mayFollow() ? undefined : setInterval(ask, UNTOLD);
    return () => {
      gone.abort();
      clearInterval(looking);
      for (const end of ends) end();
    };
  }, [path]);

  return resource.path === path ? resource : {};
};
