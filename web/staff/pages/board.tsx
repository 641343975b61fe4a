import type { Page } from '../../common/api.ts';
import { formatMinute, t } from '../../common/language.ts';
import { useNow } from '../../common/store.ts';
import { callsShown } from '../calls.ts';
import { view as foodCourt } from '../contexts/food-court.ts';
import { Banner } from '../parts/banner.tsx';
import { useTitle } from '../parts/title.ts';
import { problemWords } from '../problems.ts';
import { useResource } from '../resource.ts';

type Alarm = { shopId: string; orderId: string; callNumber: string; shopName?: string; raisedAt: string };

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

/** The notification board of the food court, for a wall screen. */
export const BoardPage = () => {
  const { body, problem } = useResource<Page<Alarm>>(
    `/food-court/board?sort=raisedAt&limit=${LIMIT}`,
    ({ context, type }) => context === 'food-court' && type.startsWith('Alarm'),
  );
  useTitle(t({ en: 'Ready to pick up', ko: '음식이 나왔습니다' }));
  const now = useNow(1000);
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
