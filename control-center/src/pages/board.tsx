import type { Page } from '../api.ts';
import { callsShown } from '../calls.ts';
import { view as foodCourt } from '../contexts/food-court.ts';
import { formatMinute, t } from '../language.ts';
import { overview } from '../live.ts';
import { Banner } from '../parts/banner.tsx';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';
import { useNow, useStore } from '../store.ts';

type Alarm = { shopId: string; orderId: string; customerId: string; raisedAt: string };

/** Seconds for which a call is new. */
const NEW = 20;
/** Seconds for which a page of calls is shown when they do not all fit. */
const TURN = 8;
/** The most items of one read. */
const LIMIT = 200;

/** Fewer calls are shown larger: 2, 3, 4 or 5 in a row. */
const sizeFor = (calls: number): string => {
  if (calls > 16) return 'most';
  if (calls > 9) return 'many';
  return calls > 4 ? 'some' : 'few';
};

/** Returns the text of a call: a short id, or the end of a generated one. */
const callOf = (orderId: string): string => (orderId.length > 10 ? orderId.slice(-4).toUpperCase() : orderId);

/** The notification board of the food court, for a wall screen. */
export const BoardPage = () => {
  const known = useStore(overview);
  const { body, problem } = useResource<Page<Alarm>>(
    `/food-court/board?sort=raisedAt&limit=${LIMIT}`,
    ({ context, type }) => context === 'food-court' && type.startsWith('Alarm'),
  );
  const now = useNow(1000);
  const shops = known?.contexts['food-court']
    ? foodCourt.names(known.contexts['food-court'] as never)
    : new Map<string, string>();
  const calls = body?.items ?? [];
  const { shown, page, pages } = callsShown(calls, Math.floor(now / (TURN * 1000)));
  return (
    <main class="board">
      <header>
        <h1>{t({ en: 'Ready to pick up', ko: '음식이 나왔습니다' })}</h1>
        <time>{formatMinute(now)}</time>
      </header>
      <Banner />
      {problem && <p class="refused">{problemWords(problem, foodCourt)}</p>}
      {body && calls.length === 0 && (
        <p class="dim">{t({ en: 'No order is waiting.', ko: '수령 대기 중인 주문이 없습니다.' })}</p>
      )}
      <ul class={`calls ${sizeFor(shown.length)}`} aria-live="polite">
        {shown.map(({ shopId, orderId, raisedAt }) => (
          <li key={`${shopId}.${orderId}`} class={now - Date.parse(raisedAt) < NEW * 1000 ? 'new' : undefined}>
            <strong>
              <bdi>{callOf(orderId)}</bdi>
            </strong>
            <bdi class="shop">{shops.get(shopId) ?? shopId}</bdi>
          </li>
        ))}
      </ul>
      {pages > 1 && (
        <p class="dim">
          {t({
            en: `Page ${page} of ${pages}, ${calls.length}${body?.next ? '+' : ''} calls`,
            ko: `${page}/${pages}페이지, 총 ${calls.length}${body?.next ? '+' : ''}건`,
          })}
        </p>
      )}
    </main>
  );
};
