import type { schema } from '../../../schemas/food-court.ts';
import { contextView } from '../context.ts';
import { formatMoney, formatNumber } from '../language.ts';
import { fill } from '../templates.ts';

const SHOP = '/food-court/shops/{shopId}';
const ORDER = '/food-court/shops/{shopId}/orders/{orderId}';
const MENU = '/food-court/shops/{shopId}/menu';
const MENU_ITEM = '/food-court/shops/{shopId}/menu/{menuId}';
const CUSTOMER_ORDERS = '/food-court/customers/{customerId}/orders';

/** The commands for an order's status, the next step first. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  placed: ['AcceptOrder', 'CancelOrder'],
  accepted: ['StartCooking'],
  cooking: ['FinishCooking'],
  cooked: ['PickUpOrder'],
};

export const view = contextView<typeof schema>({
  name: 'food-court',
  order: 3,
  title: { en: 'Food court', ko: '푸드코트' },
  level: { en: 'open orders', ko: '진행 중인 주문' },
  figures: ({ totals }) => [
    { label: { en: 'open orders', ko: '진행 중인 주문' }, value: totals.openOrders },
    {
      label: { en: 'to pick up', ko: '수령 대기' },
      value: totals.alarms,
      ...(totals.alarms > 0 ? { tone: 'good' } : {}),
    },
    { label: { en: 'shops', ko: '매장' }, value: totals.shops },
  ],
  rows: ({ shops }) =>
    shops.map(({ shopId, name, openOrders, maxOpenOrders }) => ({
      to: fill(SHOP, { shopId })!,
      label: name,
      taken: openOrders,
      of: maxOpenOrders,
      value: { en: `${formatNumber(openOrders)} open`, ko: `진행 ${formatNumber(openOrders)}건` },
    })),
  rowsInAll: ({ totals }) => totals.shops,
  all: '/food-court/shops',
  lists: {
    '/food-court/shops': {
      title: { en: 'Shops', ko: '매장' },
      columns: ['name', 'shopId', 'openOrders', 'maxOpenOrders'],
      thing: SHOP,
      sort: 'name',
      commands: ['RegisterShop'],
    },
    '/food-court/board': {
      title: { en: 'To be picked up', ko: '수령 대기' },
      columns: ['raisedAt', 'orderId', 'shopId', 'customerId'],
      thing: ORDER,
      sort: '-raisedAt',
    },
    '/food-court/shops/{shopId}/orders': {
      title: { en: 'Orders', ko: '주문' },
      columns: ['placedAt', 'orderId', 'lines', 'total', 'customerId', 'status'],
      thing: ORDER,
      sort: '-placedAt',
    },
    [MENU]: {
      title: { en: 'Menu', ko: '메뉴' },
      columns: ['name', 'menuId', 'price', 'available'],
      thing: MENU_ITEM,
      sort: 'name',
    },
    [CUSTOMER_ORDERS]: {
      title: { en: 'Orders', ko: '주문' },
      columns: ['placedAt', 'shopId', 'orderId', 'lines', 'total', 'status'],
      thing: ORDER,
      sort: '-placedAt',
    },
  },
  things: {
    [SHOP]: {
      title: { en: 'Shop', ko: '매장' },
      heading: ({ name }) => String(name),
      fields: ['shopId', 'openOrders', 'maxOpenOrders'],
      lists: ['/food-court/shops/{shopId}/orders', MENU],
      commands: () => ['PlaceOrder', 'PutMenuItem'],
    },
    [ORDER]: {
      title: { en: 'Order', ko: '주문' },
      heading: ({ orderId }) => String(orderId),
      fields: ['status', 'shopId', 'customerId', 'lines', 'total', 'placedAt', 'history'],
      commands: ({ status, raisedAt }) => (raisedAt === undefined ? (NEXT[String(status)] ?? []) : ['PickUpOrder']),
    },
    [MENU_ITEM]: {
      title: { en: 'Menu item', ko: '메뉴' },
      heading: ({ name }) => String(name),
      fields: ['menuId', 'shopId', 'price', 'available'],
      commands: () => ['PutMenuItem'],
    },
  },
  links: { shopId: SHOP, orderId: ORDER, menuId: MENU_ITEM, customerId: '/customers/{customerId}' },
  commands: {
    RegisterShop: { en: 'Open a shop', ko: '매장 등록' },
    PutMenuItem: { en: 'Put on the menu', ko: '메뉴 등록·변경' },
    PlaceOrder: { en: 'Order', ko: '주문하기' },
    AcceptOrder: { en: 'Accept', ko: '접수' },
    StartCooking: { en: 'Start cooking', ko: '조리 시작' },
    FinishCooking: { en: 'Ready', ko: '조리 완료' },
    CancelOrder: { en: 'Cancel', ko: '주문 취소', danger: true },
    PickUpOrder: { en: 'Picked up', ko: '수령 완료' },
  },
  choices: { 'lines.menuId': { list: MENU, query: { available: 'true', limit: '200' }, label: 'name' } },
  problems: {
    'shop-not-found': '존재하지 않는 매장입니다',
    'shop-already-registered': '이미 등록된 매장 ID입니다',
    'menu-full': '메뉴를 더 등록할 수 없습니다',
    'menu-item-unknown': '메뉴에 없는 항목이 있습니다',
    'menu-item-unavailable': '지금 판매하지 않는 항목이 있습니다',
    'shop-overloaded': '주문이 많아 지금은 더 받을 수 없습니다. 잠시 후 다시 시도하세요',
    'order-already-exists': '이미 사용 중인 주문 ID입니다',
    'order-not-found': '존재하지 않는 주문입니다',
    'order-out-of-sequence': '지금 단계에서는 할 수 없는 작업입니다',
    'order-already-accepted': '매장이 이미 접수한 주문입니다',
    'already-canceled': '이미 취소된 주문입니다',
    'counter-full': '수령을 기다리는 주문이 너무 많습니다',
  },
  words: {
    ShopRegistered: ({ name }) => ({ en: `${name} opened`, ko: `${name} 매장 등록` }),
    MenuItemPut: ({ shopId, name: dish, price, available }, { name }) => ({
      en: `${dish} at ${name(shopId)}: ${available ? formatMoney(price) : 'not available'}`,
      ko: `${name(shopId)} ${dish} ${available ? formatMoney(price) : '판매 중지'}`,
    }),
    OrderPlaced: ({ shopId, customerId, total }, { name }) => ({
      en: `${customerId} ordered at ${name(shopId)}, ${formatMoney(total)}`,
      ko: `${customerId} ${name(shopId)} 주문, ${formatMoney(total)}`,
    }),
    OrderAccepted: ({ shopId, orderId }, { name }) => ({
      en: `${name(shopId)} accepted ${orderId}`,
      ko: `${name(shopId)} 주문 ${orderId} 접수`,
    }),
    CookingStarted: ({ shopId, orderId }, { name }) => ({
      en: `${name(shopId)} is cooking ${orderId}`,
      ko: `${name(shopId)} 주문 ${orderId} 조리 시작`,
    }),
    OrderCooked: ({ shopId, orderId }, { name }) => ({
      en: `${orderId} of ${name(shopId)} is ready`,
      ko: `${name(shopId)} 주문 ${orderId} 조리 완료`,
    }),
    OrderCanceled: ({ customerId, orderId }) => ({
      en: `${customerId} cancelled order ${orderId}`,
      ko: `${customerId} 주문 ${orderId} 취소`,
    }),
    OrderPickedUp: ({ customerId, orderId }) => ({
      en: `${customerId} picked up ${orderId}`,
      ko: `${customerId} 주문 ${orderId} 수령`,
    }),
    AlarmRaised: ({ customerId, orderId }) => ({
      en: `Board calls ${customerId} for ${orderId}`,
      ko: `알림판에서 ${customerId} 호출, 주문 ${orderId}`,
    }),
    AlarmCleared: ({ orderId }) => ({ en: `${orderId} removed from the board`, ko: `주문 ${orderId} 알림판에서 제외` }),
  },
  about: ({ shopId, orderId, menuId }) =>
    fill(ORDER, { shopId, orderId }) ?? fill(MENU_ITEM, { shopId, menuId }) ?? fill(SHOP, { shopId }),
  names: ({ shops }) => new Map(shops.map(({ shopId, name }) => [shopId, name])),
  customer: [{ list: CUSTOMER_ORDERS, path: (customerId) => ({ customerId }) }],
});
