import { Clock } from 'lucide';
import type { Page } from '../../common/api.ts';
import { Icon } from '../../common/icon.tsx';
import { go } from '../../common/router.tsx';
import { useUpdates } from '../../common/updates.ts';
import type { AppPage } from '../page.ts';
import { Heading, Loaded } from '../parts.tsx';
import { EVERY, itemsOf, Service } from '../service.tsx';
import { say } from '../words.ts';
import { Menu } from './menu.tsx';
import { OrderPage } from './orders.tsx';
import { inOrder, type Shop, ShopRow, Wait } from './shop.tsx';

const SHOPS = '/food-court/shops?sort=name&limit=200';

/** The shops with the shortest waiting times, on the home page. */
export const FoodCourt = () => {
  const { body, ...rest } = itemsOf(useUpdates<Page<Shop>>(SHOPS, { every: EVERY }));
  const open = body && inOrder(body).filter(({ status }) => status === 'open');
  return (
    <Service title={say('푸드코트', 'Food court')} to="/app/food-court" of={open ? { ...rest, body: open } : rest}>
      {(items) => items.map((shop) => <ShopRow key={shop.shopId} shop={shop} />)}
    </Service>
  );
};

const FoodCourtPage = () => {
  const shops = useUpdates<Page<Shop>>(SHOPS);
  return (
    <>
      <Heading>{say('푸드코트', 'Food court')}</Heading>
      <Loaded of={shops}>
        {({ items }) =>
          inOrder(items).length === 0 ? (
            <p class="dim">{say('영업 중인 매장이 없습니다.', 'No shop is open.')}</p>
          ) : (
            <ul class="rows">
              {inOrder(items).map((shop) => (
                <ShopRow key={shop.shopId} shop={shop} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </>
  );
};

const ShopPage = ({ shopId, customerId }: { shopId: string; customerId: string }) => {
  const found = useUpdates<Shop>(`/food-court/shops/${shopId}`);
  return (
    <Loaded of={found}>
      {(shop) => (
        <>
          <Heading>{shop.name}</Heading>
          <p class="about">
            <Icon of={Clock} size={18} />
            <span>{say('예상 대기', 'Waiting time')}</span> <Wait of={shop} />
          </p>
          <Menu
            shop={shop}
            customerId={customerId}
            isKept
            onOrdered={({ orderId }) => go(`/app/food-court/${shopId}/orders/${orderId}`)}
          />
        </>
      )}
    </Loaded>
  );
};

export const foodCourtPages: readonly AppPage[] = [
  ['/app/food-court', () => <FoodCourtPage />],
  ['/app/food-court/{shopId}', ({ shopId, customerId }) => <ShopPage shopId={shopId!} customerId={customerId} />],
  [
    '/app/food-court/{shopId}/orders/{orderId}',
    ({ shopId, orderId }) => <OrderPage shopId={shopId!} orderId={orderId!} />,
  ],
];
