import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectPayments } from './client.ts';
import type { Payments } from './payments.ts';
import { performPayments } from './perform.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

const payment = { paymentId: 'p-1', amount: 12_000 };
const records = {
  keyOf: ({ paymentId }: { paymentId: string }) => paymentId,
  approve: 'ApprovePayment',
  decline: 'DeclinePayment',
  undone: 'RecordRefund',
};

let sandbox: Sandbox;
let payments: Payments;
let given: { type: string; data: object }[];

beforeEach(async () => {
  sandbox = await startSandbox();
  payments = connectPayments({ url: sandbox.url, timeoutMs: 100, halfOpenAfter: 50 });
  given = [];
});
afterEach(() => sandbox.stop());

const charge = (token: string) => payments.charge('p-1', { amount: 12_000, method: 'card', token });
const perform = (task: string, attempts = 0) =>
  performPayments(payments, records)({ task, data: payment, attempts }, async (command) => {
    given.push(command);
    return 'done';
  });

describe('a payment that is open at its deadline', () => {
  it('is approved when the provider charged it', async () => {
    await charge('approve');
    await perform('settle');
    expect(given).toEqual([{ type: 'ApprovePayment', data: payment }]);
  });
  it('is declined when the provider declined the charge', async () => {
    await charge('decline');
    await perform('settle');
    expect(given).toEqual([{ type: 'DeclinePayment', data: { ...payment, reason: 'declined' } }]);
  });
  it('is declined when the provider does not know the charge', async () => {
    await perform('settle');
    expect(given).toEqual([{ type: 'DeclinePayment', data: { ...payment, reason: 'timed-out' } }]);
  });
  it('waits for an unavailable provider, but not for ever', async () => {
    await sandbox.stop();
    await expect(perform('settle', 0)).rejects.toThrow();
    expect(given).toEqual([]);
    await perform('settle', 3);
    expect(given).toEqual([{ type: 'DeclinePayment', data: { ...payment, reason: 'timed-out' } }]);
    sandbox = await startSandbox();
  });
});

describe('a payment that must be undone', () => {
  it('is refunded, and the refund is recorded', async () => {
    await charge('approve');
    await perform('undo');
    expect(given).toEqual([{ type: 'RecordRefund', data: { ...payment, charged: true } }]);
    expect(sandbox.totals()).toMatchObject({ charges: 1, refunds: 1 });
  });
  it('is never charged when it was not charged yet', async () => {
    await perform('undo');
    expect(given).toEqual([{ type: 'RecordRefund', data: { ...payment, charged: false } }]);
    expect(await charge('approve')).toBe('declined');
  });
  it('is undone later while the provider is unavailable', async () => {
    await sandbox.stop();
    await expect(perform('undo', 100)).rejects.toThrow();
    expect(given).toEqual([]);
    sandbox = await startSandbox();
  });
});
