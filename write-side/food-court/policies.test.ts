import { expect, it } from 'vitest';
import { board } from './policies.ts';

const data = { shopId: 'shop-1', orderId: 'o1', customerId: 'c1' };
const cooked = { type: 'OrderCooked', data, revision: '5' };
const pickedUp = { type: 'OrderPickedUp', data, revision: '6' };

it('calls for a cooked order', () =>
  expect(board.react(cooked)).toEqual([{ type: 'RaiseAlarm', data: { ...data, shopRevision: '5' } }]));

it('takes a picked-up order off the board', () =>
  expect(board.react(pickedUp)).toEqual([{ type: 'ClearAlarm', data: { ...data, shopRevision: '6' } }]));

it('handles the events of one order in order', () => expect(board.key(cooked)).toBe(board.key(pickedUp)));
