import { type events, REASONS } from './food-court.ts';
import {
  line,
  type MessageEffect,
  messagesOn,
  momentText,
  money,
  type Phrase,
  type Texts,
  texts,
} from './kernel/messages.ts';

const shop: Phrase = { ko: '매장', en: 'Shop' };
const number: Phrase = { ko: '호출 번호', en: 'Number' };
const items: Phrase = { ko: '주문 내역', en: 'Items' };
const totalLabel: Phrase = { ko: '합계', en: 'Total' };
const reasonLabel: Phrase = { ko: '사유', en: 'Reason' };
const collectByLabel: Phrase = { ko: '수령 기한', en: 'Pick up by' };

/** Reasons that Plaza gives itself; those of a shop stay as the shop wrote them. */
const reasons: Readonly<Record<string, Phrase>> = {
  [REASONS.notAccepted]: { ko: '매장이 제시간에 접수하지 못했습니다', en: 'the shop did not accept it in time' },
  [REASONS.shopClosed]: { ko: '매장이 영업을 마쳤습니다', en: 'the shop was closed' },
};

type Order = { shopId: string; orderId: string; customerId?: string; shopName?: string; callNumber: string };

/** An order from a kiosk has no customer, and so no message. */
const message = ({ shopId, orderId, customerId }: Order, kind: string, texts: Texts): MessageEffect | undefined =>
  customerId === undefined ? undefined : { customerId, about: { shopId, orderId }, message: { kind, texts } };

const details = ({ shopId, shopName, callNumber }: Order) => [line(shop, shopName ?? shopId), line(number, callNumber)];

export const messages = messagesOn<typeof events>()({
  OrderPlaced: (order) =>
    message(
      order,
      'booked',
      texts(
        { ko: '주문이 접수되었습니다', en: 'Your order was placed' },
        ...details(order),
        line(items, order.lines.map(({ name, qty }) => `${name} × ${qty}`).join(', ')),
        line(totalLabel, money(order.total)),
      ),
    ),

  OrderCooked: (order, { timeZone }) =>
    message(
      order,
      'ready-for-pickup',
      texts(
        { ko: '주문하신 음식이 준비되었습니다', en: 'Your order is ready for pickup' },
        ...details(order),
        line(collectByLabel, order.collectBy && momentText(order.collectBy, timeZone)),
      ),
    ),

  OrderCanceled: (order) =>
    message(
      order,
      'canceled',
      texts({ ko: '주문이 취소되었습니다', en: 'Your order is cancelled' }, ...details(order)),
    ),

  OrderRejected: (order) =>
    message(
      order,
      'rejected',
      texts(
        { ko: '매장에서 주문을 받지 못했습니다', en: 'The shop rejected your order' },
        ...details(order),
        line(reasonLabel, reasons[order.reason] ?? order.reason),
      ),
    ),

  OrderUncollected: (order) =>
    message(
      order,
      'uncollected',
      texts(
        { ko: '수령 기한이 지나 주문이 종료되었습니다', en: 'Your order was not picked up in time' },
        ...details(order),
      ),
    ),
});
