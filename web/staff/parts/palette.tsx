import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { t } from '../../common/language.ts';
import { go } from '../../common/router.tsx';
import { type Found, find } from '../finding.ts';

/** Milliseconds after the last key until the search begins. */
const PAUSE = 120;

/** Finds anything, and runs commands: opened by Ctrl-K. */
export const Palette = ({ onClose }: { onClose(): void }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<{ of: string; items: readonly Found[] }>({ of: '', items: [] });
  const [at, setAt] = useState(0);

  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    const gone = new AbortController();
    const timer = setTimeout(async () => {
      const items = await find(typed, gone.signal).catch((): Found[] => []);
      if (gone.signal.aborted) return;
      setFound({ of: typed, items });
      setAt(0);
    }, PAUSE);
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [typed]);

  const { items } = found;
  const open = (item: Found | undefined) => {
    if (!item) return;
    dialog.current?.close();
    go(item.to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return; // The keys belong to the Korean input method.
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, items.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (event.key === 'Enter' && found.of === typed) open(items[at]);
    else return;
    event.preventDefault();
  };
  const hint = t({
    en: 'Plate, name, title, customer, phone or command',
    ko: '차량 번호, 이름, 제목, 고객, 전화번호, 명령',
  });
  const isNothing = typed.trim() !== '' && found.of === typed && items.length === 0;
  return (
    <dialog ref={dialog} class="palette" aria-label={t({ en: 'Search', ko: '검색' })} onClose={onClose}>
      <input
        type="text"
        role="combobox"
        aria-label={hint}
        aria-expanded={items.length > 0}
        aria-controls={`${id}-found`}
        aria-activedescendant={items.length > 0 ? `${id}-${at}` : undefined}
        placeholder={`${hint}…`}
        autoComplete="off"
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div id={`${id}-found`} role="listbox" aria-label={t({ en: 'Results', ko: '검색 결과' })}>
        {items.map((item, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the arrow keys and Enter work in the input
          <div
            key={item.to}
            id={`${id}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => open(item)}
          >
            <bdi>{item.label}</bdi>
            <span class="dim">{item.kind}</span>
          </div>
        ))}
      </div>
      <p class="dim" role="status">
        {isNothing && t({ en: 'Nothing was found.', ko: '찾은 결과가 없습니다.' })}
      </p>
    </dialog>
  );
};
