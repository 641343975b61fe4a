import type { Static } from 'typebox';
import type { queries } from '../../../schemas/food-court.ts';
import type { Page } from '../../common/api.ts';
import { formatNumber, type Phrase, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { fill } from '../../common/templates.ts';
import { useShownNow } from '../moment.ts';
import { Commands } from '../parts/commands.tsx';
import { concerning } from '../parts/list.tsx';
import { useResource } from '../resource.ts';
import type { WorkProps } from './props.ts';

type Order = Static<typeof queries.order.item>;

type Step = {
  status: Order['status'];
  title: Phrase;
  next: string;
  /** Minutes after which the order is late in this step. */
  within: number;
};

const STEPS: readonly Step[] = [
  { status: 'placed', title: { en: 'Placed', ko: '주문됨' }, next: 'AcceptOrder', within: 3 },
  { status: 'accepted', title: { en: 'Accepted', ko: '접수됨' }, next: 'StartCooking', within: 5 },
  { status: 'cooking', title: { en: 'Cooking', ko: '조리 중' }, next: 'FinishCooking', within: 15 },
  { status: 'cooked', title: { en: 'Ready', ko: '준비됨' }, next: 'PickUpOrder', within: 10 },
];

const LIMIT = 100;
const ORDER = '/food-court/shops/{shopId}/orders/{orderId}';

const clock = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, rest] = [Math.floor(whole / 60), String(whole % 60).padStart(2, '0')];
  return minutes < 60
    ? `${minutes}:${rest}`
    : t({ en: `${Math.floor(minutes / 60)} h`, ko: `${Math.floor(minutes / 60)}시간` });
};

const Column = ({ view, parameters, step }: Omit<WorkProps, 'item'> & { step: Step }) => {
  const now = useShownNow(1000);
  const { status, title, next, within } = step;
  const path = `${fill('/food-court/shops/{shopId}/orders', parameters)}?status=${status}&sort=placedAt&limit=${LIMIT}`;
  const { body } = useResource<Page<Order>>(path, concerning(view, parameters));
  const orders = body?.items ?? [];
  return (
    <section aria-labelledby={`step-${status}`}>
      <h3 id={`step-${status}`}>
        {t(title)}{' '}
        <span class="dim">
          {formatNumber(orders.length)}
          {body?.next && '+'}
        </span>
      </h3>
      <ol>
        {orders.map((order) => {
          const since = (now - Date.parse(order.history.at(-1)?.time ?? order.placedAt)) / 1000;
          const isLate = since > within * 60;
          const known = { ...parameters, ...order };
          return (
            <li key={order.orderId} class={isLate ? 'order late' : 'order'}>
              <header>
                <Link to={VIEW + fill(ORDER, known)!}>
                  <strong>#{order.callNumber}</strong>
                </Link>
                <span class="timer">
                  {isLate && <span class="unseen">{t({ en: 'late:', ko: '지연:' })} </span>}
                  {clock(since)}
                </span>
              </header>
              <ul>
                {order.lines.map(({ menuId, name, qty }) => (
                  <li key={menuId}>
                    {name} <b>× {formatNumber(qty)}</b>
                  </li>
                ))}
              </ul>
              <Commands view={view} names={[next]} known={known} />
            </li>
          );
        })}
      </ol>
    </section>
  );
};

/** The orders of a shop by step, the oldest first. One touch moves an order on. */
export const Kitchen = ({ item, ...props }: WorkProps) => (
  <section class="list" aria-labelledby="kitchen">
    <header>
      <h2 id="kitchen">{t({ en: 'Kitchen', ko: '주방' })}</h2>
    </header>
    <div class="kitchen">
      {STEPS.map((step) => (
        <Column key={step.status} {...props} step={step} />
      ))}
    </div>
  </section>
);
