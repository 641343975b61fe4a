import { Minus, Plus } from 'lucide';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/food-court.ts';
import { Icon } from '../../common/icon.tsx';
import { formatMoney, formatNumber } from '../../common/language.ts';
import { Refused, useCommand } from '../command.tsx';
import { useList } from '../lists.ts';
import { Rows } from '../parts.tsx';
import { say } from '../words.ts';
import type { Shop } from './shop.tsx';

type Item = Static<typeof queries.menuItem.item>;

/** The most of one item in an order, and the most items. */
const MOST_OF_ONE = 99;
const MOST_ITEMS = 20;

/** How many of each item are in the basket, by the item's id. */
type Basket = Readonly<Record<string, number>>;

const KEPT = 'plaza.basket ';

/** Keeps the basket of a shop until this tab closes, so that a look at another shop or a reload does not empty it. */
const useBasket = (shopId: string, isKept: boolean) => {
  const [basket, setBasket] = useState<Basket>(() =>
    isKept ? (JSON.parse(sessionStorage.getItem(KEPT + shopId) ?? '{}') as Basket) : {},
  );
  const change = (next: Basket) => {
    if (isKept) sessionStorage.setItem(KEPT + shopId, JSON.stringify(next));
    setBasket(next);
  };
  return [basket, change] as const;
};

const MenuRow = ({
  item,
  qty,
  isFull,
  onQty,
}: {
  item: Item;
  qty: number;
  isFull: boolean;
  onQty(qty: number): void;
}) => (
  <li class="item row dish">
    <span class={item.available ? 'text' : 'text dim'}>
      <strong>{item.name}</strong>
      <span class="price">{formatMoney(item.price)}</span>
    </span>
    {item.available ? (
      <span class="stepper">
        {qty > 0 && (
          <>
            <button
              type="button"
              aria-label={say(`${item.name} 빼기`, `One ${item.name} less`)}
              onClick={() => onQty(qty - 1)}
            >
              <Icon of={Minus} size={18} />
            </button>
            <output>{formatNumber(qty)}</output>
          </>
        )}
        <button
          type="button"
          class="add"
          aria-label={say(`${item.name} 담기`, `Add ${item.name}`)}
          disabled={qty >= MOST_OF_ONE || (qty === 0 && isFull)}
          onClick={() => onQty(qty + 1)}
        >
          <Icon of={Plus} size={18} />
        </button>
      </span>
    ) : (
      <span class="aside bad">{say('품절', 'Sold out')}</span>
    )}
  </li>
);

/** An order as its command answers it. */
export type Ordered = { orderId: string; callNumber: string };

/** The menu of a shop with the basket, and the order. @param customerId left out at a kiosk */
export const Menu = ({
  shop,
  customerId,
  isKept,
  onOrdered,
}: {
  shop: Shop;
  customerId: string | undefined;
  isKept: boolean;
  onOrdered(order: Ordered): void;
}) => {
  const path = `/food-court/shops/${shop.shopId}`;
  const menu = useList<Item>(`${path}/menu?sort=name&limit=200`);
  const [basket, setBasket] = useBasket(shop.shopId, isKept);
  const { give, isBusy, problem } = useCommand();
  const lines = (menu.body ?? []).filter(({ menuId, available }) => available && (basket[menuId] ?? 0) > 0);
  const total = lines.reduce((sum, { menuId, price }) => sum + price * basket[menuId]!, 0);
  const pieces = lines.reduce((sum, { menuId }) => sum + basket[menuId]!, 0);
  const order = async () => {
    const done = await give('POST', `${path}/orders`, {
      customerId,
      lines: lines.map(({ menuId }) => ({ menuId, qty: basket[menuId] })),
      total,
    });
    if (!done) return;
    setBasket({});
    onOrdered(done.body as Ordered);
  };
  return (
    <>
      <Rows
        of={menu}
        none={say('등록된 메뉴가 없습니다.', 'There is nothing on the menu.')}
        aria-label={say('메뉴', 'Menu')}
      >
        {(item) => (
          <MenuRow
            key={item.menuId}
            item={item}
            qty={basket[item.menuId] ?? 0}
            isFull={lines.length >= MOST_ITEMS}
            onQty={(qty) => setBasket({ ...basket, [item.menuId]: qty })}
          />
        )}
      </Rows>
      <section class={lines.length > 0 ? 'card basket' : undefined} aria-label={say('장바구니', 'Basket')}>
        <div aria-live="polite">
          {lines.length > 0 && (
            <p class="total">
              <span class="chosen">{lines.map(({ name, menuId }) => `${name} ${basket[menuId]}`).join(', ')}</span>
              <strong>{formatMoney(total)}</strong>
            </p>
          )}
        </div>
        <Refused problem={problem} />
        {lines.length > 0 && (
          <button type="button" class="main" disabled={isBusy || shop.status !== 'open'} onClick={order}>
            {say(`${formatNumber(pieces)}개 주문하기`, `Order ${formatNumber(pieces)}`)}
          </button>
        )}
      </section>
    </>
  );
};
