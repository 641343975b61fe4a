import type { Page } from '../../common/api.ts';
import { type Alarm, Board, boardTitle, CALLS } from '../../common/board.tsx';
import { view as foodCourt } from '../contexts/food-court.ts';
import { Banner } from '../parts/banner.tsx';
import { useTitle } from '../parts/title.ts';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';

export const BoardPage = () => {
  const { body, problem } = useResource<Page<Alarm>>(
    CALLS,
    ({ context, type }) => context === 'food-court' && type.startsWith('Alarm'),
  );
  useTitle(boardTitle());
  return (
    <Board of={body}>
      <Banner />
      {problem && <p class="refused">{problemWords(problem, foodCourt)}</p>}
    </Board>
  );
};
