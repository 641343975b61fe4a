import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { deposit } from './deposit.ts';
import { REMEMBERED } from './once.ts';

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
const fee = (rentalId: string, closedAt = at(0)) => ({ bikeId: 'bike-1', rentalId, userId, fee: 1_000, closedAt });
const deduct = (rentalId = 'r-1', closedAt = at(0)): Command => ({ type: 'DeductFee', data: fee(rentalId, closedAt) });
const conversion = (conversionId: string, amount: number) => ({
  userId,
  managerId: 'm-1',
  conversionId,
  amount,
  convertedAt: at(0),
});
const credit = (amount: number, conversionId = 'v-1'): Command => ({
  type: 'CreditDeposit',
  data: conversion(conversionId, amount),
});

const charged = (amount: number, settled: number, balance: number, outstanding = 0, chargeId = 'c-1'): Event => ({
  type: 'DepositCharged',
  data: { userId, chargeId, amount, settled, chargedAt: NOW, balance, outstanding },
});
const deducted = (paid: number, balance: number, outstanding: number, rentalId = 'r-1', closedAt = at(0)): Event => ({
  type: 'FeeDeducted',
  data: { ...fee(rentalId, closedAt), paid, balance, outstanding },
});
const credited = (amount: number, settled: number, balance: number, outstanding = 0): Event => ({
  type: 'DepositCredited',
  data: { ...conversion('v-1', amount), settled, balance, outstanding },
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
  it('settles a part when it is not enough', () =>
    given(deducted(0, 0, 1_000))
      .when(charge(300))
      .thenEvents(charged(300, 300, 0, 700)));
  it('needs an unused id', () =>
    given(charged(5_000, 0, 5_000))
      .when(charge(5_000))
      .thenRefused('charge-already-exists'));
  it('has an end', () =>
    given(charged(1_000, 0, 999_999_999_999))
      .when(charge(2, 'c-2'))
      .thenRefused('deposit-full'));
});

describe('DeductFee', () => {
  it('takes the fee from the balance', () =>
    given(charged(5_000, 0, 5_000))
      .when(deduct())
      .thenEvents(deducted(1_000, 4_000, 0)));
  it('takes what there is and leaves the rest outstanding', () =>
    given(charged(300, 0, 300))
      .when(deduct())
      .thenEvents(deducted(300, 0, 700)));
  it('adds to what is outstanding', () =>
    given(deducted(0, 0, 1_000))
      .when(deduct('r-2'))
      .thenEvents(deducted(0, 0, 2_000, 'r-2')));
  it('takes it once for a rental', () =>
    given(charged(5_000, 0, 5_000), deducted(1_000, 4_000, 0))
      .when(deduct())
      .thenNothing());
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
});

describe('fees beyond those remembered', () => {
  const many = Array.from({ length: REMEMBERED + 1 }, (_, index) => deducted(1_000, 0, 0, `r-${index}`, at(index)));

  it('are not taken again: one so old is left for somebody to look at', () =>
    given(...many)
      .when(deduct('r-0', at(0)))
      .thenRefused('too-old-to-tell'));
  it('are told from later ones', () =>
    given(...many)
      .when(deduct('late', at(0.5)))
      .thenEvents(deducted(0, 0, 1_000, 'late', at(0.5))));
  it('take no memory', () => {
    expect(deposit.snapshot.save(stateAfter(deposit, many))).toMatchObject({
      fees: { latest: { length: REMEMBERED } },
    });
  });
});

describe('whatever commands come', () => {
  const id = fc.constantFrom('a', 'b', 'c', 'd');
  const amount = fc.constantFrom(1, 300, 1_000, 5_000);
  const anyCommand = fc.oneof(
    fc.tuple(amount, id).map(([sum, chargeId]) => charge(sum, chargeId)),
    id.map((rentalId) => deduct(rentalId)),
    fc.tuple(amount, id).map(([sum, conversionId]) => credit(sum, conversionId)),
  );

  it('holds what holds for every decider', () => holdsForEveryDecider(deposit, anyCommand));

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
