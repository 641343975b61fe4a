import { useEffect } from 'preact/hooks';
import type { Page } from '../../common/api.ts';
import { type Alarm, Board, boardTitle, CALLS } from '../../common/board.tsx';
import { session } from '../../common/session.ts';
import { SignInPage } from '../../common/sign-in-page.tsx';
import { useNow, useStore } from '../../common/store.ts';
import { useUpdates } from '../../common/updates.ts';
import { Outage } from '../parts.tsx';
import { problemWords } from '../problems.ts';

/** The pickup board, for a public screen: nobody needs to sign in where PUBLIC_BOARD is on. */
export const BoardPage = () => {
  const now = useNow(1000);
  const signedIn = useStore(session);
  const { body, problem } = useUpdates<Page<Alarm>>(signedIn.state === 'asking' ? undefined : CALLS, { every: 3000 });
  useEffect(() => {
    document.title = `${boardTitle()} · Plaza`;
  }, []);
  if (problem?.status === 401 && signedIn.state === 'out')
    return (
      <main>
        <SignInPage {...signedIn} />
      </main>
    );
  return (
    <Board of={body} now={now}>
      <Outage />
      {problem && problem.status !== 0 && <p class="refused">{problemWords(problem)}</p>}
    </Board>
  );
};
