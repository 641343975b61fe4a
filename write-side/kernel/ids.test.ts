import { expect, it } from 'vitest';
import { fingerprintOf } from './ids.ts';

const reserve = (carNumber: string) => ({ type: 'ReserveParking', data: { lotId: '1', carNumber } });
const [secret, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];

it('hashes a command so that only the secret reveals its car number', () => {
  const hashed = fingerprintOf('c-1', reserve('10더8612'), secret);
  expect(fingerprintOf('c-1', { ...reserve('10더8612') }, secret)).toBe(hashed);
  expect(fingerprintOf('c-1', reserve('10더8613'), secret)).not.toBe(hashed);
  expect(fingerprintOf('c-1', reserve('10더8612'), other)).not.toBe(hashed);
  expect(fingerprintOf('c-1', reserve('10더8612'))).not.toBe(hashed);
});

it('hashes a command like before where personal data is not encrypted', () => {
  expect(fingerprintOf('c-1', reserve('10더8612'))).toBe(fingerprintOf('c-1', reserve('10더8612'), undefined));
  expect(fingerprintOf('c-1', reserve('10더8612'))).toHaveLength(22);
});
