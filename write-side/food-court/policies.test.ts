import { describe, expect, it } from 'vitest';
import { ENDED_PER_COMMAND, REASONS } from '../../schemas/food-court.ts';
import { policyWorld } from '../policies/testing.ts';
import { writeSide } from './index.ts';
import { board, closing, policies, timers } from './policies.ts';

const data = { shopId: 'shop-1', orderId: 'o1', customerId: 'c1', callNumber: '17', shopName: '김밥나라' };
const cooked = { type: 'OrderCooked', data, revision: '5' };
const pickedUp = { type: 'OrderPickedUp', data, revision: '6' };

it('calls for a cooked order', () =>
  expect(board.react(cooked)).toEqual([{ type: 'RaiseAlarm', data: { ...data, shopRevision: '5' } }]));

it.each(['OrderPickedUp', 'OrderUncollected'])('takes an order off the board after %s', (type) =>
  expect(board.react({ ...pickedUp, type })).toEqual([{ type: 'ClearAlarm', data: { ...data, shopRevision: '6' } }]),
);

it('calls for an order without a customer', () => {
  const { customerId: _, ...anonymous } = data;
  expect(board.react({ ...cooked, data: anonymous })).toEqual([
    { type: 'RaiseAlarm', data: { ...anonymous, shopRevision: '5' } },
  ]);
});

it('handles the events of one order in order', () => expect(board.key(cooked)).toBe(board.key(pickedUp)));

it('rejects the orders that remain after a closing, in bounded commands', () => {
  const after = (remaining: number) =>
    closing.react({ type: 'ShopClosed', data: { shopId: 'shop-1', remaining }, revision: '7' });
  expect(after(0)).toEqual([]);
  expect(after(ENDED_PER_COMMAND + 1)).toEqual(
    Array.from({ length: 2 }, () => ({ type: 'RejectRemainingOrders', data: { shopId: 'shop-1' } })),
  );
});

describe('in time', () => {
  const MINUTE = 60_000;
  /** A shop with one order, and the types of the events after the order was placed. */
  const worldWithOrder = (...steps: string[]) => {
    const world = policyWorld([writeSide], policies, timers);
    const commands = [
      { type: 'RegisterShop', data: { shopId: 's', name: '김밥나라' } },
      { type: 'PutMenuItem', data: { shopId: 's', menuId: 'm', name: '김밥', price: 4000, available: true } },
      { type: 'PlaceOrder', data: { shopId: 's', orderId: 'o', customerId: 'c', lines: [{ menuId: 'm', qty: 1 }] } },
      ...steps.map((type) => ({ type, data: { shopId: 's', orderId: 'o' } })),
    ];
    for (const command of commands) expect(world.give(command)).toBeUndefined();
    expect(world.settle()).toEqual([]);
    return {
      pass(minutes: number) {
        world.pass(minutes * MINUTE);
        expect(world.settle()).toEqual([]);
        return world.log.slice(3).map(({ type }) => type);
      },
      last: () => world.log.at(-1),
    };
  };

  it('an order that nobody accepts is rejected after ten minutes, once', () => {
    const world = worldWithOrder();
    expect(world.pass(9)).toEqual([]);
    expect(world.pass(1)).toEqual(['OrderRejected']);
    expect(world.last()).toMatchObject({ data: { customerId: 'c', reason: REASONS.notAccepted } });
    expect(world.pass(600)).toEqual(['OrderRejected']);
  });

  it('an accepted order is not rejected', () =>
    expect(worldWithOrder('AcceptOrder').pass(600)).toEqual(['OrderAccepted']));

  it('a cooked order that nobody picks up leaves the board after an hour', () => {
    const world = worldWithOrder('AcceptOrder', 'StartCooking', 'FinishCooking');
    const called = ['OrderAccepted', 'CookingStarted', 'OrderCooked', 'AlarmRaised'];
    expect(world.pass(59)).toEqual(called);
    expect(world.pass(1)).toEqual([...called, 'OrderUncollected', 'AlarmCleared']);
  });
});
