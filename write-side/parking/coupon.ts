import { type ParkingEvent, schema as parking } from '../../schemas/parking.ts';
import { decider, refuse } from '../kernel/decider.ts';
import { isLater } from '../kernel/handled-events.ts';

type Coupon = Extract<ParkingEvent, { type: 'CouponIssued' }>['data'];

type State = { status: 'none' } | { status: 'issued' | 'revoked' | 'redeemed'; coupon: Coupon };

const initialState = { status: 'none' } as State;

/** A coupon. A reservation id that is used again earns another one. */
export const coupon = decider(parking, {
  stream: 'coupon-{couponId}',
  initialState,

  evolve: {
    CouponIssued: (_state, coupon) => ({ status: 'issued', coupon }),
    CouponRevoked: (_state, coupon) => ({ status: 'revoked', coupon }),
    CouponRedeemed: (_state, coupon) => ({ status: 'redeemed', coupon }),
  },

  commands: {
    IssueCoupon: {
      decide: (data, state) => {
        if (state.status === 'none') return [{ type: 'CouponIssued', data }];
        const isNew = isLater(data.lotRevision, state.coupon.lotRevision) ?? state.status === 'revoked';
        return isNew ? [{ type: 'CouponIssued', data }] : [];
      },
    },

    // A redeemed coupon stays redeemed.
    RevokeCoupon: {
      decide: ({ lotRevision }, state) => {
        if (state.status !== 'issued') return [];
        const isOfThisCoupon = isLater(lotRevision, state.coupon.lotRevision) ?? true;
        return isOfThisCoupon ? [{ type: 'CouponRevoked', data: { ...state.coupon, lotRevision } }] : [];
      },
    },

    RedeemCoupon: {
      owner: (_data, state) => (state.status === 'none' ? undefined : state.coupon.customerId),
      decide: (_data, state) => {
        if (state.status === 'none') return refuse('coupon-not-found');
        if (state.status === 'revoked') return refuse('coupon-revoked');
        if (state.status === 'redeemed') return refuse('coupon-already-redeemed');
        return [{ type: 'CouponRedeemed', data: state.coupon }];
      },
      answer: ({ couponId }) => ({ couponId, status: 'redeemed' }),
    },
  },

  scope: (state) => (state.status === 'none' ? undefined : { lotId: state.coupon.lotId }),
  snapshotVersion: 2,
});
