import type { schema } from '../../../schemas/food-court.ts';
import { formatNumber } from '../../common/language.ts';
import { fill } from '../../common/templates.ts';
import { contextView } from '../context.ts';
import { statusOf } from '../fields.ts';

const SHOP = '/food-court/shops/{shopId}';
const ORDER = '/food-court/shops/{shopId}/orders/{orderId}';
const MENU = '/food-court/shops/{shopId}/menu';
const MENU_ITEM = '/food-court/shops/{shopId}/menu/{menuId}';
const CUSTOMER_ORDERS = '/food-court/customers/{customerId}/orders';

/** The commands for an order's status, the next step first. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  placed: ['AcceptOrder', 'RejectOrder', 'CancelOrder'],
  accepted: ['StartCooking', 'RejectOrder'],
  cooking: ['FinishCooking'],
  cooked: ['PickUpOrder'],
};

/** The commands for a shop's status, the most frequent one first. */
const OF_SHOP: Readonly<Record<string, readonly string[]>> = {
  open: ['PlaceOrder', 'PutMenuItem', 'PauseShop', 'ChangeShop', 'CloseShop'],
  paused: ['ReopenShop', 'PutMenuItem', 'ChangeShop', 'CloseShop'],
  closed: ['ReopenShop', 'PutMenuItem', 'ChangeShop'],
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
      tone: totals.alarms > 0 ? 'good' : undefined,
    },
    { label: { en: 'shops', ko: '매장' }, value: totals.shops },
  ],
  rows: ({ shops }) =>
    shops.map(({ shopId, name, status, openOrders, maxOpenOrders }) => ({
      to: fill(SHOP, { shopId })!,
      label: name,
      ...(status === 'open' ? {} : { note: statusOf(status) }),
      taken: openOrders,
      of: maxOpenOrders,
      value: { en: `${formatNumber(openOrders)} open`, ko: `진행 ${formatNumber(openOrders)}건` },
    })),
  rowsInAll: ({ totals }) => totals.shops,
  all: '/food-court/shops',
  lists: {
    '/food-court/shops': {
      title: { en: 'Shops', ko: '매장' },
      columns: ['name', 'shopId', 'status', 'openOrders', 'maxOpenOrders'],
      thing: SHOP,
      commands: ['RegisterShop'],
    },
    '/food-court/board': {
      title: { en: 'To be picked up', ko: '수령 대기' },
      columns: ['raisedAt', 'callNumber', 'orderId', 'shopId', 'customerId'],
      thing: ORDER,
      sort: '-raisedAt',
    },
    '/food-court/shops/{shopId}/orders': {
      title: { en: 'Orders', ko: '주문' },
      columns: ['placedAt', 'callNumber', 'lines', 'total', 'customerId', 'status', 'orderId'],
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
      columns: ['placedAt', 'callNumber', 'shopId', 'lines', 'total', 'status', 'orderId'],
      thing: ORDER,
      sort: '-placedAt',
    },
  },
  things: {
    [SHOP]: {
      title: { en: 'Shop', ko: '매장' },
      heading: ({ name }) => String(name),
      fields: ['status', 'shopId', 'openOrders', 'maxOpenOrders', 'acceptWithin', 'collectWithin'],
      lists: ['/food-court/shops/{shopId}/orders', MENU],
      commands: ({ status }) => OF_SHOP[String(status)] ?? [],
    },
    [ORDER]: {
      title: { en: 'Order', ko: '주문' },
      heading: ({ callNumber }) => `#${callNumber}`, // as on the receipt and the board
      fields: [
        'status',
        'reason',
        'shopId',
        'customerId',
        'lines',
        'total',
        'placedAt',
        'acceptBy',
        'collectBy',
        'orderId',
        'history',
      ],
      commands: ({ status, raisedAt }) => (raisedAt === undefined ? (NEXT[String(status)] ?? []) : ['PickUpOrder']),
    },
    [MENU_ITEM]: {
      title: { en: 'Menu item', ko: '메뉴' },
      heading: ({ name }) => String(name),
      fields: ['menuId', 'shopId', 'price', 'available'],
      commands: () => ['PutMenuItem', 'RemoveMenuItem'],
    },
  },
  commands: {
    RegisterShop: { en: 'Open a shop', ko: '매장 등록' },
    ChangeShop: { en: 'Change the shop', ko: '매장 정보 변경' },
    PauseShop: { en: 'Pause', ko: '주문 일시 중지' },
    ReopenShop: { en: 'Reopen', ko: '주문 받기' },
    CloseShop: {
      en: 'Close the shop',
      ko: '매장 영업 종료',
      danger: true,
      effect: {
        en: 'Rejects the orders that were not accepted yet; the others are finished.',
        ko: '아직 접수하지 않은 주문은 거절되고, 접수한 주문은 끝까지 처리됩니다.',
      },
    },
    RemoveMenuItem: { en: 'Take off the menu', ko: '메뉴에서 삭제', danger: true },
    RejectOrder: { en: 'Reject', ko: '주문 거절', danger: true },
    PutMenuItem: { en: 'Put on the menu', ko: '메뉴 등록·변경', makes: 'menuId' },
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
    'shop-closed': '영업이 종료된 매장입니다',
    'shop-paused': '매장이 주문을 잠시 받지 않습니다. 잠시 후 다시 시도하세요',
    'menu-item-not-found': '메뉴에 없는 항목입니다',
    'price-changed': '가격이 변경되었습니다',
    'price-too-high': '한 번에 결제할 수 있는 금액을 넘었습니다',
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
    ShopRegistered: { en: '{name} opened', ko: '{name} 매장 등록' },
    ShopChanged: { en: '{name} changed its figures', ko: '{name} 매장 정보 변경' },
    ShopPaused: { en: '{shopId} paused', ko: '{shopId} 주문 일시 중지' },
    ShopReopened: { en: '{shopId} reopened', ko: '{shopId} 주문 재개' },
    ShopClosed: { en: '{shopId} closed', ko: '{shopId} 영업 종료' },
    MenuItemPut: ({ available }) => ({
      en: `{name} at {shopId}: ${available ? '{price}' : 'not available'}`,
      ko: `{shopId} {name} ${available ? '{price}' : '판매 중지'}`,
    }),
    MenuItemRemoved: { en: 'A dish was taken off the menu of {shopId}', ko: '{shopId} 메뉴 항목 삭제' },
    OrderPlaced: ({ customerId }) => ({
      en: `${customerId ?? 'A kiosk'} ordered #{callNumber} at {shopId}, {total}`,
      ko: `${customerId ?? '키오스크'} {shopId} 주문 #{callNumber}, {total}`,
    }),
    OrderAccepted: { en: '{shopId} accepted #{callNumber}', ko: '{shopId} 주문 #{callNumber} 접수' },
    CookingStarted: { en: '{shopId} is cooking #{callNumber}', ko: '{shopId} 주문 #{callNumber} 조리 시작' },
    OrderCooked: { en: '#{callNumber} of {shopId} is ready', ko: '{shopId} 주문 #{callNumber} 조리 완료' },
    OrderCanceled: { en: '#{callNumber} of {shopId} was cancelled', ko: '{shopId} 주문 #{callNumber} 취소' },
    OrderRejected: {
      en: '{shopId} rejected #{callNumber}: {reason}',
      ko: '{shopId} 주문 #{callNumber} 거절: {reason}',
    },
    OrderPickedUp: { en: '#{callNumber} of {shopId} was picked up', ko: '{shopId} 주문 #{callNumber} 수령' },
    OrderUncollected: {
      en: '#{callNumber} of {shopId} was not picked up in time',
      ko: '{shopId} 주문 #{callNumber} 미수령',
    },
    AlarmRaised: { en: 'Board calls #{callNumber} of {shopId}', ko: '알림판에서 {shopId} #{callNumber} 호출' },
    AlarmCleared: {
      en: '#{callNumber} of {shopId} removed from the board',
      ko: '{shopId} #{callNumber} 알림판에서 제외',
    },
  },
  about: [ORDER, MENU_ITEM, SHOP],
  names: ({ shops }) => ({ shopId: new Map(shops.map(({ shopId, name }) => [shopId, name])) }),
  customer: { field: 'customerId', shows: [CUSTOMER_ORDERS] },
});
