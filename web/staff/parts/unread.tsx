import type { Problem } from '../../common/api.ts';
import { t } from '../../common/language.ts';
import { useStore } from '../../common/store.ts';
import type { ContextView } from '../context.ts';
import { firstBuildOf } from '../first-build.ts';
import { overview } from '../live.ts';
import { problemWords } from '../problems.ts';

/** Says why something of a context cannot be read: its views are being built, or the given reason. */
const Unread = ({ view, reason }: { view: ContextView; reason: string }) => {
  const build = firstBuildOf(useStore(overview), view.name);
  if (!build) return <p class="refused">{reason}</p>;
  const words = t(build.words);
  return (
    <p role="status">
      {words} <progress max={1} value={build.share} aria-label={words} />
    </p>
  );
};

/** Says why a context is missing in the overview. */
export const UnreadContext = ({ view }: { view: ContextView }) => (
  <Unread view={view} reason={t({ en: 'Not available now.', ko: '지금은 불러올 수 없습니다.' })} />
);

/** Says why a query was refused. */
export const Refusal = ({ problem, view }: { problem: Problem; view: ContextView }) =>
  problem.status === 503 ? (
    <Unread view={view} reason={problemWords(problem, view)} />
  ) : (
    <p class="refused">{problemWords(problem, view)}</p>
  );
