import { describe, expect, it } from 'vitest';
import type { Dispatch, DispatchOutcome } from '../kernel/command-steps.ts';
import { refuse } from '../kernel/decider.ts';
import type { Payments } from '../payments/payments.ts';
import { bikeRentalSteps } from './steps.ts';

const done: DispatchOutcome = { kind: 'done', events: [], revision: 0n, position: undefined };
const refused = (name: string): DispatchOutcome => ({ kind: 'refused', refusal: refuse(name) });
const unavailable: DispatchOutcome = { kind: 'unavailable' };

/** Answers commands by their type. */
const answering =
  (outcomes: Readonly<Record<string, DispatchOutcome>>): Dispatch =>
  async ({ type }) =>
    outcomes[type]!;

const steps = (circuit: ReturnType<Payments['circuit']> = 'closed') =>
  bikeRentalSteps({
    payments: { circuit: () => circuit, charge: async () => 'approved', find: async () => undefined },
    answerWithinMs: 1_000,
    maxPayments: 1,
  });

describe('a charge while the payment provider does not answer', () => {
  const { check } = steps('open').ChargeDeposit!;
  const data = { userId: 'u', chargeId: 'c', amount: 1 };
  const paid = { ...data, payment: { method: 'card', token: 'approve' } };

  it('is refused before anything is recorded', async () =>
    expect(await check!(paid, answering({ CheckChargeId: done }))).toEqual(refuse('payment-unavailable')));
  it('is answered as it stands when it is repeated', async () =>
    expect(await check!(paid, answering({ CheckChargeId: refused('charge-already-exists') }))).toBeUndefined());
  it('is taken in cash', async () => expect(await check!(data, answering({}))).toBeUndefined());
});

it('returning a bike looks up whether the place is a station', async () => {
  const { prepare } = steps().ReturnBike!;
  const data = { bikeId: 'b', rentalId: 'r', location: 'home' };
  expect(await prepare!(data, answering({ CheckLocation: done }))).toEqual({ isStation: true });
  expect(await prepare!(data, answering({ CheckLocation: refused('station-not-found') }))).toEqual({
    isStation: false,
  });
  expect(await prepare!(data, answering({ CheckLocation: unavailable }))).toBe('unavailable');
});

describe('renting a bike', () => {
  const { check, prepare } = steps().RentBike!;
  const data = { bikeId: 'b', rentalId: 'r', userId: 'u' };

  it('is refused while the user owes money', async () =>
    expect(await check!(data, answering({ CheckDebts: refused('outstanding'), CheckRentalId: done }))).toEqual(
      refuse('outstanding'),
    ));
  it('is allowed when the deposit cannot be read', async () =>
    expect(await check!(data, answering({ CheckDebts: unavailable }))).toBeUndefined());
  it('is answered as it stands when it is repeated with debts', async () => {
    const known = { CheckDebts: refused('outstanding'), CheckRentalId: refused('rental-already-exists') };
    expect(await check!(data, answering(known))).toBeUndefined();
  });
  it('agrees on the tariff that it reads, and needs one', async () => {
    const read = { tariff: { baseFee: 1, perMinute: 2 }, perReport: 3 };
    expect(await prepare!(data, answering({ ReadSettings: { ...done, read } }))).toEqual(read);
    expect(await prepare!(data, answering({ ReadSettings: unavailable }))).toBe('unavailable');
  });
});
