import { useEffect, useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { ParkedEvent, Replay } from '../../../schemas/kernel/operations.ts';
import { get, type Page, type Problem, RefusedError, send } from '../../common/api.ts';
import { notify } from '../notices.tsx';
import { problemWords } from '../problems.ts';

export type Parked = Static<typeof ParkedEvent>;

/** Milliseconds between two reads of parked events and replays. */
const OFTEN = 500;
const SELDOM = 3000;

export type Work = {
  /** Whether the last read of parked events and replays succeeded. */
  isKnown: boolean;
  parked: readonly Parked[];
  more: boolean;
  replays: readonly Replay[];
  problem?: Problem;
};

/** Reads parked events and replays again and again, more often while something runs. */
export const useWork = (): { work: Work; look(): void } => {
  const [work, setWork] = useState<Work>({ isKnown: false, parked: [], more: false, replays: [] });
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      let next = SELDOM;
      try {
        const [parked, replays] = await Promise.all([
          get<Page<Parked>>('/operations/parked?limit=100', undefined, gone.signal),
          get<Page<Replay>>('/operations/replays', undefined, gone.signal),
        ]);
        setWork({ isKnown: true, parked: parked.items, more: parked.next !== undefined, replays: replays.items });
        const isBusy =
          replays.items.some(({ state }) => state === 'running') ||
          parked.items.some(({ state }) => state === 'replaying');
        if (isBusy) next = OFTEN;
      } catch (error) {
        if (gone.signal.aborted) return;
        if (!(error instanceof RefusedError)) throw error;
        const { problem } = error;
        setWork((before) => ({ ...before, isKnown: false, problem }));
      }
      timer = setTimeout(look, next);
    };
    void look();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [asked]);
  return { work, look: () => setAsked((times) => times + 1) };
};

/** Sends a change, and shows why if the server refuses it. */
export const change = async (
  method: 'POST' | 'PATCH',
  path: string,
  body: object,
  onDone: () => void,
): Promise<void> => {
  try {
    await send(method, path, body);
    onDone();
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    notify('refused', problemWords(error.problem));
  }
};
