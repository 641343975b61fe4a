import { useRef, useState } from 'preact/hooks';
import { type Done, newKey, type Problem, RefusedError, send } from '../common/api.ts';
import { commandDone, readAgain } from '../common/updates.ts';
import { problemWords } from './problems.ts';

type Command = {
  isBusy: boolean;
  problem: Problem | undefined;
  /** @returns the answer; undefined when the command was refused: `problem` then has the reason */
  give(method: string, path: string, body?: object): Promise<Done | undefined>;
};

/**
 * Gives commands one at a time. A repeat after a lost answer keeps its key, so that it happens once; after a refusal
 * the next attempt is a new command, and the page reads its data again, which the refusal has shown to be old.
 */
export const useCommand = (): Command => {
  const key = useRef({ of: '', key: '' });
  const busy = useRef(false);
  const [state, setState] = useState<{ isBusy: boolean; problem?: Problem }>({ isBusy: false });
  return {
    isBusy: state.isBusy,
    problem: state.problem,
    async give(method, path, body) {
      if (busy.current) return undefined;
      busy.current = true;
      setState({ isBusy: true });
      const of = JSON.stringify([method, path, body]);
      if (key.current.of !== of) key.current = { of, key: newKey() };
      try {
        const done = await send(method, path, body, key.current.key);
        key.current = { of: '', key: '' };
        setState({ isBusy: false });
        commandDone(done.position);
        return done;
      } catch (error) {
        if (!(error instanceof RefusedError)) throw error;
        const { problem } = error;
        if (problem.status > 0 && problem.status < 500) key.current = { of: '', key: '' };
        setState({ isBusy: false, problem });
        readAgain();
        return undefined;
      } finally {
        busy.current = false;
      }
    },
  };
};

/** The reason why a command was refused. */
export const Refused = ({ problem }: { problem: Problem | undefined }) =>
  problem ? (
    <p class="refused" role="alert">
      {problemWords(problem)}
    </p>
  ) : null;
