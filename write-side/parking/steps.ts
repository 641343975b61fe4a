import { defined } from '../../schemas/kernel/defined.ts';
import type { ParkingCommand } from '../../schemas/parking.ts';
import { type CommandSteps, type DispatchOutcome, refusalIn, type StepsByCommand } from '../kernel/command-steps.ts';
import type { Refusal } from '../kernel/decider.ts';
import type { RedeemedCoupon } from './parking-lot.ts';

type Dispatch = (command: ParkingCommand) => Promise<DispatchOutcome>;

/** A command that uses a coupon on a reservation. */
type Using = { lotId: string; reservationId: string; couponId?: string; customerId?: string };

type Read = Partial<Pick<RedeemedCoupon, 'customerId' | 'value'>> & {
  redeemedOn?: { lotId: string; reservationId: string; redemption: string };
};

/**
 * Redeems the coupon for the reservation, and returns it; a refusal is left to the lot, which knows repeated commands.
 */
const redeem = async (
  { couponId, lotId, reservationId, customerId }: Using & { couponId: string },
  dispatch: Dispatch,
): Promise<RedeemedCoupon | Refusal | 'unavailable'> => {
  const data = { couponId, lotId, reservationId, ...defined({ customerId }) };
  const refused = refusalIn(await dispatch({ type: 'RedeemCouponFor', data }));
  if (refused) return refused;
  const found = await dispatch({ type: 'ReadCoupon', data: { couponId } });
  if (found.kind !== 'done') return 'unavailable';
  const { customerId: owner, value, redeemedOn } = (found.read ?? {}) as Read;
  const isTaken = redeemedOn?.lotId === lotId && redeemedOn.reservationId === reservationId;
  // It was returned in between.
  if (!isTaken || owner === undefined || value === undefined) return 'unavailable';
  return { couponId, redemption: redeemedOn.redemption, customerId: owner, value };
};

/**
 * Redeems a coupon before the lot uses it. A lot that does not use it settles the redemption, and the coupon is
 * returned. After the end of the process in between, a timer and a policy do both.
 */
const usingCoupon: CommandSteps<Using> = {
  onlyReads: ({ couponId }) => couponId === undefined,
  async prepare({ couponId, ...data }, dispatch: Dispatch) {
    if (couponId === undefined) return undefined;
    const coupon = await redeem({ ...data, couponId }, dispatch);
    return coupon === 'unavailable' ? coupon : { coupon };
  },
  async undo({ lotId, reservationId }, prepared, dispatch: Dispatch) {
    const coupon = prepared.coupon as RedeemedCoupon | Refusal;
    if ('refused' in coupon) return;
    const { couponId, redemption } = coupon;
    const settled = await dispatch({ type: 'SettleCoupon', data: { lotId, reservationId, couponId, redemption } });
    const isUnused = settled.kind === 'done' && settled.events.some(({ type }) => type === 'CouponUnused');
    if (isUnused) await dispatch({ type: 'ReturnCoupon', data: { couponId, redemption } });
  },
};

/** The steps of the commands that use a coupon. */
export const steps: StepsByCommand = { ReserveParking: usingCoupon, ApplyCoupon: usingCoupon };
