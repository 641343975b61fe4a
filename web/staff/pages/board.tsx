import type { Page } from '../../common/api.ts';
import { type Alarm, Board, boardTitle, CALLS } from '../../common/board.tsx';
import { view as foodCourt } from '../contexts/food-court.ts';
import { useShownNow } from '../moment.ts';
import { Banner } from '../parts/banner.tsx';
import { TimeBar } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';

/** The notification board of the food court, for a wall screen. */
export const BoardPage = () => {
  const { body, problem } = useResource<Page<Alarm>>(
    CALLS,
    ({ context, type }) => context === 'food-court' && type.startsWith('Alarm'),
  );
  useTitle(boardTitle());
  return (
    <Board of={body} now={useShownNow(1000)}>
      <Banner />
      <TimeBar isOpen={false} />
      {problem && <p class="refused">{problemWords(problem, foodCourt)}</p>}
    </Board>
  );
};
