import { Clock } from 'lucide';
import { Icon } from '../../common/icon.tsx';
import { go } from '../../common/router.tsx';
import { useUpdates } from '../../common/updates.ts';
import { arranged } from '../lists.ts';
import { page } from '../page.ts';
import { Heading, Loaded, Rows } from '../parts.tsx';
import { EVERY, Service } from '../service.tsx';
import { say } from '../words.ts';
import { Menu } from './menu.tsx';
import { OrderPage } from './orders.tsx';
import { type Shop, ShopRow, useShops, Wait } from './shop.tsx';

/** The shops with the shortest waiting times, on the home page. */
export const FoodCourt = () => {
  const open = arranged(useShops(EVERY), (shops) => shops.filter(({ status }) => status === 'open'));
  return (
    <Service title={say('푸드코트', 'Food court')} to="/app/food-court" of={open}>
      {(shop) => <ShopRow key={shop.shopId} shop={shop} />}
    </Service>
  );
};

const FoodCourtPage = () => (
  <>
    <Heading>{say('푸드코트', 'Food court')}</Heading>
    <Rows of={useShops()} none={say('영업 중인 매장이 없습니다.', 'No shop is open.')}>
      {(shop) => <ShopRow key={shop.shopId} shop={shop} />}
    </Rows>
  </>
);

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

export const foodCourtPages = [
  page('/app/food-court', FoodCourtPage),
  page('/app/food-court/{shopId}', ShopPage),
  page('/app/food-court/{shopId}/orders/{orderId}', OrderPage),
];
