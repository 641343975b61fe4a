import type { ComponentChildren } from 'preact';

/** What may be wider than the screen: it is scrolled by touch, and by the arrow keys once it has the focus. */
export const Scroll = ({ children }: { children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it nobody can scroll by keyboard (WCAG 2.1.1)
  <div class="scroll" tabIndex={0}>
    {children}
  </div>
);
