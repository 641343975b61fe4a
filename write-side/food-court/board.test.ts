import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { REMEMBERED_EVENTS } from '../kernel/handled-events.ts';
import { holdsForEveryDecider, play, specification, stateAfter } from '../kernel/testing.ts';
import { board } from './board.ts';

const { given } = specification(board);

type Command = Parameters<typeof board.decide>[0];
type Event = Parameters<typeof board.evolve>[1];

const order = (orderId: string) => ({ shopId: 'shop-1', orderId, customerId: 'customer-1', callNumber: '17' });
const at = (orderId: string, shopRevision: number) => ({ ...order(orderId), shopRevision: `${shopRevision}` });

const raise = (orderId: string, revision = 4): Command => ({ type: 'RaiseAlarm', data: at(orderId, revision) });
const clear = (orderId: string, revision = 5): Command => ({ type: 'ClearAlarm', data: at(orderId, revision) });
const raised = (orderId: string, revision = 4): Event => ({ type: 'AlarmRaised', data: at(orderId, revision) });
const cleared = (orderId: string, revision = 5): Event => ({ type: 'AlarmCleared', data: at(orderId, revision) });

describe('RaiseAlarm', () => {
  it('calls the customer', () => given().when(raise('o1')).thenEvents(raised('o1')));
  it('calls once', () => given(raised('o1')).when(raise('o1')).thenNothing());
  it('does not call for an order that was picked up', () =>
    given(raised('o1'), cleared('o1')).when(raise('o1')).thenNothing());
});

describe('ClearAlarm', () => {
  it('takes the order off the board', () => given(raised('o1')).when(clear('o1')).thenEvents(cleared('o1')));
  it('takes it off once', () => given(raised('o1'), cleared('o1')).when(clear('o1')).thenNothing());
  it('does nothing without an alarm', () => given().when(clear('o1')).thenNothing());
});

describe('an order id that is used again', () => {
  it('is called again', () => given(raised('o1'), cleared('o1')).when(raise('o1', 14)).thenEvents(raised('o1', 14)));
  it('stays on the board when the pickup of the first order is handled late', () =>
    given(raised('o1'), raised('o1', 14)).when(clear('o1', 5)).thenNothing());
});

describe('more orders than the board remembers', () => {
  const many = Array.from({ length: REMEMBERED_EVENTS + 1 }, (_, index) => [
    raised(`o${index}`, 10 * index),
    cleared(`o${index}`, 10 * index + 5),
  ]).flat();

  it('are not called again when they are handled again', () =>
    given(...many)
      .when(raise('o0', 0))
      .thenNothing());
  it('do not hide a new order, nor one whose id was used before', () => {
    given(...many)
      .when(raise('new', 90_000))
      .thenEvents(raised('new', 90_000));
    given(...many)
      .when(raise('o0', 90_000))
      .thenEvents(raised('o0', 90_000));
  });
  it('take a bounded state', () =>
    expect(stateAfter(board, many)).toMatchObject({
      raised: { size: 0 },
      handled: { latest: { size: REMEMBERED_EVENTS }, forgotten: { size: 1 } },
    }));
});

describe('an alarm of event version 1, which has no revision', () => {
  const old = {
    raised: { type: 'AlarmRaised', data: order('o1') },
    cleared: { type: 'AlarmCleared', data: order('o1') },
  } as const;

  it('is raised once, cleared once and not raised again', () => {
    given(old.raised).when(raise('o1')).thenNothing();
    given(old.raised).when(clear('o1')).thenEvents(cleared('o1'));
    given(old.raised, old.cleared).when(clear('o1')).thenNothing();
    given(old.raised, old.cleared).when(raise('o1')).thenNothing();
  });
});

describe('any sequence of commands', () => {
  const anyCommand = fc.oneof(
    fc.tuple(fc.constantFrom('o1', 'o2', 'o3'), fc.constantFrom(4, 14)).map(([id, revision]) => raise(id, revision)),
    fc.tuple(fc.constantFrom('o1', 'o2', 'o3'), fc.constantFrom(5, 15)).map(([id, revision]) => clear(id, revision)),
  );

  it('keeps the rules of every decider', () => holdsForEveryDecider(board, anyCommand));

  it('calls once for each completion, and clears only alarms that are raised', () => {
    fc.assert(
      fc.property(fc.array(anyCommand), (commands) => {
        const { events } = play(board, commands);
        const calls = events.filter(({ type }) => type === 'AlarmRaised').map(({ data }) => JSON.stringify(data));
        expect(new Set(calls).size).toBe(calls.length);
        for (const orderId of ['o1', 'o2', 'o3']) {
          const own = events.filter(({ data }) => data.orderId === orderId).map(({ type }) => type);
          for (const [index, type] of own.entries())
            if (type === 'AlarmCleared') expect(own[index - 1]).toBe('AlarmRaised');
        }
      }),
    );
  });
});
