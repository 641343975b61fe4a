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
/**
 * The value and the expiry of a coupon that is issued at the time of the tests: 30 days later, at the end of the day in
 * Seoul.
 */
const terms = { value: 1_000, expiresAt: '2026-03-02T15:00:00.000Z' };
const issued = (lotRevision = '1'): Event => ({ type: 'CouponIssued', data: { ...at(lotRevision), ...terms } });
const revoked = (lotRevision = '2'): Event => ({ type: 'CouponRevoked', data: { ...at(lotRevision), ...terms } });
const redeemed = (lotRevision = '1'): Event => ({ type: 'CouponRedeemed', data: { ...at(lotRevision), ...terms } });

describe('IssueCoupon', () => {
  it('issues a coupon', () => given().when(issue()).thenEvents(issued()));
  it('issues one coupon for a reservation', () => given(issued()).when(issue()).thenNothing());
  it('records the value and the days that the lot determined', () =>
    given()
      .when({ type: 'IssueCoupon', data: { ...at('1'), couponValue: 500, couponDays: 1 } })
      .thenEvents({
        type: 'CouponIssued',
        data: { ...at('1'), value: 500, expiresAt: '2026-02-01T15:00:00.000Z' },
      }));
  it('does not replace a redeemed coupon', () => given(issued(), redeemed()).when(issue()).thenNothing());
  it('does not replace a revoked coupon of the same reservation', () =>
    given(issued(), revoked()).when(issue()).thenNothing());
});

describe('RevokeCoupon', () => {
  it('revokes the coupon', () => given(issued()).when(revoke()).thenEvents(revoked()));
  it('revokes it once', () => given(issued(), revoked()).when(revoke()).thenNothing());
  it('claims a redeemed coupon back, once', () => {
    const claimed: Event = { type: 'CouponRevoked', data: { ...at('2'), ...terms, redeemed: true } };
    given(issued(), redeemed()).when(revoke()).thenEvents(claimed);
    given(issued(), redeemed(), claimed).when(revoke()).thenNothing();
    given(issued(), redeemed(), claimed).when(redeem).thenRefused('coupon-revoked');
    given(issued(), redeemed(), claimed).when(issue()).thenNothing();
    given(issued(), redeemed(), claimed).when(issue('10')).thenEvents(issued('10'));
  });
  it('does nothing without a coupon', () => given().when(revoke()).thenNothing());
});

describe('RedeemCoupon', () => {
  it('redeems the coupon', () => given(issued()).when(redeem).thenEvents(redeemed()));
  it('redeems it once', () => given(issued(), redeemed()).when(redeem).thenRefused('coupon-already-redeemed'));
  it('needs a coupon', () => given().when(redeem).thenRefused('coupon-not-found'));
  it('refuses a revoked coupon', () => given(issued(), revoked()).when(redeem).thenRefused('coupon-revoked'));
});

describe('RedeemCouponFor', () => {
  const redeemFor = (reservationId: string): Command => ({
    type: 'RedeemCouponFor',
    data: { couponId: named.couponId, lotId: 'lot-1', reservationId },
  });
  const redeemedFor = (reservationId: string, redeemedAt = '2026-01-31T09:00:00.000Z') => {
    const redeemedOn = { lotId: 'lot-1', reservationId, redemption: '1', redeemedAt };
    return { type: 'CouponRedeemed' as const, data: { ...at('1'), ...terms, redeemedOn } };
  };
  const used = redeemedFor('r-2');
  const returnIt = (redemption: string): Command => ({
    type: 'ReturnCoupon',
    data: { couponId: named.couponId, redemption },
  });
  const claimed: Event = { type: 'CouponRevoked', data: { ...at('2'), ...terms, redeemed: true } };

  it('redeems the coupon for a reservation', () => given(issued()).when(redeemFor('r-2')).thenEvents(used));
  it('repeats within a minute, also after the coupon is claimed back', () => {
    given(issued(), used).when(redeemFor('r-2')).thenNothing();
    given(issued(), used, claimed).when(redeemFor('r-2')).thenNothing();
    given(issued(), redeemedFor('r-2', '2026-01-31T08:59:00.000Z'))
      .when(redeemFor('r-2'))
      .thenRefused('coupon-already-redeemed');
  });
  it('refuses a second reservation', () => {
    given(issued(), used).when(redeemFor('r-3')).thenRefused('coupon-already-redeemed');
    given(issued(), used).when(redeem).thenRefused('coupon-already-redeemed');
  });
  it('takes a coupon of version 1, which does not expire', () => {
    const { redeemedOn } = used.data;
    given({ type: 'CouponIssued', data: named })
      .when(redeemFor('r-2'))
      .thenEvents({ type: 'CouponRedeemed', data: { ...named, redeemedOn } });
  });
  it('is undone once, by the redemption', () => {
    const returned: Event = { type: 'CouponReturned', data: used.data };
    given(issued(), used).when(returnIt('1')).thenEvents(returned);
    given(issued(), used).when(returnIt('2')).thenNothing();
    given(issued(), used, returned).when(returnIt('1')).thenNothing();
    given(issued(), used, returned).when(redeem).thenEvents(redeemed());
    given(issued(), redeemed()).when(returnIt('1')).thenNothing();
    given().when(returnIt('1')).thenNothing();
  });
  it('leaves a coupon that was claimed back revoked when it is undone', () => {
    const returned: Event = { type: 'CouponReturned', data: { ...used.data, lotRevision: '2' } };
    given(issued(), used, claimed).when(returnIt('1')).thenEvents(returned);
    given(issued(), used, claimed, returned).when(redeem).thenRefused('coupon-revoked');
    given(issued(), used, claimed, returned).when(revoke()).thenNothing();
  });
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
    given(old.issued)
      .when(revoke())
      .thenEvents({ type: 'CouponRevoked', data: at('2') });
    given(old.issued).when(redeem).thenEvents({ type: 'CouponRedeemed', data: named });
  });
  it('is read as a revoked coupon, which a reservation replaces', () =>
    given(old.issued, old.revoked).when(issue('10')).thenEvents(issued('10')));
});

describe('any sequence of commands', () => {
  it('leaves no benefit when the reservation is cancelled, in whatever order and however often its steps come', () => {
    const steps = fc.array(fc.constantFrom(issue(), redeem, revoke()), { maxLength: 30 });
    fc.assert(
      fc.property(steps, (commands) => {
        const { events } = play(coupon, [...commands, issue(), revoke()]);
        const has = (type: string) => events.some((event) => event.type === type);
        const claimed = events.some(({ type, data }) => type === 'CouponRevoked' && 'redeemed' in data);
        expect(has('CouponRevoked')).toBe(true);
        expect(claimed).toBe(has('CouponRedeemed'));
        expect(play(coupon, [redeem], play(coupon, [...commands, issue(), revoke()]).state).events).toEqual([]);
      }),
    );
  });

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
