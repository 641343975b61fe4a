import { Search } from 'lucide';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Dialog } from '../../common/dialog.tsx';
import { Icon } from '../../common/icon.tsx';
import { type Phrase, t } from '../../common/language.ts';
import { go, VIEW } from '../../common/router.tsx';
import { contextViews } from '../contexts/index.ts';
import { Palette } from './palette.tsx';

type Shown = 'palette' | 'help' | undefined;

/** The page of each second key after g. */
const places = (): { key: string; to: string; words: Phrase }[] => [
  { key: 'o', to: '/', words: { en: 'Overview', ko: '전체 현황' } },
  { key: 'b', to: '/board', words: { en: 'Board', ko: '알림판' } },
  { key: 'p', to: `${VIEW}/operations`, words: { en: 'Operations', ko: '운영' } },
  ...contextViews.map(({ order, all, title }) => ({ key: String(order), to: VIEW + all, words: title })),
];

/**
 * Returns whether a key belongs to a field or to a dialog. One that has just closed keeps the focus until the next
 * frame.
 */
const isTyping = ({ target }: KeyboardEvent): boolean =>
  target instanceof HTMLElement && target.matches('input, select, textarea, dialog *') && target.checkVisibility();

const Help = ({ onClose }: { onClose(): void }) => {
  const keys: [string, Phrase][] = [
    ['Ctrl K', { en: 'Search, or run a command', ko: '검색 또는 명령 실행' }],
    ...places().map(({ key, words }): [string, Phrase] => [`g ${key}`, words]),
    ['?', { en: 'These shortcuts', ko: '단축키 보기' }],
  ];
  return (
    <Dialog title={t({ en: 'Shortcuts', ko: '단축키' })} onClose={onClose}>
      <dl class="keys">
        {keys.map(([key, words]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(words)}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog" class="buttons">
        <button type="submit">{t({ en: 'Close', ko: '닫기' })}</button>
      </form>
    </Dialog>
  );
};

/** The keyboard's shortcuts, and the button of the search. */
export const Keys = () => {
  const [shown, setShown] = useState<Shown>();
  const began = useRef(0);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        setShown('palette');
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      const place = performance.now() - began.current < 1500 && places().find(({ key }) => key === event.key);
      began.current = event.key === 'g' ? performance.now() : 0;
      if (place) go(place.to);
      else if (event.key === '?') setShown('help');
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const close = () => setShown(undefined);
  return (
    <>
      <button type="button" class="find" onClick={() => setShown('palette')}>
        <Icon of={Search} size={18} /> {t({ en: 'Search', ko: '검색' })} <kbd>Ctrl K</kbd>
      </button>
      {shown === 'palette' && <Palette onClose={close} />}
      {shown === 'help' && <Help onClose={close} />}
    </>
  );
};
