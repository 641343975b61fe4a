import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { t } from './language.ts';
import { usePlace } from './router.tsx';

/** Leads the keyboard past the navigation. */
export const SkipLink = () => (
  <a class="skip" href="#main">
    {t({ en: 'Skip to the content', ko: '본문으로 건너뛰기' })}
  </a>
);

/** The content of the page, which gets the focus when another page is shown. */
export const Main = ({ children }: { children: ComponentChildren }) => {
  const { path } = usePlace();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      {children}
    </main>
  );
};
