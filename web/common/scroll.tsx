import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from './language.ts';

/** Scrolls content that is wider than the screen: by touch, and by the arrow keys when focused. */
export const Scroll = ({ children }: { children: ComponentChildren }) => {
  const element = useRef<HTMLDivElement>(null);
  const [hasMore, setMore] = useState(false);
  useEffect(() => {
    const own = element.current!;
    const measure = () => setMore(own.scrollWidth - own.clientWidth - own.scrollLeft > 8);
    const resized = new ResizeObserver(measure);
    resized.observe(own);
    for (const child of own.children) resized.observe(child);
    own.addEventListener('scroll', measure, { passive: true });
    return () => {
      resized.disconnect();
      own.removeEventListener('scroll', measure);
    };
  }, []);
  return (
    <>
      {hasMore && (
        <p class="sideways" aria-hidden="true">
          {t({ en: 'More to the right →', ko: '옆으로 밀면 더 보입니다 →' })}
        </p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody can scroll by keyboard (WCAG 2.1.1) */}
      <div ref={element} class={hasMore ? 'scroll more-right' : 'scroll'} tabIndex={0}>
        {children}
      </div>
    </>
  );
};
