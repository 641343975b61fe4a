import type { ComponentChildren } from 'preact';
import { useId, useRef } from 'preact/hooks';
import { t } from '../../common/language.ts';

/** A button that opens a menu of further commands. The browser closes it with Escape, a choice or a click elsewhere. */
export const Menu = ({ children }: { children: ComponentChildren }) => {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const place = () => {
    const menu = list.current;
    const { bottom, top, right } = opener.current!.getBoundingClientRect();
    if (!menu?.matches(':popover-open')) return;
    const fits = bottom + menu.offsetHeight < innerHeight;
    menu.style.top = `${fits ? bottom : Math.max(0, top - menu.offsetHeight)}px`;
    menu.style.left = `${Math.max(0, right - menu.offsetWidth)}px`;
  };
  return (
    <>
      <button
        ref={opener}
        type="button"
        class="more-actions"
        popoverTarget={id}
        aria-label={t({ en: 'More actions', ko: '더 보기' })}
      >
        ⋯
      </button>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the buttons inside take the keys */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a choice closes the menu */}
      <div ref={list} id={id} popover="auto" class="menu" onToggle={place} onClick={() => list.current?.hidePopover()}>
        {children}
      </div>
    </>
  );
};
