import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REMEMBERED_EVENTS } from '../kernel/handled-events.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { deposit } from './deposit.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(deposit, NOW);

type Command = Parameters<typeof deposit.decide>[0];
type Event = Parameters<typeof deposit.evolve>[1];

const input = { now: NOW, timeZone: 'UTC', revision: 9n };

const userId = 'user-1';
const at = (second: number) => new Date(Date.parse('2026-01-31T08:00:00.000Z') + second * 1_000).toISOString();

const charge = (amount: number, chargeId = 'c-1'): Command => ({
  type: 'ChargeDeposit',
  data: { userId, chargeId, amount },
});
const fee = (rentalId: string, revision: number) => ({
  bikeId: 'bike-1',
  rentalId,
  userId,
  fee: 1_000,
  closedAt: at(revision),
  bikeRevision: `${revision}`,
});
const deduct = (rentalId = 'r-1', revision = 2): Command => ({ type: 'DeductFee', data: fee(rentalId, revision) });
const conversion = (conversionId: string, amount: number, revision: number) => ({
  userId,
  managerId: 'm-1',
  conversionId,
  amount,
  convertedAt: at(revision),
  managerRevision: `${revision}`,
});
const credit = (amount: number, conversionId = 'v-1', revision = 5): Command => ({
  type: 'CreditDeposit',
  data: conversion(conversionId, amount, revision),
});

const charged = (amount: number, settled: number, balance: number, outstanding = 0, chargeId = 'c-1'): Event => ({
  type: 'DepositCharged',
  data: { userId, chargeId, amount, settled, method: 'cash', chargedAt: NOW, balance, outstanding },
});
const deducted = (paid: number, balance: number, outstanding: number, rentalId = 'r-1', revision = 2): Event => ({
  type: 'FeeDeducted',
  data: { ...fee(rentalId, revision), paid, balance, outstanding },
});
const credited = (amount: number, settled: number, balance: number, outstanding = 0, revision = 5): Event => ({
  type: 'DepositCredited',
  data: { ...conversion('v-1', amount, revision), settled, balance, outstanding },
});

/** Names a bill that `amount` paid, and what it has paid in all. */
const billPaid = (amount: number, paid: number, rentalId = 'r-1', revision = 2): Event => {
  const { fee: _fee, ...bill } = fee(rentalId, revision);
  return { type: 'BillPaid', data: { ...bill, amount, paid } };
};

describe('ChargeDeposit', () => {
  it('adds to the balance', () =>
    given()
      .when(charge(5_000))
      .thenEvents(charged(5_000, 0, 5_000)));
  it('settles what is outstanding first', () =>
    given(deducted(0, 0, 1_000))
      .when(charge(5_000))
      .thenEvents(charged(5_000, 1_000, 4_000), billPaid(1_000, 1_000)));
  it('pays the bills that are outstanding, the oldest first', () => {
    const three = [deducted(400, 0, 600), deducted(0, 0, 1_600, 'r-2', 4), deducted(0, 0, 2_600, 'r-3', 6)];
    const first = [charged(900, 900, 0, 1_700), billPaid(600, 1_000), billPaid(300, 300, 'r-2', 4)] as const;
    given(...three)
      .when(charge(900))
      .thenEvents(...first);
    given(...three, ...first)
      .when(charge(700, 'c-2'))
      .thenEvents(charged(700, 700, 0, 1_000, 'c-2'), billPaid(700, 1_000, 'r-2', 4));
  });
  it('pays the rest of a bill that money settled before events named the bills', () =>
    given(deducted(0, 0, 1_000), charged(300, 300, 0, 700))
      .when(charge(900, 'c-2'))
      .thenEvents(charged(900, 700, 200, 0, 'c-2'), billPaid(700, 1_000)));
  it('settles a part when the amount is too small', () =>
    given(deducted(0, 0, 1_000))
      .when(charge(300))
      .thenEvents(charged(300, 300, 0, 700), billPaid(300, 300)));
  it('needs an unused id', () =>
    given(charged(5_000, 0, 5_000))
      .when(charge(5_000))
      .thenRefused('charge-already-exists'));
  it('is refused above the largest balance', () =>
    given(charged(1_000, 0, 999_999_999_999))
      .when(charge(2, 'c-2'))
      .thenRefused('deposit-full'));
});

describe('a charge through the payment provider', () => {
  const payment = { method: 'card', token: 'approve' };
  const pay = (amount: number, chargeId = 'c-1'): Command => ({
    type: 'ChargeDeposit',
    data: { userId, chargeId, amount, payment },
  });
  const named = (chargeId = 'c-1', amount = 5_000, charge = '0') => ({ userId, chargeId, charge, amount });
  const requested: Event = {
    type: 'ChargeRequested',
    data: { ...named(), method: 'card', requestedAt: NOW, balance: 0, outstanding: 0 },
  };
  const approve: Command = { type: 'ApproveCharge', data: named() };
  const decline: Command = { type: 'DeclineCharge', data: { ...named(), reason: 'timed-out' } };
  const undo = (charged: boolean): Command => ({ type: 'RecordChargeUndone', data: { ...named(), charged } });
  const check: Command = { type: 'CheckCharge', data: named() };
  const paid: Event = {
    type: 'DepositCharged',
    data: { ...named(), method: 'card', chargedAt: NOW, settled: 0, balance: 5_000, outstanding: 0 },
  };
  const declined: Event = {
    type: 'ChargeDeclined',
    data: { ...named(), reason: 'timed-out', declinedAt: NOW, balance: 0, outstanding: 0 },
  };
  const refunded: Event = { type: 'ChargeRefunded', data: named() };

  it('is requested first, under the revision of its event, and stores no token', () => {
    given().when(pay(5_000)).thenEvents(requested);
    expect(JSON.stringify(requested)).not.toContain('approve');
  });
  it('adds to the balance when it is approved, once', () => {
    given(requested).when(approve).thenEvents(paid);
    given(requested, paid).when(approve).thenNothing();
    given(requested, paid).when(decline).thenRefused('charge-already-exists');
  });
  it('settles what became outstanding while its payment was open', () =>
    given(requested, deducted(0, 0, 1_000))
      .when(approve)
      .thenEvents(
        {
          type: 'DepositCharged',
          data: { ...named(), method: 'card', chargedAt: NOW, settled: 1_000, balance: 4_000, outstanding: 0 },
        },
        billPaid(1_000, 1_000),
      ));
  it('adds nothing when it is declined, once, and is never approved after that', () => {
    given(requested).when(decline).thenEvents(declined);
    given(requested, declined).when(decline).thenNothing();
    given(requested, declined).when(approve).thenRefused('payment-declined');
    given(requested, declined, refunded).when(approve).thenRefused('payment-declined');
  });
  it('is refunded once, or known never to have been taken, after it was declined only', () => {
    given(requested).when(undo(true)).thenNothing();
    given(requested, declined).when(undo(true)).thenEvents(refunded);
    given(requested, declined).when(undo(false)).thenEvents({ type: 'ChargeVoided', data: named() });
    given(requested, declined, refunded).when(undo(true)).thenNothing();
    given(requested, paid).when(undo(true)).thenNothing();
  });
  it('is open until it has an outcome', () => {
    given(requested).when(check).thenNothing();
    given(requested, paid).when(check).thenRefused('charge-already-exists');
    given(requested, declined).when(check).thenRefused('payment-declined');
  });
  it('keeps its id', () => {
    for (const events of [[requested], [requested, declined], [requested, paid]])
      given(...events)
        .when(pay(1))
        .thenRefused('charge-already-exists');
  });
  it('counts towards the largest balance while its payment is open', () =>
    given(charged(1_000, 0, 999_999_990_000, 0, 'c-0'), requested)
      .when(pay(5_001, 'c-2'))
      .thenRefused('deposit-full'));
  it('has nothing to do with a later charge of its id', () => {
    const other = { ...named(), charge: '77' };
    given(requested).when({ type: 'ApproveCharge', data: other }).thenNothing();
    given(requested)
      .when({ type: 'DeclineCharge', data: { ...other, reason: 'declined' } })
      .thenNothing();
    given(requested, declined)
      .when({ type: 'RecordChargeUndone', data: { ...other, charged: true } })
      .thenNothing();
  });
});

describe('DeductFee', () => {
  it('takes the fee from the balance', () =>
    given(charged(5_000, 0, 5_000))
      .when(deduct())
      .thenEvents(deducted(1_000, 4_000, 0)));
  it('takes the balance and leaves the rest outstanding', () =>
    given(charged(300, 0, 300))
      .when(deduct())
      .thenEvents(deducted(300, 0, 700)));
  it('adds to what is outstanding', () =>
    given(deducted(0, 0, 1_000))
      .when(deduct('r-2', 4))
      .thenEvents(deducted(0, 0, 2_000, 'r-2', 4)));
  it('takes it once for a rental', () =>
    given(charged(5_000, 0, 5_000), deducted(1_000, 4_000, 0))
      .when(deduct())
      .thenNothing());
  it('takes it for a rental whose id was used before', () =>
    given(charged(5_000, 0, 5_000), deducted(1_000, 4_000, 0))
      .when(deduct('r-1', 8))
      .thenEvents(deducted(1_000, 3_000, 0, 'r-1', 8)));
});

describe('CreditDeposit', () => {
  it('adds to the balance', () =>
    given()
      .when(credit(1_000))
      .thenEvents(credited(1_000, 0, 1_000)));
  it('settles what is outstanding first', () =>
    given(deducted(300, 0, 700))
      .when(credit(1_000))
      .thenEvents(credited(1_000, 700, 300), billPaid(700, 1_000)));
  it('adds it once for a conversion', () =>
    given(credited(1_000, 0, 1_000))
      .when(credit(1_000))
      .thenNothing());
  it('adds it for a conversion whose id was used before', () =>
    given(credited(1_000, 0, 1_000))
      .when(credit(1_000, 'v-1', 9))
      .thenEvents(credited(1_000, 0, 2_000, 0, 9)));
});

describe('CheckDebts', () => {
  const check: Command = { type: 'CheckDebts', data: { userId } };
  it('refuses a user with an outstanding amount, and names it', () => {
    given(deducted(0, 0, 1_000))
      .when(check)
      .thenRefused('outstanding');
    expect(deposit.decide(check, stateAfter(deposit, [deducted(0, 0, 1_234)]), input)).toMatchObject({
      detail: expect.stringContaining('1234'),
    });
  });
  it('passes a user who owes nothing', () => {
    given().when(check).thenNothing();
    given(deducted(0, 0, 1_000), charged(1_000, 1_000, 0))
      .when(check)
      .thenNothing();
  });
});

describe('more fees than a deposit remembers', () => {
  const many = Array.from({ length: REMEMBERED_EVENTS + 1 }, (_, index) => deducted(1_000, 0, 0, `r-${index}`, index));

  it('are not taken again', () =>
    given(...many)
      .when(deduct('r-0', 0))
      .thenNothing());
  it('do not hide a new fee, not even of another bike at a lower revision or of an earlier time', () => {
    const elsewhere = { ...fee('r-0', 0), bikeId: 'bike-2' };
    const early = { ...fee('late', 5_000), closedAt: at(0) };
    for (const data of [elsewhere, early])
      given(...many)
        .when({ type: 'DeductFee', data })
        .thenEvents({ type: 'FeeDeducted', data: { ...data, paid: 0, balance: 0, outstanding: 1_000 } });
  });
  it('take a bounded state', () =>
    expect(stateAfter(deposit, many).handled).toMatchObject({
      latest: { size: REMEMBERED_EVENTS },
      forgotten: { size: 1 },
    }));
});

describe('events of version 1, which have no revision', () => {
  const oldFee = (index: number) => {
    const { bikeRevision: _, ...data } = fee(`r-${index}`, index);
    return data;
  };
  const old = (index: number): Event => ({
    type: 'FeeDeducted',
    data: { ...oldFee(index), paid: 1_000, balance: 0, outstanding: 0 },
  });
  const oldCommand = (index: number): Command => ({ type: 'DeductFee', data: oldFee(index) });

  it('have their fee taken once', () => {
    given(old(7)).when(oldCommand(7)).thenNothing();
    given(old(7)).when(deduct('r-7', 7)).thenNothing();
    const many = Array.from({ length: REMEMBERED_EVENTS + 1 }, (_, index) => old(index));
    given(...many)
      .when(oldCommand(0))
      .thenNothing();
  });
  it('have their points credited once', () => {
    const { managerRevision: _, ...data } = conversion('v-1', 1_000, 5);
    given({ type: 'DepositCredited', data: { ...data, settled: 0, balance: 1_000, outstanding: 0 } })
      .when(credit(1_000))
      .thenNothing();
  });
  it('have a fee deducted that was not deducted yet', () =>
    given(old(7))
      .when(oldCommand(8))
      .thenEvents({ type: 'FeeDeducted', data: { ...oldFee(8), paid: 0, balance: 0, outstanding: 1_000 } }));
});

describe('any sequence of commands', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const amount = fc.constantFrom(1, 300, 1_000, 5_000);
  const reason = fc.constantFrom('declined', 'timed-out', 'unavailable');
  const ofCharge = (type: 'ApproveCharge' | 'DeclineCharge' | 'RecordChargeUndone') =>
    fc.tuple(id, fc.nat({ max: 9 }), reason, fc.boolean()).map(([chargeId, revision, why, isCharged]): Command => {
      const named = { userId, chargeId, charge: `${revision}`, amount: 1 };
      if (type === 'ApproveCharge') return { type, data: named };
      if (type === 'DeclineCharge') return { type, data: { ...named, reason: why } };
      return { type, data: { ...named, charged: isCharged } };
    });
  const anyCommand = fc.oneof(
    fc.tuple(amount, id).map(([sum, chargeId]) => charge(sum, chargeId)),
    fc.tuple(amount, id).map(
      ([sum, chargeId]): Command => ({
        type: 'ChargeDeposit',
        data: { userId, chargeId, amount: sum, payment: { method: 'card', token: 't' } },
      }),
    ),
    ofCharge('ApproveCharge'),
    ofCharge('DeclineCharge'),
    ofCharge('RecordChargeUndone'),
    fc.nat({ max: 6 }).map((revision) => deduct(`r-${revision}`, revision)),
    fc.tuple(amount, fc.nat({ max: 6 })).map(([sum, revision]) => credit(sum, `v-${revision}`, revision)),
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(deposit, anyCommand));

  it('has what came in, less the fees paid; and never both a balance and something outstanding', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        const { state, events } = play(deposit, commands);
        const sum = (of: (event: Event) => number) => events.reduce((total, event) => total + of(event), 0);
        const paidIn = sum((event) =>
          event.type === 'DepositCharged' || event.type === 'DepositCredited' ? event.data.amount : 0,
        );
        const fees = sum((event) => (event.type === 'FeeDeducted' ? event.data.fee : 0));
        expect(paidIn).toBe(state.balance + fees - state.outstanding);
        expect(Math.min(state.balance, state.outstanding)).toBe(0);
        expect(state.balance).toBeGreaterThanOrEqual(0);
        expect(state.outstanding).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('ends every charge once, and takes what was requested', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        const open = new Map<string, number>();
        const declined = new Set<string>();
        for (const { type, data } of play(deposit, commands).events) {
          const name = 'chargeId' in data ? `${data.chargeId}.${'charge' in data ? data.charge : ''}` : '';
          if (type === 'ChargeRequested') open.set(name, data.amount);
          if (type === 'DepositCharged' && data.charge !== undefined) expect(data.amount).toBe(open.get(name));
          if (type === 'ChargeDeclined') {
            expect(open.has(name)).toBe(true);
            declined.add(name);
          }
          if (type === 'DepositCharged' || type === 'ChargeDeclined') open.delete(name);
          if (type === 'ChargeRefunded' || type === 'ChargeVoided') expect(declined.delete(name)).toBe(true);
        }
      }),
    );
  });

  it('pays every bill at most once, the oldest first, and keeps count of what each of them owes', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        const { state, events } = play(deposit, commands);
        const bills = new Map<string, { fee: number; paid: number }>();
        for (const { type, data } of events) {
          if (type === 'FeeDeducted') bills.set(data.rentalId, { fee: data.fee, paid: data.paid });
          if (type !== 'BillPaid') continue;
          const before = bills.get(data.rentalId)!;
          const [oldest] = [...bills].find(([, { fee, paid }]) => paid < fee)!;
          expect(data.rentalId).toBe(oldest);
          expect(data.paid).toBe(before.paid + data.amount);
          expect(data.paid).toBeLessThanOrEqual(before.fee);
          bills.set(data.rentalId, { fee: before.fee, paid: data.paid });
        }
        const owed = [...bills.values()].reduce((total, { fee, paid }) => total + fee - paid, 0);
        expect(owed).toBe(state.outstanding);
        expect(state.debts.reduce((total, { rest }) => total + rest, 0)).toBe(state.outstanding);
      }),
    );
  });
});
