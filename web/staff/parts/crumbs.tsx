import type { ComponentChildren } from 'preact';
import { t } from '../../common/language.ts';
import { Link } from '../../common/router.tsx';
import { mayFollow } from '../access.ts';

/** Returns the label of the first page: the overview or, for users who may not see it, their own things. */
export const homeWords = (): string =>
  mayFollow() ? t({ en: 'Overview', ko: '전체 현황' }) : t({ en: 'My items', ko: '내 이용 내역' });

/** The path from the first page to the current one. @param children pages between them */
export const Crumbs = ({ here, children }: { here: string; children?: ComponentChildren }) => (
  <nav class="crumbs" aria-label={t({ en: 'Breadcrumb', ko: '현재 위치' })}>
    <Link to="/">{homeWords()}</Link>
    {children}
    <span>{here}</span>
  </nav>
);
