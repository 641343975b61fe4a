import { expect, test } from 'vitest';
import { ownerId } from '../identity/subject.ts';
import { withoutSubjects } from './actors.ts';
import type { EventMetadata } from './types.ts';

const MAIL = 'kim.hana@example.com';
const ID = ownerId(MAIL);

const metadata = (fields: Partial<EventMetadata>): EventMetadata => ({
  $correlationId: 'c-1',
  $causationId: 'c-1',
  commandId: 'c-1',
  fingerprint: '',
  actor: 'anonymous',
  time: '2026-01-31T09:00:00.000Z',
  schemaVersion: 1,
  ...fields,
});

test.each([
  [MAIL, ID],
  ['auth0|5f1c', ownerId('auth0|5f1c')],
  ['kim', 'kim'],
  [ID, ID],
  ['anonymous', 'anonymous'],
  ['policy:parking.coupons', 'policy:parking.coupons'],
  ['process:cinema.payments', 'process:cinema.payments'],
  ['plaza:demo', 'plaza:demo'],
])('the stored actor %s is read as %s', (stored, read) => {
  expect(withoutSubjects(metadata({ actor: stored })).actor).toBe(read);
});

test.each([
  [`key:${MAIL} kk1`, `key:${ID} kk1`],
  [`${MAIL} delivery d-1`, `${ID} delivery d-1`],
  ['key:kim kk1', 'key:kim kk1'],
  [`key:${ID} kk1`, `key:${ID} kk1`],
  ['key:kk1', 'key:kk1'],
  ['delivery d-1', 'delivery d-1'],
  ['approve charge/kim.c-1.4', 'approve charge/kim.c-1.4'],
  ['ReserveParking:3q2-7w', 'ReserveParking:3q2-7w'],
])('the stored command id %s is read as %s, also as a cause', (stored, read) => {
  const names = { commandId: stored, $correlationId: stored, $causationId: stored };
  const expected = { commandId: read, $correlationId: read, $causationId: read };
  expect(withoutSubjects(metadata(names))).toEqual(metadata(expected));
});

test('metadata that another program wrote is read as it is', () => {
  const foreign = { actor: 7, $correlationId: null } as unknown as EventMetadata;
  expect(withoutSubjects(foreign)).toEqual({ actor: 7, $correlationId: null });
  expect(withoutSubjects({} as EventMetadata)).toEqual({});
});
