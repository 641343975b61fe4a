import type { StoredEvent } from '../../../platform/event-store/types.ts';
import type { Account } from '../stores/payments.ts';

type Data = Readonly<Record<string, string | number | undefined>>;

const keyOf = ({ showingId, reservationId, hold }: Data): string =>
  `${showingId}.${reservationId}${hold === undefined ? '' : `.${hold}`}`;

/** Returns the prices of the confirmed reservations, by the keys of their payments, and the sum that is due in all. */
export const moneyDue = (events: readonly StoredEvent[]): { standing: ReadonlyMap<string, number>; due: number } => {
  const standing = new Map<string, number>();
  let deposits = 0;
  for (const { type, data } of events) {
    const about = data as Data;
    if (type === 'ReservationConfirmed') standing.set(keyOf(about), about.price as number);
    if (type === 'SeatReservationCanceled') standing.delete(keyOf(about));
    if (type === 'DepositCharged' && about.charge !== undefined) deposits += about.amount as number;
  }
  return { standing, due: [...standing.values()].reduce((a, b) => a + b, 0) + deposits };
};

/**
 * Checks that the provider holds exactly the money that is due: charges less refunds are the prices of the confirmed
 * reservations and the amounts of the deposits.
 */
export const checkMoney = (events: readonly StoredEvent[], accounts: ReadonlyMap<string, Account>): string[] => {
  const found: string[] = [];
  const { standing, due } = moneyDue(events);
  let charged = 0;
  for (const { state, amount } of accounts.values()) if (state === 'approved') charged += amount;
  for (const [key, price] of standing) {
    const account = accounts.get(key);
    if (account?.state !== 'approved') found.push(`the reservation ${key} stands without its payment`);
    else if (account.amount !== price) found.push(`${key} costs ${price} and ${account.amount} was charged`);
  }
  if (charged !== due) found.push(`the provider has ${charged}, and ${due} is due`);
  return found;
};

/** Checks that each reservation of a spot has one coupon, and that a cancelled one's is revoked. */
export const checkCoupons = (events: readonly StoredEvent[]): string[] => {
  const found: string[] = [];
  const coupons = Map.groupBy(
    events.filter(({ stream }) => stream.startsWith('coupon-')),
    ({ stream }) => stream.slice('coupon-'.length),
  );
  const typesOf = (id: string) => (coupons.get(id) ?? []).map(({ type }) => type);
  for (const { type, data } of events) {
    const { lotId, reservationId } = data as Data;
    const id = `${lotId}.${reservationId}`;
    if (type === 'ParkingReserved' && !typesOf(id).includes('CouponIssued')) found.push(`${id} has no coupon`);
    if (type === 'ReservationCanceled' && !typesOf(id).includes('CouponRevoked'))
      found.push(`${id} is cancelled and keeps its coupon`);
  }
  for (const [id] of coupons) {
    const issued = typesOf(id).filter((type) => type === 'CouponIssued').length;
    if (issued > 1) found.push(`${id} has ${issued} coupons`);
  }
  return found;
};
