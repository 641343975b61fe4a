import type { Static } from 'typebox';
import type { queries } from '../../../schemas/parking.ts';
import { formatMoney, formatStart } from '../../common/language.ts';
import { say } from '../words.ts';

export type Coupon = Static<typeof queries.coupon.item>;

/** A coupon without an end comes last. */
const NEVER = '~';

/** Returns the coupons that can lower a price now, the one that expires first at the front. */
export const usableCoupons = (coupons: readonly Coupon[]): Coupon[] =>
  coupons
    .filter(({ value, expiresAt }) => value > 0 && (expiresAt === undefined || Date.parse(expiresAt) >= Date.now()))
    .sort((a, b) => ((a.expiresAt ?? NEVER) < (b.expiresAt ?? NEVER) ? -1 : 1));

/** Names a coupon: several of one value differ by their end, or by when they were earned. */
export const couponWords = ({ value, issuedAt, expiresAt }: Coupon): string => {
  const money = formatMoney(value);
  const until = expiresAt && formatStart(expiresAt);
  return say(
    `${money} 할인 · ${formatStart(issuedAt)} 받음${until ? ` · ${until}까지` : ''}`,
    `${money} off · earned ${formatStart(issuedAt)}${until ? ` · until ${until}` : ''}`,
  );
};
