import type { ComponentChildren } from 'preact';
import type { Static } from 'typebox';
import type { queries } from '../../schemas/food-court.ts';
import type { Page } from './api.ts';
import './board.css';
import { callsShown } from './calls.ts';
import { formatMinute, t } from './language.ts';

export type Alarm = Static<typeof queries.board.item>;

/** Seconds for which a call is new. */
const NEW = 20;
/** Seconds for which a page of calls is shown when they do not all fit. */
const TURN = 8;

/** The query of the board: the most calls of one read, the oldest first. */
export const CALLS = '/food-court/board?sort=raisedAt&limit=200';

export const boardTitle = (): string => t({ en: 'Ready to pick up', ko: '음식이 나왔습니다' });

/**
 * The notification board of the food court, for a wall screen.
 * @param now in milliseconds, at most a second old
 * @param children tell why it is not up to date
 */
export const Board = ({
  of,
  now,
  children,
}: {
  of: Page<Alarm> | undefined;
  now: number;
  children?: ComponentChildren;
}) => {
  const calls = of?.items ?? [];
  const { shown, page, pages } = callsShown(calls, Math.floor(now / (TURN * 1000)));
  return (
    <main class="board">
      <header>
        <h1>{boardTitle()}</h1>
        <time>{formatMinute(now)}</time>
      </header>
      {children}
      {of && calls.length === 0 && (
        <p class="dim">{t({ en: 'No order is waiting.', ko: '수령 대기 중인 주문이 없습니다.' })}</p>
      )}
      <ul class="calls" aria-live="polite">
        {shown.map(({ shopId, orderId, callNumber, shopName, raisedAt }) => (
          <li key={`${shopId}.${orderId}`} class={now - Date.parse(raisedAt) < NEW * 1000 ? 'new' : undefined}>
            <strong>
              <bdi>{callNumber}</bdi>
            </strong>
            <bdi class="shop">{shopName ?? shopId}</bdi>
          </li>
        ))}
      </ul>
      {pages > 1 && (
        <footer class="dim">
          {t({
            en: `Page ${page} of ${pages}, ${calls.length}${of?.next ? '+' : ''} calls`,
            ko: `${page}/${pages}페이지, 총 ${calls.length}${of?.next ? '+' : ''}건`,
          })}
        </footer>
      )}
    </main>
  );
};
