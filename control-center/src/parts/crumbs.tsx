import type { ComponentChildren } from 'preact';
import { mayFollow } from '../access.ts';
import { t } from '../language.ts';
import { Link } from '../router.tsx';

/** What the first page is called: the overview, or for who may not see it what is theirs. */
export const homeWords = (): string =>
  mayFollow() ? t({ en: 'Overview', ko: '전체 현황' }) : t({ en: 'What is yours', ko: '내 내역' });

/** The way from the first page to where one is. */
export const Crumbs = ({ children }: { children: ComponentChildren }) => (
  <nav class="crumbs" aria-label={t({ en: 'Where you are', ko: '현재 위치' })}>
    <Link to="/">{homeWords()}</Link>
    {children}
  </nav>
);
