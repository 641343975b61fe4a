import { t } from './language.ts';

/** Grey shapes where rows will be. */
export const Skeleton = ({ rows = 3 }: { rows?: number }) => (
  <div class="skeleton" role="status" aria-label={t({ en: 'Loading', ko: '불러오는 중' })}>
    {Array.from({ length: rows }, (_, row) => (
      <span key={row} />
    ))}
  </div>
);
