import '../testing.ts';
import { afterEach, expect, test, vi } from 'vitest';
import { isPossible } from './possible.ts';

const EraseCustomer = { operationId: 'customers.EraseCustomer', parameters: [], 'x-access': {} };
const ForgetCustomer = { ...EraseCustomer, operationId: 'customers.ForgetCustomer' };
const openapi = {
  paths: { '/customers/{customerId}': { delete: EraseCustomer, put: ForgetCustomer } },
  components: { schemas: {} },
};

afterEach(() => vi.unstubAllGlobals());

/** Stands in for Plaza. @returns the requests besides that for the OpenAPI document */
const answerWith = (response: () => Response) => {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (path: string, { method }: RequestInit = {}) => {
    if (path === '/openapi.json') return Response.json(openapi);
    asked.push(`${method} ${path}`);
    return response();
  });
  return asked;
};

test('a command without the means is not offered, and the resources are asked once', async () => {
  const asked = answerWith(() => new Response(null, { status: 204, headers: { Allow: 'PATCH, PUT, OPTIONS' } }));
  const rows = ['kim', 'lee'].map((customerId) => isPossible('customers.EraseCustomer', { customerId }));
  expect(await Promise.all(rows)).toEqual([false, false]);
  expect(asked).toEqual(['OPTIONS /customers/kim']);
});

test('a command is offered once a write side answers that it has the means', async () => {
  answerWith(() => new Response(null, { status: 503 }));
  expect(await isPossible('customers.ForgetCustomer', { customerId: 'kim' })).toBe(false);
  answerWith(() => new Response(null, { status: 204, headers: { Allow: 'PUT, OPTIONS' } }));
  expect(await isPossible('customers.ForgetCustomer', { customerId: 'kim' })).toBe(true);
});
