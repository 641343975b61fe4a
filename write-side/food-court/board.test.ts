import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForEveryDecider, play, specification } from '../kernel/testing.ts';
import { board } from './board.ts';

const { given } = specification(board);

type Command = Parameters<typeof board.decide>[0];

const order = (orderId: string) => ({ shopId: 'shop-1', orderId, customerId: 'customer-1' });
const raise = (orderId: string): Command => ({ type: 'RaiseAlarm', data: order(orderId) });
const clear = (orderId: string): Command => ({ type: 'ClearAlarm', data: order(orderId) });
const raised = { type: 'AlarmRaised', data: order('o1') } as const;
const cleared = { type: 'AlarmCleared', data: order('o1') } as const;

describe('RaiseAlarm', () => {
  it('calls the customer', () => given().when(raise('o1')).thenEvents(raised));
  it('calls once', () => given(raised).when(raise('o1')).thenNothing());
  it('does not call for what was picked up', () => given(raised, cleared).when(raise('o1')).thenNothing());
});

describe('ClearAlarm', () => {
  it('takes the order off the board', () => given(raised).when(clear('o1')).thenEvents(cleared));
  it('takes it off once', () => given(raised, cleared).when(clear('o1')).thenNothing());
  it('has nothing to take off where none was raised', () => given().when(clear('o1')).thenNothing());
});

describe('whatever commands come', () => {
  const anyCommand = fc
    .tuple(fc.constantFrom(raise, clear), fc.constantFrom('o1', 'o2', 'o3'))
    .map(([make, id]) => make(id));

  it('holds what holds for every decider', () => holdsForEveryDecider(board, anyCommand));

  it('calls for an order once, and then clears it once', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const { events } = play(board, commands);
        for (const orderId of ['o1', 'o2', 'o3']) {
          const own = events.filter(({ data }) => data.orderId === orderId).map(({ type }) => type);
          expect(own).toEqual(['AlarmRaised', 'AlarmCleared'].slice(0, own.length));
        }
      }),
    );
  });
});
