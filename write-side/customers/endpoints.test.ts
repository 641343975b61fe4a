import { describe, test } from 'vitest';
import type { StepsByCommand } from '../kernel/command-steps.ts';
import type { OpenThing } from '../services.ts';
import { apiSpecification, endpointContract, inStream } from '../testing.ts';
import { customersSteps } from './erasing/erase.ts';
import { writeSide } from './index.ts';

const contact = { customerId: 'CUST1', name: '홍길동', phone: '+821012345678', language: 'ko' };
const changed = { type: 'ContactChanged', data: contact };
const customer = (...events: { type: string; data: object }[]) => inStream('contact-CUST1', ...events);
const key = 'CUST1:0:12345678';

/** @param open what the customer has reserved */
const stepsWith = (isKnown: boolean, ...open: OpenThing[]) =>
  customersSteps({
    find: async () => ({ isKnown, open }),
    latestKey: async () => (isKnown ? key : undefined),
    makeKey: async () => key,
    eraseKey: async () => {},
    eraseSnapshots: async () => {},
  });

endpointContract(
  writeSide,
  {
    'PUT /customers/{customerId}/contact': {
      data: { ...contact, name: ' 홍길동 ', phone: '010-1234-5678' },
      answer: contact,
      stored: customer(changed),
    },
    'DELETE /customers/{customerId}': {
      data: { customerId: 'CUST1', cancel: true },
      answer: { customerId: 'CUST1', status: 'erased' },
      stored: customer({ type: 'CustomerErased', data: { customerId: 'CUST1', key } }),
    },
  },
  { steps: stepsWith(true) },
);

describe('DELETE /customers/{customerId}', () => {
  const erase = (steps: StepsByCommand) =>
    apiSpecification(writeSide, { steps }).given().when('DELETE', '/customers/CUST1');

  test('refuses where nothing is', () => erase(stepsWith(false)).thenRefused(404, 'customer-not-found'));
  test('refuses while a bike is rented', () =>
    erase(stepsWith(true, { view: 'bike-rental.rentals', id: '1.r1' })).thenRefused(
      409,
      'customer-has-open-reservations',
    ));
});

describe('PUT /customers/{customerId}/contact', () => {
  test.each([
    ['email', 'kim'],
    ['email', 'a@b.example\r\nBcc: c@d.example'],
    ['phone', '12'],
    ['name', '\n'],
  ])('refuses the %s %j', async (field, wrong) => {
    await apiSpecification(writeSide)
      .given(...customer(changed))
      .when('PUT', '/customers/CUST1/contact', { language: 'ko', [field]: wrong })
      .thenRefused(400, 'invalid-request', { errors: [{ pointer: `/${field}` }] });
  });
});
