import { calendarDay, plus, plusDays, startOfDay } from '../../schemas/kernel/calendar.ts';
import {
  DEFAULT_COUPON_DAYS,
  DEFAULT_COUPON_VALUE,
  type ParkingEvent,
  schema as parking,
} from '../../schemas/parking.ts';
import { decider, type Refusal, refuse } from '../kernel/decider.ts';
import { isLater } from '../kernel/handled-events.ts';

type Coupon = Extract<ParkingEvent, { type: 'CouponIssued' }>['data'];
type RedeemedOn = Extract<ParkingEvent, { type: 'CouponReturned' }>['data']['redeemedOn'];

/** `redeemedOn` also of a coupon that was revoked after it was redeemed for a reservation. */
type Issued = { status: 'issued' | 'revoked' | 'redeemed'; coupon: Coupon; redeemedOn?: RedeemedOn | undefined };
type State = { status: 'none'; redeemedOn?: undefined } | Issued;

const initialState = { status: 'none' } as State;

/** Minutes within which a reservation uses the coupon that was redeemed for it. A request takes seconds. */
export const USED_WITHIN = 1;

/** A coupon. A reservation id that is used again earns another one. */
export const coupon = decider(parking, {
  stream: 'coupon-{couponId}',
  initialState,

  evolve: {
    CouponIssued: (_state, coupon) => ({ status: 'issued', coupon }),
    CouponRevoked: ({ redeemedOn }, { redeemed: _, ...coupon }) => ({ status: 'revoked', coupon, redeemedOn }),
    CouponRedeemed: (_state, { redeemedOn, ...coupon }) => ({ status: 'redeemed', coupon, redeemedOn }),
    CouponReturned: ({ status }, { redeemedOn: _, ...coupon }) => ({
      status: status === 'revoked' ? 'revoked' : 'issued',
      coupon,
    }),
  },

  commands: {
    IssueCoupon: {
      decide: ({ couponValue: value = DEFAULT_COUPON_VALUE, couponDays, ...data }, state, { now, timeZone }) => {
        const issued = {
          type: 'CouponIssued' as const,
          data: { ...data, value, expiresAt: expiry(now, timeZone, couponDays) },
        };
        if (state.status === 'none') return [issued];
        const isNew = isLater(data.lotRevision, state.coupon.lotRevision) ?? state.status === 'revoked';
        return isNew ? [issued] : [];
      },
    },

    // A redeemed coupon is claimed back: reserving, redeeming and cancelling gain nothing.
    RevokeCoupon: {
      decide: ({ lotRevision }, state) => {
        if (state.status !== 'issued' && state.status !== 'redeemed') return [];
        const isOfThisCoupon = isLater(lotRevision, state.coupon.lotRevision) ?? true;
        if (!isOfThisCoupon) return [];
        const data = { ...state.coupon, lotRevision };
        return [{ type: 'CouponRevoked', data: state.status === 'redeemed' ? { ...data, redeemed: true } : data }];
      },
    },

    RedeemCoupon: {
      owner: (_data, state) => (state.status === 'none' ? undefined : state.coupon.customerId),
      decide: (_data, state, { now }) => {
        if (state.status === 'none') return refuse('coupon-not-found');
        return unusable(state, now) ?? [{ type: 'CouponRedeemed', data: state.coupon }];
      },
      answer: ({ couponId }) => ({ couponId, status: 'redeemed' }),
    },

    // A request for a reservation repeats within a minute, so that a client may send it again.
    RedeemCouponFor: {
      decide: ({ couponId, customerId, lotId, reservationId }, state, { now, revision }) => {
        if (state.status === 'none') return refuse('coupon-not-found');
        const { coupon, redeemedOn } = state;
        if (customerId !== undefined && customerId !== coupon.customerId) return refuse('coupon-not-found');
        if (couponId === `${lotId}.${reservationId}`) return refuse('coupon-of-reservation');
        const isSame = redeemedOn?.lotId === lotId && redeemedOn.reservationId === reservationId;
        if (isSame && now < plus(redeemedOn.redeemedAt, { minutes: USED_WITHIN })) return [];
        const data = { ...coupon, redeemedOn: { lotId, reservationId, redemption: `${revision}`, redeemedAt: now } };
        return unusable(state, now) ?? [{ type: 'CouponRedeemed', data }];
      },
    },

    ReturnCoupon: {
      decide: ({ redemption }, state) => {
        if (state.status === 'none' || state.redeemedOn?.redemption !== redemption) return [];
        return [{ type: 'CouponReturned', data: { ...state.coupon, redeemedOn: state.redeemedOn } }];
      },
    },

    ReadCoupon: {
      decide: () => [],
      read: (state) => {
        if (state.status === 'none') return {};
        const { customerId, value = DEFAULT_COUPON_VALUE } = state.coupon;
        return { customerId, value, redeemedOn: state.redeemedOn };
      },
    },
  },

  scope: (state) => (state.status === 'none' ? undefined : { lotId: state.coupon.lotId }),
  snapshotVersion: 4,
});

const unusable = ({ status, coupon: { expiresAt } }: Issued, now: string): Refusal | undefined => {
  if (status === 'revoked') return refuse('coupon-revoked');
  if (status === 'redeemed') return refuse('coupon-already-redeemed');
  // Coupons of older versions do not expire.
  return expiresAt !== undefined && now >= expiresAt
    ? refuse('coupon-expired', `it expired at ${expiresAt}`)
    : undefined;
};

/** Returns the end of the day that is so many days after today. */
const expiry = (now: string, timeZone: string, days = DEFAULT_COUPON_DAYS): string =>
  startOfDay(plusDays(calendarDay(now, timeZone), days + 1), timeZone);
