import { type events, REASONS } from './food-court.ts';
import { idLine, line, message, messagesOn, momentText, money, type Phrase, reasonLine } from './kernel/messages.ts';

const shop: Phrase = { ko: '매장', en: 'Shop' };
const number: Phrase = { ko: '호출 번호', en: 'Number' };
const items: Phrase = { ko: '주문 내역', en: 'Items' };
const totalLabel: Phrase = { ko: '합계', en: 'Total' };
const collectByLabel: Phrase = { ko: '수령 기한', en: 'Pick up by' };

const reasons: Readonly<Record<string, Phrase>> = {
  [REASONS.notAccepted]: { ko: '매장이 제시간에 접수하지 못했습니다', en: 'the shop did not accept it in time' },
  [REASONS.shopClosed]: { ko: '매장이 영업을 마쳤습니다', en: 'the shop was closed' },
};

type Order = { shopId: string; orderId: string; customerId?: string; shopName?: string; callNumber: string };

/** Returns the message of an order, with its shop and number. One from a kiosk has no customer, and so no message. */
const ofOrder = (
  { shopId, orderId, customerId, shopName = shopId, callNumber }: Order,
  kind: string,
  subject: Phrase,
  ...details: readonly (Phrase | undefined)[]
) =>
  customerId === undefined
    ? undefined
    : {
        customerId,
        about: { shopId, orderId },
        message: message(kind, subject, idLine(shop, shopName), line(number, callNumber), ...details),
      };

export const messages = messagesOn<typeof events>()({
  OrderPlaced: (order) =>
    ofOrder(
      order,
      'booked',
      { ko: '주문이 접수되었습니다', en: 'Your order was placed' },
      line(items, order.lines.map(({ name, qty }) => `${name} × ${qty}`).join(', ')),
      line(totalLabel, money(order.total)),
    ),

  OrderCooked: (order, { timeZone }) =>
    ofOrder(
      order,
      'ready-for-pickup',
      { ko: '주문하신 음식이 준비되었습니다', en: 'Your order is ready for pickup' },
      line(collectByLabel, order.collectBy && momentText(order.collectBy, timeZone)),
    ),

  OrderCanceled: (order) => ofOrder(order, 'canceled', { ko: '주문이 취소되었습니다', en: 'Your order is cancelled' }),

  OrderRejected: (order) =>
    ofOrder(
      order,
      'rejected',
      { ko: '매장에서 주문을 받지 못했습니다', en: 'The shop rejected your order' },
      reasonLine(order.reason, reasons),
    ),

  OrderUncollected: (order) =>
    ofOrder(order, 'uncollected', {
      ko: '수령 기한이 지나 주문이 종료되었습니다',
      en: 'Your order was not picked up in time',
    }),
});
