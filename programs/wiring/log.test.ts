import { expect, test } from 'vitest';
import { redacted } from './log.ts';

const JWT = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJDVVNUMSJ9.c2ln-bmF0dXJl_';

test.each([
  ['a token', `{"msg":"got ${JWT}"}`],
  ['an authorization header', JSON.stringify({ headers: { authorization: 'Bearer abc.def-ghi' } })],
  ['a bearer that is no JWT', '{"msg":"Bearer abc.def-ghi"}'],
  ['a car number', JSON.stringify({ event: { data: { carNumber: '10더8612' } } })],
  ['a car number in quoted JSON', JSON.stringify({ data: JSON.stringify({ carNumber: '10더8612', amount: 1 }) })],
  ['a car number quoted twice', JSON.stringify(JSON.stringify(JSON.stringify({ carNumber: '10더8612' })))],
  ['a car number with a quote in it', JSON.stringify({ carNumber: 'a"10더8612' })],
  ['a quoted car number with a quote in it', JSON.stringify({ data: JSON.stringify({ carNumber: 'a"10더8612' }) })],
  [
    'a car number in a duplicate-key message',
    JSON.stringify({
      err: {
        message: 'E11000 duplicate key error collection: plaza.x index: car dup key: { carNumber: "10더8612" }',
        keyValue: { carNumber: '10더8612' },
      },
    }),
  ],
  [
    'a car number with a quote in a duplicate-key message',
    JSON.stringify({ msg: 'dup key: { lotId: "l", carNumber: "a\\"10더8612" }' }),
  ],
  ['a car number as inspected', JSON.stringify({ msg: "{ carNumber: '10더8612', amount: 1 }" })],
  ['a payment token', JSON.stringify({ payment: { method: 'card', token: 'abc.def-ghi' } })],
  ['the password in a URL', '{"msg":"mongodb://user:abc.def-ghi@db:27017"}'],
])('%s is not in the log', (_, line) => {
  const shown = redacted(line);
  expect(shown).not.toMatch(/10더8612|abc\.def-ghi|eyJ/);
  expect(shown).toContain('[');
});

test('the rest of a line is unchanged', () => {
  const line = JSON.stringify({
    lotId: 'l',
    carNumber: 'a',
    amount: 5000,
    quoted: JSON.stringify({ carNumber: 'b', n: 1 }),
  });
  const parsed = JSON.parse(redacted(line));
  expect(parsed).toMatchObject({ lotId: 'l', carNumber: '[redacted]', amount: 5000 });
  expect(JSON.parse(parsed.quoted)).toEqual({ carNumber: '[redacted]', n: 1 });
  expect(redacted('{"msg":"projections: took parking.lots at -1"}')).toBe(
    '{"msg":"projections: took parking.lots at -1"}',
  );
});
