import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Id } from '../../schemas/kernel/values.ts';
import { isSubject, ownerId } from './subject.ts';

test.each([
  'policy:parking.coupons',
  'process:cinema.payments',
  'plaza:demo',
  'anonymous',
  'Anonymous',
  'POLICY:x',
  '',
  'a b',
  '가',
  'x'.repeat(129),
])('a token may not have the subject %j', (sub) => {
  expect(isSubject(sub)).toBe(false);
});

test.each(['CUST1', 'auth0|5f1c', 'user@example.com', 'policymaker', 'anonymous1', 'x'.repeat(128)])(
  'a token may have the subject %j',
  (sub) => {
    expect(isSubject(sub)).toBe(true);
  },
);

test('a subject that is an id is its own owner id', () => {
  expect(ownerId('CUST1')).toBe('CUST1');
  expect(ownerId('sub-1')).toBe('sub-1');
});

test('the owner id of any other subject never changes', () => {
  expect(ownerId('auth0|5f7c8ec7c33c6c004bbafe82')).toBe('sub-QapIeIfjxFwZskSLLwNlUvALLHjiOUbTkKfoRvatWOE');
});

test('every subject has a valid owner id, and no two share one', () => {
  const id = new RegExp((Id as { pattern?: string }).pattern ?? 'missing');
  const subject = fc.oneof(
    fc.stringMatching(/^[\x21-\x7e]{1,128}$/),
    fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
    fc.stringMatching(/^[\x21-\x7e]{1,128}$/).map(ownerId),
  );
  fc.assert(
    fc.property(subject, subject, (one, other) => {
      expect(ownerId(one)).toMatch(id);
      expect(ownerId(one) === ownerId(other)).toBe(one === other);
      // The subject whose text equals another one's owner id does not get that id.
      if (ownerId(one) !== one) expect(ownerId(ownerId(one))).not.toBe(ownerId(one));
    }),
  );
});
