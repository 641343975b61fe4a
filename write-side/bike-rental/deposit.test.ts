import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REMEMBERED_EVENTS } from '../kernel/handled-events.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { deposit } from './deposit.ts';

const NOW = '2026-01-31T09:00:00.000Z';
const { given } = specification(deposit, NOW);

type Command = Parameters<typeof deposit.decide>[0];
type Event = Parameters<typeof deposit.evolve>[1];

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
  data: { userId, chargeId, amount, settled, chargedAt: NOW, balance, outstanding },
});
const deducted = (paid: number, balance: number, outstanding: number, rentalId = 'r-1', revision = 2): Event => ({
  type: 'FeeDeducted',
  data: { ...fee(rentalId, revision), paid, balance, outstanding },
});
const credited = (amount: number, settled: number, balance: number, outstanding = 0, revision = 5): Event => ({
  type: 'DepositCredited',
  data: { ...conversion('v-1', amount, revision), settled, balance, outstanding },
});

describe('ChargeDeposit', () => {
  it('adds to the balance', () =>
    given()
      .when(charge(5_000))
      .thenEvents(charged(5_000, 0, 5_000)));
  it('settles what is outstanding first', () =>
    given(deducted(0, 0, 1_000))
      .when(charge(5_000))
      .thenEvents(charged(5_000, 1_000, 4_000)));
  it('settles a part when the amount is too small', () =>
    given(deducted(0, 0, 1_000))
      .when(charge(300))
      .thenEvents(charged(300, 300, 0, 700)));
  it('needs an unused id', () =>
    given(charged(5_000, 0, 5_000))
      .when(charge(5_000))
      .thenRefused('charge-already-exists'));
  it('is refused above the largest balance', () =>
    given(charged(1_000, 0, 999_999_999_999))
      .when(charge(2, 'c-2'))
      .thenRefused('deposit-full'));
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
    given(deducted(0, 0, 700))
      .when(credit(1_000))
      .thenEvents(credited(1_000, 700, 300)));
  it('adds it once for a conversion', () =>
    given(credited(1_000, 0, 1_000))
      .when(credit(1_000))
      .thenNothing());
  it('adds it for a conversion whose id was used before', () =>
    given(credited(1_000, 0, 1_000))
      .when(credit(1_000, 'v-1', 9))
      .thenEvents(credited(1_000, 0, 2_000, 0, 9)));
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
  const anyCommand = fc.oneof(
    fc.tuple(amount, id).map(([sum, chargeId]) => charge(sum, chargeId)),
    fc.nat({ max: 6 }).map((revision) => deduct(`r-${revision}`, revision)),
    fc.tuple(amount, fc.nat({ max: 6 })).map(([sum, revision]) => credit(sum, `v-${revision}`, revision)),
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(deposit, anyCommand));

  it('has what came in, less the fees paid; and never both a balance and something outstanding', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        const { state, events } = play(deposit, commands);
        const sum = (of: (event: Event) => number) => events.reduce((total, event) => total + of(event), 0);
        const paidIn = sum((event) => (event.type === 'FeeDeducted' ? 0 : event.data.amount));
        const fees = sum((event) => (event.type === 'FeeDeducted' ? event.data.fee : 0));
        expect(paidIn).toBe(state.balance + fees - state.outstanding);
        expect(Math.min(state.balance, state.outstanding)).toBe(0);
        expect(state.balance).toBeGreaterThanOrEqual(0);
        expect(state.outstanding).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
