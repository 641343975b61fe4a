import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectPayments } from './client.ts';
import type { Payments } from './payments.ts';
import { type Sandbox, startSandbox } from './sandbox.ts';

let sandbox: Sandbox;
let payments: Payments;

beforeEach(async () => {
  sandbox = await startSandbox();
  payments = connectPayments({ url: sandbox.url, timeoutMs: 100, breakFrom: 4, halfOpenAfter: 200 });
});
afterEach(() => sandbox.stop());

const charge = (token: string, key = 'k') => payments.charge(key, { amount: 5_000, method: 'card', token });

describe('a charge', () => {
  it.each([
    ['approve', 'approved', 1],
    ['decline', 'declined', 0],
    ['nonsense', 'declined', 0],
    ['fail-then-approve', 'approved', 1],
    ['charge-then-drop', 'approved', 1],
    ['hang', 'unknown', 0],
  ])('with the token %s is %s', async (token, outcome, charges) => {
    expect(await charge(token)).toBe(outcome);
    expect(sandbox.totals()).toEqual({ charges, refunds: 0, charged: charges * 5_000, refunded: 0 });
  });

  it('is made once for a key', async () => {
    expect(await Promise.all([charge('approve'), charge('approve')])).toEqual(['approved', 'approved']);
    expect(await charge('decline')).toBe('approved');
    expect(sandbox.totals().charges).toBe(1);
  });

  it('that the provider cannot read is declined after one attempt', async () => {
    expect(await payments.charge('k', { amount: -1, method: 'card', token: 'approve' })).toBe('declined');
    expect(payments.circuit()).toBe('closed');
  });
});

describe('an undo', () => {
  it('refunds a charge once', async () => {
    await charge('approve');
    expect([await payments.undo('k'), await payments.undo('k')]).toEqual([true, true]);
    expect(sandbox.totals()).toEqual({ charges: 1, refunds: 1, charged: 5_000, refunded: 5_000 });
    expect(await payments.find('k')).toEqual({ state: 'undone', charged: true });
  });

  it('prevents a later charge when nothing was charged', async () => {
    expect(await payments.undo('k')).toBe(false);
    expect(await charge('approve')).toBe('declined');
    expect(sandbox.totals().charges).toBe(0);
  });
});

describe('a query', () => {
  it('returns the outcome of a charge', async () => {
    expect(await payments.find('k')).toBeUndefined();
    await charge('decline');
    expect(await payments.find('k')).toEqual({ state: 'declined', charged: false });
  });
});

describe('the circuit', () => {
  it('stays closed while a small part of the calls fails, even one after another', async () => {
    for (let call = 0; call < 17; call++) expect(await charge('approve', `k${call}`)).toBe('approved');
    expect(await Promise.all(['a', 'b', 'c'].map((key) => charge('hang', key)))).toEqual(Array(3).fill('unknown'));
    expect(payments.circuit()).toBe('closed');
  });

  it('opens when most calls fail, lets one call through after a pause, and closes when it succeeds', async () => {
    expect(payments.circuit()).toBe('closed');
    expect(await charge('hang')).toBe('unknown');
    expect(await charge('hang', 'k2')).toBe('unknown');
    expect(payments.circuit()).toBe('open');
    expect(await charge('approve', 'k3')).toBe('unavailable');
    await expect(payments.find('k')).rejects.toThrow('breaker is open');
    while (payments.circuit() === 'open') await new Promise((resolve) => setImmediate(resolve));
    expect(payments.circuit()).toBe('half-open');
    expect(await charge('approve', 'k3')).toBe('approved');
    expect(payments.circuit()).toBe('closed');
  });
});

it.each([
  [409, 'unknown'],
  [404, 'unknown'],
  [200, 'approved'],
])('a charge without an answer whose repetition gets %i is %s', async (status, outcome) => {
  let calls = 0;
  const server = createServer((req, res) => {
    calls += 1;
    if (calls === 1) return req.socket.destroy();
    res.writeHead(status, { 'Content-Type': 'application/json' }).end('{"state":"approved"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  payments = connectPayments({ url: `http://127.0.0.1:${port}`, timeoutMs: 100 });
  expect(await charge('approve')).toBe(outcome);
  expect(calls).toBe(2);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('the outcome is unknown when the provider does not answer or its answer is invalid', async () => {
  const server = createServer((_req, res) => res.end('<html>'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  payments = connectPayments({ url: `http://127.0.0.1:${port}`, timeoutMs: 100 });
  expect(await charge('approve')).toBe('unknown');
  await new Promise((resolve) => server.close(resolve));
  expect(await charge('approve')).toBe('unknown');
});
