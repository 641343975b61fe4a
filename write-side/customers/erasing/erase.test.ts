import { describe, expect, it, onTestFinished } from 'vitest';
import { refuse } from '../../kernel/decider.ts';
import { withSteps } from '../../kernel/testing.ts';
import type { Erasing } from '../../services.ts';
import { callerOf, serveCommands } from '../../testing.ts';
import { writeSide } from '../index.ts';
import { customersSteps } from './erase.ts';

it.each([
  ['LeaveSpotWaitingList', 'offer-expired', undefined],
  ['ReleaseSpotHold', 'hold-expired', undefined],
  ['CancelOrder', 'order-out-of-sequence', undefined],
  ['CancelReservation', 'too-late', 'customer-has-open-reservations'],
])('what %s refuses as %s is in the way: %s', async (type, refused, reason) => {
  const erasing = {
    find: async () => ({
      isKnown: true,
      open: [{ view: 'parking.waitingList', id: '1.e', cancel: { type, data: {} } }],
    }),
    latestKey: async () => 'kim:0:12345678',
  } as never;
  const { prepare } = customersSteps(erasing).EraseCustomer!;
  const prepared = await prepare!(
    { customerId: 'kim', cancel: true } as never,
    async () =>
      ({
        kind: 'refused',
        refusal: { refused },
      }) as never,
  );
  expect((prepared as { erasure?: { refused?: string } }).erasure?.refused).toBe(reason);
});

it('cancels nothing when one of the open things cannot be cancelled', async () => {
  const cancel = (type: string) => ({ view: 'parking.reservations', id: type, cancel: { type, data: {} } });
  const erasing = {
    find: async () => ({ isKnown: true, open: ['CancelBooking', 'CancelReservation', 'CancelOrder'].map(cancel) }),
    latestKey: async () => 'kim:0:12345678',
  } as never;
  const done: string[] = [];
  const { prepare } = customersSteps(erasing).EraseCustomer!;
  const prepareWith = (refused: string | undefined) =>
    prepare!({ customerId: 'kim', cancel: true } as never, async ({ type, isTrial }) => {
      if (type === refused) return { kind: 'refused', refusal: refuse('already-arrived') };
      if (!isTrial) done.push(type);
      return { kind: 'done', events: [], revision: 0n, position: undefined };
    });
  expect(await prepareWith('CancelReservation')).toMatchObject({
    erasure: { refused: 'customer-has-open-reservations' },
  });
  expect(done).toEqual([]);
  expect(await prepareWith(undefined)).toEqual({ erasure: { key: 'kim:0:12345678' } });
  expect(done).toEqual(['CancelBooking', 'CancelReservation', 'CancelOrder']);
});

describe('an erasure', () => {
  /** A customer with a key, whose contact is known, and what was done for an erasure. */
  const world = async () => {
    const done: string[] = [];
    const erasing = {
      async find() {
        done.push('cancel');
        return { isKnown: true, open: [] };
      },
      latestKey: async () => 'kim:0:12345678',
      async eraseKey() {
        done.push('erase the key');
      },
    } as never;
    const { give, types } = withSteps([writeSide], customersSteps(erasing));
    await give('ChangeContact', { customerId: 'kim', email: 'kim@example.com' }, { commandId: 'first' });
    const erase = (rest = {}) => give('EraseCustomer', { customerId: 'kim', cancel: true }, rest);
    return { done, types, erase };
  };

  it.each([
    ['a wrong precondition', { ifMatch: [7n] }, 'stale'],
    ['the key of another command', { commandId: 'first' }, 'key-reused'],
    ['a caller who may not give it', { ownedBy: 'lee' }, 'not-owner'],
  ])('that fails by %s cancels nothing', async (_cause, given, kind) => {
    const { erase, done, types } = await world();
    expect(await erase(given)).toMatchObject({ kind });
    expect([done, types]).toEqual([[], ['ContactChanged']]);
  });

  it('cancels nothing when it is repeated', async () => {
    const { erase, done, types } = await world();
    const first = await erase({ commandId: 'k', ifMatch: [0n] });
    expect(first).toMatchObject({ kind: 'done', revision: 1n });
    expect(done).toEqual(['cancel', 'erase the key']);
    expect(await erase({ commandId: 'k', ifMatch: [0n] })).toEqual({ ...first, isReplayed: true });
    expect(done).toEqual(['cancel', 'erase the key', 'erase the key']);
    expect(types).toEqual(['ContactChanged', 'CustomerErased']);
  });
});

it('is for nobody whose token is limited to a scope: an erasure looks and cancels in every context', async () => {
  const asked: string[] = [];
  const erasing = {
    find: async (customerId: string) => {
      asked.push(customerId);
      return { isKnown: true, open: [] };
    },
    latestKey: async () => 'kim:0:12345678',
    eraseKey: async () => {},
  } as never;
  const { send, stop } = await serveCommands(writeSide, {
    callers: {
      kim: callerOf('kim', 'customer'),
      'kim of customers': callerOf('kim', 'customer', 'customers'),
      'staff of customers': callerOf('staff', 'staff', 'customers'),
      'staff of two': callerOf('staff', 'staff', 'customers', 'parking'),
    },
    steps: customersSteps(erasing),
  });
  onTestFinished(stop);
  const erase = (who: string) =>
    send('DELETE', '/customers/kim?cancel=true', undefined, { Authorization: `Bearer ${who}` });
  for (const who of ['kim of customers', 'staff of customers', 'staff of two'])
    expect(await erase(who)).toMatchObject({ status: 403, body: { type: '/problems/forbidden' } });
  expect(asked).toEqual([]);
  expect(await erase('kim')).toMatchObject({ status: 200, body: { status: 'erased' } });
  expect(asked).toEqual(['kim']);
});

it('a customer has no DELETE among its methods where nobody can be erased', async () => {
  const methodsWith = async (erasing: Erasing | undefined) => {
    const { send, stop } = await serveCommands(writeSide, { steps: customersSteps(erasing) });
    const { headers } = await send('OPTIONS', '/customers/kim').finally(stop);
    return headers.get('Allow');
  };
  expect(await methodsWith(undefined)).toBe('OPTIONS');
  expect(await methodsWith({} as Erasing)).toBe('DELETE, OPTIONS');
});
