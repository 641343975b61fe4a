import type { IconNode } from 'lucide';
import { h } from 'preact';

/** An icon beside a text that says the same. */
export const Icon = ({ of, size = 20 }: { of: IconNode; size?: number }) => (
  <svg
    class="icon"
    aria-hidden="true"
    width={size}
    height={size}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="2"
    stroke-linecap="round"
    stroke-linejoin="round"
  >
    {of.map(([tag, attributes]) => h(tag, attributes))}
  </svg>
);
