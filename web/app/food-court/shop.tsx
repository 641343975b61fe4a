import { Store } from 'lucide';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/food-court.ts';
import { formatNumber } from '../../common/language.ts';
import type { Update } from '../../common/updates.ts';
import { arranged, useList } from '../lists.ts';
import { RowLink } from '../parts.tsx';
import { say } from '../words.ts';

export type Shop = Static<typeof queries.shop.item>;

/** Returns the minutes until an order that is placed now is ready, at the shop's pace; undefined before its first. */
const minutesOf = ({ openOrders, secondsPerOrder }: Shop): number | undefined =>
  secondsPerOrder === undefined ? undefined : Math.max(1, Math.ceil(((openOrders + 1) * secondsPerOrder) / 60));

/** The waiting time of a shop, as a customer asks for it. */
export const Wait = ({ of }: { of: Shop }) => {
  if (of.status === 'paused') return <span class="bad">{say('잠시 쉬는 중', 'Paused')}</span>;
  if (of.status === 'closed') return <span class="bad">{say('영업 종료', 'Closed')}</span>;
  const minutes = minutesOf(of);
  if (minutes === undefined && of.openOrders === 0) return <span class="good">{say('바로 주문', 'No waiting')}</span>;
  if (minutes === undefined) return <>{ordersOf(of)}</>;
  return (
    <span class={minutes <= 10 ? 'good' : minutes > 30 ? 'bad' : 'wait'}>
      {say(`약 ${formatNumber(minutes)}분`, `${formatNumber(minutes)} min`)}
    </span>
  );
};

const ordersOf = ({ openOrders }: Shop): string =>
  openOrders === 0
    ? say('대기 없음', 'No order ahead')
    : say(`대기 ${formatNumber(openOrders)}건`, `${formatNumber(openOrders)} ahead`);

/** One shop of a list. */
export const ShopRow = ({ shop }: { shop: Shop }) => (
  <RowLink
    to={`/app/food-court/${shop.shopId}`}
    icon={Store}
    title={shop.name}
    about={ordersOf(shop)}
    aside={<Wait of={shop} />}
  />
);

/** Reads the shops that take orders, the shortest waiting time first, and then those that pause. */
export const useShops = (every = 5000): Update<readonly Shop[]> => {
  const waiting = (shop: Shop) => (shop.status === 'open' ? (minutesOf(shop) ?? shop.openOrders) : 1e6);
  return arranged(useList<Shop>('/food-court/shops?sort=name&limit=200', { every }), (shops) =>
    shops.filter(({ status }) => status !== 'closed').sort((a, b) => waiting(a) - waiting(b)),
  );
};
