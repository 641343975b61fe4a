import { useEffect, useState } from 'preact/hooks';
import { get, isTemporary, type Problem, RefusedError } from './api.ts';
import { createStore } from './store.ts';

/** Whether Plaza answered the last request, and the time of its last answer; undefined before the first. */
export const hearing = createStore<{ isHeard: boolean; at?: number }>({ isHeard: true });

/** The position of the last command from this page: every later read includes it. */
let written: string | undefined;
const readers = new Set<() => void>();

/** Reads everything on the page again. */
export const readAgain = (): void => {
  for (const read of [...readers]) read();
};

/** Records a command from this page; everything on the page shows its effect with the next read. */
export const commandDone = (position: string | undefined): void => {
  if (position !== undefined && (written === undefined || BigInt(position) > BigInt(written))) written = position;
  readAgain();
};

addEventListener('online', readAgain);
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') readAgain();
});

/** The last answer and problem of a query, as far as they are known, and the time of the answer. */
export type Update<Body> = { body?: Body | undefined; problem?: Problem | undefined; at?: number };

/** Begins the names of what this device keeps of one customer. */
export const KEPT = 'plaza.kept ';

const keep = (path: string, body: unknown, at: number): void => {
  const kept = JSON.stringify({ body, at });
  try {
    localStorage.setItem(KEPT + path, kept);
  } catch {
    forgetKept(); // There is no more room: the older answers make it.
    try {
      localStorage.setItem(KEPT + path, kept);
    } catch {
      // The page is only not readable offline.
    }
  }
};

/** Returns what is kept of an answer. The page tells the time of the oldest answer that it shows while unheard. */
const keptOf = <Body>(path: string): Update<Body> => {
  const text = localStorage.getItem(KEPT + path);
  if (text === null) return {};
  const kept = JSON.parse(text) as { body: Body; at: number };
  const { isHeard, at = kept.at } = hearing.get();
  if (!isHeard || hearing.get().at === undefined) hearing.set({ isHeard, at: Math.min(at, kept.at) });
  return kept;
};

/** Removes what is kept on this device of its customer. */
export const forgetKept = (): void => {
  for (const name of Object.keys(localStorage)) if (name.startsWith(KEPT)) localStorage.removeItem(name);
};

/** Milliseconds between two reads while Plaza does not answer. */
const AGAIN = 2000;

/**
 * Reads a resource, and reads it again every few seconds while the page is visible, after a command from this page, and
 * when the network is back.
 * @param path nothing is read while it is undefined
 * @param every milliseconds between two reads
 * @param isKept keeps the last answer on this device, to show it offline
 * @param each answers within the answer, by their paths, to keep as well: the tickets of a list
 */
export const useUpdates = <Body>(
  path: string | undefined,
  {
    every = 5000,
    isKept = false,
    each,
  }: {
    every?: number;
    isKept?: boolean;
    each?: (body: Body) => readonly (readonly [path: string, body: unknown])[];
  } = {},
): Update<Body> => {
  const [update, setUpdate] = useState<Update<Body> & { path?: string }>({});

  useEffect(() => {
    if (path === undefined) return;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;
    let isAsked = false;
    if (isKept) setUpdate({ path, ...keptOf<Body>(path) });

    const read = async (): Promise<void> => {
      clearTimeout(timer);
      isAsked = isReading;
      if (isReading) return;
      isReading = true;
      let wait = every;
      try {
        const body = await get<Body>(path, written, gone.signal);
        const at = Date.now();
        if (isKept) keep(path, body, at);
        for (const [its, one] of each?.(body) ?? []) keep(its, one, at);
        hearing.set({ isHeard: true, at });
        setUpdate({ path, body, at });
      } catch (error) {
        if (gone.signal.aborted) return;
        if (!(error instanceof RefusedError)) throw error;
        const { problem } = error;
        if (isTemporary(problem)) {
          wait = AGAIN;
          hearing.set({ ...hearing.get(), isHeard: false });
        }
        setUpdate((before) =>
          before.path === path && problem.status !== 404 ? { ...before, problem } : { path, problem },
        );
      }
      isReading = false;
      if (document.visibilityState === 'visible') timer = setTimeout(read, isAsked ? 0 : wait);
    };
    void read();
    readers.add(read);
    return () => {
      gone.abort();
      clearTimeout(timer);
      readers.delete(read);
    };
  }, [path]);

  return update.path === path ? update : {};
};
