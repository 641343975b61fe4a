import { BellRing, ChefHat, ClipboardCheck, type IconNode, Receipt, UtensilsCrossed } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/food-court.ts';
import { Icon } from '../../common/icon.tsx';
import { formatMinute, formatMoney, formatNumber, formatStart } from '../../common/language.ts';
import { Link } from '../../common/router.tsx';
import { useUpdates } from '../../common/updates.ts';
import { Refused, useCommand } from '../command.tsx';
import { useTicketsOf } from '../page.ts';
import { ConfirmButton, Fact, Heading, Loaded, type Ticket } from '../parts.tsx';
import { say } from '../words.ts';

type Order = Static<typeof queries.order.item>;
type Status = Order['status'];

const statusWords = (status: Status): string =>
  ({
    placed: say('주문 완료', 'Placed'),
    accepted: say('접수', 'Accepted'),
    cooking: say('조리 중', 'Cooking'),
    cooked: say('준비 완료', 'Ready'),
    'picked-up': say('수령 완료', 'Picked up'),
    canceled: say('취소됨', 'Cancelled'),
    rejected: say('주문 거절', 'Rejected'),
    uncollected: say('미수령', 'Not picked up'),
  })[status];

/** The meaning of a status for the customer. */
const hint = (status: Status): string | undefined => {
  if (status === 'placed') return say('매장이 주문을 확인하고 있어요.', 'The shop looks at your order.');
  if (status === 'accepted') return say('곧 조리를 시작해요.', 'Cooking begins soon.');
  if (status === 'cooking') return say('맛있게 만들고 있어요.', 'Your order is being cooked.');
  return status === 'cooked' ? say('음식이 나왔어요. 찾아가 주세요!', 'Your order is ready. Pick it up!') : undefined;
};

/** Returns whether an order is still to be picked up. */
const isOpen = ({ status }: Order): boolean => STEPS.some(([step]) => step === status);

const itemsOf = ({ lines }: Order): string => lines.map(({ name, qty }) => `${name} ${formatNumber(qty)}`).join(', ');

const orderPath = ({ shopId, orderId }: Pick<Order, 'shopId' | 'orderId'>): string =>
  `/food-court/shops/${shopId}/orders/${orderId}`;

/** Reads the customer's orders; undefined as long as they are not known. */
export const useOrders = (customerId: string): Ticket[] | undefined =>
  useTicketsOf<Order>(`/food-court/customers/${customerId}/orders?sort=-placedAt&limit=50`, orderPath, (one) => ({
    to: `/app/food-court/${one.shopId}/orders/${one.orderId}`,
    icon: UtensilsCrossed,
    title: `${one.shopName ?? one.shopId} · ${one.callNumber}${say('번', '')}`,
    about: `${itemsOf(one)} · ${formatStart(one.placedAt)}`,
    aside: <span class={one.status === 'cooked' ? 'good' : undefined}>{statusWords(one.status)}</span>,
    isOpen: isOpen(one),
    at: one.placedAt,
  }));

const STEPS: readonly (readonly [Status, IconNode])[] = [
  ['placed', Receipt],
  ['accepted', ClipboardCheck],
  ['cooking', ChefHat],
  ['cooked', BellRing],
];

const Steps = ({ of }: { of: Order }) => {
  const times = new Map(of.history.map(({ status, time }) => [status, time]));
  return (
    <ol class="steps">
      {STEPS.map(([step, icon]) => {
        const time = times.get(step);
        return (
          <li key={step} class={time ? 'done' : undefined} aria-current={step === of.status ? 'step' : undefined}>
            <span class="badge">
              <Icon of={icon} size={18} />
            </span>
            <span>{statusWords(step)}</span>
            <time class="dim" dateTime={time}>
              {time && formatMinute(time)}
            </time>
          </li>
        );
      })}
    </ol>
  );
};

const reasonWords = (reason: string): string => {
  if (reason === 'not-accepted-in-time')
    return say('매장이 제시간에 접수하지 못했습니다.', 'The shop did not accept it in time.');
  return reason === 'shop-closed' ? say('매장이 영업을 마쳤습니다.', 'The shop has closed.') : reason;
};

/** Makes the phone vibrate when the order becomes ready while its page is open. */
const useBuzz = (status: Status | undefined): void => {
  const before = useRef(status);
  useEffect(() => {
    if (status === 'cooked' && before.current !== undefined && before.current !== 'cooked')
      navigator.vibrate?.([300, 150, 300]);
    before.current = status;
  }, [status]);
};

export const OrderPage = ({ shopId, orderId }: { shopId: string; orderId: string }) => {
  const path = orderPath({ shopId, orderId });
  const found = useUpdates<Order>(path, { every: 2000, isKept: true });
  const { give, isBusy, problem } = useCommand();
  useBuzz(found.body?.status);
  return (
    <Loaded of={found}>
      {(order) => {
        const { status, reason, collectBy } = order;
        return (
          <>
            <Heading>{order.shopName ?? say('주문', 'Order')}</Heading>
            <article class={`ticket order ${status}`}>
              <div aria-live="polite">
                <p class="state">{statusWords(status)}</p>
                <p class="hint">{hint(status)}</p>
              </div>
              <p class="call">
                <span>{say('호출 번호', 'Call number')}</span>
                <strong>{order.callNumber}</strong>
              </p>
              {reason !== undefined && <p class="refused">{reasonWords(reason)}</p>}
              {isOpen(order) && <Steps of={order} />}
              {status === 'cooked' && collectBy !== undefined && (
                <p class="dim">
                  {say(`${formatMinute(collectBy)}까지 보관합니다.`, `It is kept until ${formatMinute(collectBy)}.`)}
                </p>
              )}
              <dl class="facts">
                {order.lines.map(({ menuId, name, qty, price }) => (
                  <Fact key={menuId} label={`${name} × ${formatNumber(qty)}`}>
                    {formatMoney(price * qty)}
                  </Fact>
                ))}
                <div class="sum">
                  <dt>{say('합계', 'Total')}</dt>
                  <dd>{formatMoney(order.total)}</dd>
                </div>
              </dl>
            </article>
            <Refused problem={problem} />
            {status === 'placed' && (
              <ConfirmButton
                words={say('주문 취소', 'Cancel the order')}
                effect={say(
                  '매장이 아직 접수하지 않아 바로 취소됩니다.',
                  'The shop has not accepted it yet: it is cancelled at once.',
                )}
                isBusy={isBusy}
                onConfirm={() => give('DELETE', path)}
              />
            )}
            {!isOpen(order) && (
              <Link to={`/app/food-court/${shopId}`} class="button">
                {say('이 매장에서 다시 주문하기', 'Order again at this shop')}
              </Link>
            )}
          </>
        );
      }}
    </Loaded>
  );
};
