import fc from 'fast-check';
import { expect, it } from 'vitest';
import { validator } from '../../platform/http/validation.ts';
import { schema } from '../../schemas/customers.ts';
import { holdsForEveryDecider, specification } from '../kernel/testing.ts';
import { contact } from './contact.ts';

const { given } = specification(contact);
const data = {
  customerId: 'CUST1',
  name: '홍길동',
  email: 'a@example.com',
  phone: '+821012345678',
  language: 'ko',
} as const;
const change = { type: 'ChangeContact', data } as const;
const changed = { type: 'ContactChanged', data } as const;

it('is stored, and replaced as a whole', () => {
  given().when(change).thenEvents(changed);
  const other = { customerId: 'CUST1', language: 'en' } as const;
  given(changed).when({ type: 'ChangeContact', data: other }).thenEvents({ type: 'ContactChanged', data: other });
});

it('does not change when it is the same', () => given(changed).when(change).thenNothing());

it.each([
  ['010-1234-5678', '+821012345678'],
  ['01012345678', '+821012345678'],
  ['02-123-4567', '+8221234567'],
  ['031 123 4567', '+82311234567'],
  ['+14155552671', '+14155552671'],
])('keeps the phone number %s as %s', (phone, e164) =>
  given()
    .when({ type: 'ChangeContact', data: { ...data, phone } })
    .thenEvents({ type: 'ContactChanged', data: { ...data, phone: e164 } }),
);

it.each([
  ['email', 'a@example.com\r\nBcc: b@example.com'],
  ['email', 'a'],
  ['email', 'a b@example.com'],
  ['email', '"a"@example.com'],
  ['email', 'Kim <a@example.com>'],
  ['email', 'a@example.com,b@example.com'],
  ['email', `${'a'.repeat(65)}@example.com`],
  ['email', 'a@-example.com'],
  ['phone', '1234'],
  ['phone', '+0123456789'],
  ['phone', '010-1234-5678\n'],
  ['phone', '+82 10 1234 5678'],
  ['language', 'fr'],
  ['language', undefined],
])('refuses the %s %j', (field, value) => {
  const check = validator(schema.commands.ChangeContact.data);
  expect(() => check(data)).not.toThrow();
  expect(() => check({ ...data, [field]: value })).toThrow();
});

const erase = { type: 'EraseCustomer', data: { customerId: 'CUST1' } } as const;
const key = 'CUST1:0:12345678';
const erased = { type: 'CustomerErased', data: { customerId: 'CUST1', key } } as const;

it('is erased with a key, once', () => {
  given(changed).when(erase, { erasure: { key } }).thenEvents(erased);
  given(changed, erased).when(erase, { erasure: { key } }).thenNothing();
  given(changed, erased).when(change).thenEvents(changed);
});

it('of a customer who returned is erased again', () => {
  const next = 'CUST1:1:12345678';
  given(changed, erased)
    .when(erase, { erasure: { key: next } })
    .thenEvents({ type: 'CustomerErased', data: { customerId: 'CUST1', key: next } });
  // Without personal fields the customer has no new key.
  given(erased, { type: 'ContactChanged', data: { customerId: 'CUST1', language: 'en' } })
    .when(erase, { erasure: { key } })
    .thenEvents(erased);
});

it('is not erased where nothing is encrypted, or while something is in the way', () => {
  given(changed).when(erase).thenRefused('personal-data-not-encrypted');
  given(changed)
    .when(erase, { erasure: { refused: 'customer-has-open-reservations' } })
    .thenRefused('customer-has-open-reservations');
});

it('keeps the rules of every decider', () =>
  holdsForEveryDecider(
    contact,
    fc
      .record({ customerId: fc.constant('CUST1'), language: fc.constantFrom('ko' as const, 'en' as const) })
      .map((each) => ({ type: 'ChangeContact' as const, data: each })),
  ));
