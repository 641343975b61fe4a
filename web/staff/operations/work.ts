import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { EventStoreState, ParkedEvent, Replay } from '../../../schemas/kernel/operations.ts';
import { get, type Page, type Problem, RefusedError, send } from '../../common/api.ts';
import { notify } from '../notices.tsx';
import { usePolling } from '../polling.ts';
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
  eventStore?: Static<typeof EventStoreState>;
  problem?: Problem;
};

/** Reads parked events and replays again and again, more often while something runs. */
export const useWork = (): { work: Work; look(): void } => {
  const [work, setWork] = useState<Work>({ isKnown: false, parked: [], more: false, replays: [] });
  const look = usePolling(async (gone) => {
    try {
      const [parked, replays, eventStore] = await Promise.all([
        get<Page<Parked>>('/operations/parked?limit=100', undefined, gone),
        get<Page<Replay>>('/operations/replays', undefined, gone),
        get<Static<typeof EventStoreState>>('/operations/event-store', undefined, gone),
      ]);
      const more = parked.next !== undefined;
      setWork({ isKnown: true, parked: parked.items, more, replays: replays.items, eventStore });
      const isBusy =
        replays.items.some(({ state }) => state === 'running') ||
        parked.items.some(({ state }) => state === 'replaying');
      return isBusy ? OFTEN : SELDOM;
    } catch (error) {
      if (gone.aborted) return undefined;
      if (!(error instanceof RefusedError)) throw error;
      const { problem } = error;
      setWork((before) => ({ ...before, isKnown: false, problem }));
      return SELDOM;
    }
  });
  return { work, look };
};

/** Sends a change, and shows why if the server refuses it. */
export const change = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<void> => {
  try {
    await send(method, path, body);
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    notify('refused', problemWords(error.problem));
  }
};
