import type { ParkingCommand, ParkingEvent } from '../../schemas/parking.ts';
import { type Decider, type Decision, refuse, unreachable } from '../kernel/decider.ts';
import { isLater } from '../kernel/handled-events.ts';

type Event = Extract<ParkingEvent, { type: 'CouponIssued' | 'CouponRevoked' | 'CouponRedeemed' }>;
type Command = Extract<ParkingCommand, { type: 'IssueCoupon' | 'RevokeCoupon' | 'RedeemCoupon' }>;

type State = { status: 'none' } | { status: 'issued' | 'revoked' | 'redeemed'; coupon: Event['data'] };

const statusAfter = { CouponIssued: 'issued', CouponRevoked: 'revoked', CouponRedeemed: 'redeemed' } as const;

const evolve = (_state: State, event: Event): State => ({ status: statusAfter[event.type], coupon: event.data });

const decide = (command: Command, state: State): Decision<Event> => {
  switch (command.type) {
    case 'IssueCoupon': {
      const { data } = command;
      if (state.status === 'none') return [{ type: 'CouponIssued', data }];
      const isNew = isLater(data.lotRevision, state.coupon.lotRevision) ?? state.status === 'revoked';
      return isNew ? [{ type: 'CouponIssued', data }] : [];
    }

    // A redeemed coupon stays redeemed.
    case 'RevokeCoupon': {
      if (state.status !== 'issued') return [];
      const { lotRevision } = command.data;
      const isOfThisCoupon = isLater(lotRevision, state.coupon.lotRevision) ?? true;
      return isOfThisCoupon ? [{ type: 'CouponRevoked', data: { ...state.coupon, lotRevision } }] : [];
    }

    case 'RedeemCoupon':
      switch (state.status) {
        case 'none':
          return refuse('coupon-not-found');
        case 'revoked':
          return refuse('coupon-revoked');
        case 'redeemed':
          return refuse('coupon-already-redeemed');
        case 'issued':
          return [{ type: 'CouponRedeemed', data: state.coupon }];
        default:
          return unreachable(state);
      }

    default:
      return unreachable(command);
  }
};

/** A coupon: `coupon-{lotId}.{reservationId}`. A reservation id that is used again earns another one. */
export const coupon: Decider<Command, Event, State> = {
  category: 'coupon',
  commands: ['IssueCoupon', 'RevokeCoupon', 'RedeemCoupon'],
  id: ({ couponId }) => couponId,
  initialState: { status: 'none' },
  evolve,
  decide,
  answer: (command) => ({ couponId: command.data.couponId, status: 'redeemed' }),
  owner: (_command, state) => (state.status === 'none' ? undefined : state.coupon.customerId),
  scope: (state) => (state.status === 'none' ? undefined : { lotId: state.coupon.lotId }),
  snapshot: { version: 2, save: (state) => state, restore: (saved: State) => saved },
};
