import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { coupon } from './coupon.ts';

const { given } = specification(coupon);

type Command = Parameters<typeof coupon.decide>[0];
type Event = Parameters<typeof coupon.evolve>[1];

const named = { couponId: 'lot-1.r-1', lotId: 'lot-1', reservationId: 'r-1', customerId: 'CUST1' };
const at = (lotRevision: string) => ({ ...named, lotRevision });

const issue = (lotRevision = '1'): Command => ({ type: 'IssueCoupon', data: at(lotRevision) });
const revoke = (lotRevision = '2'): Command => ({ type: 'RevokeCoupon', data: at(lotRevision) });
const redeem: Command = { type: 'RedeemCoupon', data: { couponId: named.couponId } };
const issued = (lotRevision = '1'): Event => ({ type: 'CouponIssued', data: at(lotRevision) });
const revoked = (lotRevision = '2'): Event => ({ type: 'CouponRevoked', data: at(lotRevision) });
const redeemed = (lotRevision = '1'): Event => ({ type: 'CouponRedeemed', data: at(lotRevision) });

describe('IssueCoupon', () => {
  it('issues a coupon', () => given().when(issue()).thenEvents(issued()));
  it('issues one coupon for a reservation', () => given(issued()).when(issue()).thenNothing());
  it('does not replace a redeemed coupon', () => given(issued(), redeemed()).when(issue()).thenNothing());
  it('does not replace a revoked coupon of the same reservation', () =>
    given(issued(), revoked()).when(issue()).thenNothing());
});

describe('RevokeCoupon', () => {
  it('revokes the coupon', () => given(issued()).when(revoke()).thenEvents(revoked()));
  it('revokes it once', () => given(issued(), revoked()).when(revoke()).thenNothing());
  it('leaves a redeemed coupon redeemed', () => given(issued(), redeemed()).when(revoke()).thenNothing());
  it('does nothing without a coupon', () => given().when(revoke()).thenNothing());
});

describe('RedeemCoupon', () => {
  it('redeems the coupon', () => given(issued()).when(redeem).thenEvents(redeemed()));
  it('redeems it once', () => given(issued(), redeemed()).when(redeem).thenRefused('coupon-already-redeemed'));
  it('needs a coupon', () => given().when(redeem).thenRefused('coupon-not-found'));
  it('refuses a revoked coupon', () => given(issued(), revoked()).when(redeem).thenRefused('coupon-revoked'));
});

describe('a reservation id that is used again', () => {
  it.each<[string, Event[]]>([
    ['revoked', [issued(), revoked()]],
    ['redeemed', [issued(), redeemed()]],
    ['still issued', [issued()]],
  ])('earns a new coupon when the first is %s', (_status, events) =>
    given(...events)
      .when(issue('10'))
      .thenEvents(issued('10')),
  );
  it('keeps its coupon when the cancellation of the first reservation is handled late', () =>
    given(issued(), issued('10')).when(revoke('2')).thenNothing());
  it('loses its coupon with its own cancellation', () =>
    given(issued(), revoked(), issued('10')).when(revoke('11')).thenEvents(revoked('11')));
  it('has nothing to do with the first reservation when that is handled again', () => {
    const history = [issued(), revoked(), issued('10'), revoked('11')];
    given(...history)
      .when(issue('1'))
      .thenNothing();
    given(...history)
      .when(revoke('2'))
      .thenNothing();
  });
});

describe('an event of version 1, which has no revision', () => {
  const old = {
    issued: { type: 'CouponIssued', data: named },
    revoked: { type: 'CouponRevoked', data: named },
  } as const;

  it('is read as an issued coupon', () => {
    given(old.issued).when(issue()).thenNothing();
    given(old.issued).when(revoke()).thenEvents(revoked());
    given(old.issued).when(redeem).thenEvents({ type: 'CouponRedeemed', data: named });
  });
  it('is read as a revoked coupon, which a reservation replaces', () =>
    given(old.issued, old.revoked).when(issue('10')).thenEvents(issued('10')));
});

describe('any sequence of commands', () => {
  const anyCommand = fc.oneof(
    fc.constantFrom('1', '5', '10').map(issue),
    fc.constantFrom('2', '6', '11').map(revoke),
    fc.constant(redeem),
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(coupon, anyCommand));

  it('follows the events of the lot forwards only, and redeems each coupon once', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const { events } = play(coupon, commands);
        const revisions = events.map(({ data }) => Number(data.lotRevision));
        expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
        for (const revision of new Set(revisions)) {
          const types = events.filter(({ data }) => Number(data.lotRevision) === revision).map(({ type }) => type);
          expect(new Set(types).size).toBe(types.length);
        }
      }),
    );
  });
});
