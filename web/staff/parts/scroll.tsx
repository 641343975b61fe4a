import type { ComponentChildren } from 'preact';

/** Scrolls content that is wider than the screen: by touch, and by the arrow keys when focused. */
export const Scroll = ({ children }: { children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody can scroll by keyboard (WCAG 2.1.1)
  <div class="scroll" tabIndex={0}>
    {children}
  </div>
);
