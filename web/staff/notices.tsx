import { t } from '../common/language.ts';
import { Link } from '../common/router.tsx';
import { createStore, useStore } from '../common/store.ts';

type Notice = { id: number; kind: 'done' | 'refused'; words: string; to?: string };

const notices = createStore<readonly Notice[]>([]);
let next = 0;

const take = (id: number): void => notices.set(notices.get().filter((notice) => notice.id !== id));

/** Milliseconds for which a success is shown; a refusal is shown until it is closed. */
const SHOWN_FOR = 6000;

/** Shows the outcome of a command. @param to the link of the resource that it created or changed */
export const notify = (kind: Notice['kind'], words: string, to?: string): void => {
  const id = next++;
  notices.set([...notices.get().slice(-3), { id, kind, words, ...(to === undefined ? {} : { to }) }]);
  if (kind === 'done') setTimeout(take, SHOWN_FOR, id);
};

const List = ({ shown }: { shown: readonly Notice[] }) => (
  <>
    {shown.map(({ id, kind, words, to }) => (
      <div key={id} class={`notice ${kind}`}>
        <span>{words}</span>
        {to && <Link to={to}>{t({ en: 'Show', ko: '보기' })}</Link>}
        <button type="button" class="quiet" onClick={() => take(id)}>
          {t({ en: 'Close', ko: '닫기' })}
        </button>
      </div>
    ))}
  </>
);

/** The outcomes of the last commands. */
export const Notices = () => {
  const shown = useStore(notices);
  return (
    <div class="notices">
      <div role="status">
        <List shown={shown.filter(({ kind }) => kind === 'done')} />
      </div>
      <div role="alert">
        <List shown={shown.filter(({ kind }) => kind === 'refused')} />
      </div>
    </div>
  );
};
