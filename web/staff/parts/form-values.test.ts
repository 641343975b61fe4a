import '../../testing.ts';
import { describe, expect, test } from 'vitest';
import { contextSchemas } from '../../../programs/contexts.ts';
import { openApi } from '../../../schemas/openapi.ts';
import { operationsIn } from '../../common/openapi.ts';
import { bodyOf, faultsOf, fieldsFor, initialValues, isFaulty, isGroupFaulty } from './form-values.ts';

const operations = operationsIn(JSON.parse(JSON.stringify(openApi(contextSchemas, '1'))));

const formOf = (name: string, known: object, makes?: string) => {
  const operation = operations.get(name)!;
  const item = known as Record<string, unknown>;
  const form = { operation, fields: fieldsFor(operation, item, makes), own: [] };
  const before = initialValues(form, item, makes);
  return {
    before,
    required: form.fields.filter(({ required }) => required).map((field) => field.name),
    sent: (values: object) => JSON.parse(JSON.stringify(bodyOf(form, { ...before, ...values }, before))),
  };
};

describe('the form of a change', () => {
  const lot = { lotId: 'l1', name: '정자역', spots: 40, reserved: 3, price: 3000, arriveWithin: 30 };

  test('sends null for an optional setting that was cleared, and nothing that is the same', () => {
    const { sent } = formOf('parking.ChangeLot', lot);
    expect(sent({ price: undefined, arriveWithin: 20 })).toEqual({ price: null, arriveWithin: 20 });
    expect(sent({})).toEqual({});
  });

  test('sends it for every setting that has a value and may be unset, in each context', () => {
    const cleared = { maxOpenOrders: undefined, acceptWithin: undefined, cancelUntil: undefined };
    const shop = { shopId: 's', name: '김밥나라', maxOpenOrders: 3, acceptWithin: 5 };
    expect(formOf('food-court.ChangeShop', shop).sent(cleared)).toEqual({ maxOpenOrders: null, acceptWithin: null });
    const slot = { slotId: 's', capacity: 3, cancelUntil: '2030-01-30' };
    expect(formOf('screening.ChangeSlot', slot).sent(cleared)).toEqual({ cancelUntil: null });
  });

  test('does not let the values be cleared that a resource cannot be without', () => {
    expect(formOf('parking.ChangeLot', lot).required).toEqual(['name', 'spots']);
    expect(formOf('screening.ChangeSlot', { slotId: 's', capacity: 3, sessions: [] }).required).toEqual(['capacity']);
  });

  test('leaves an optional setting out of a replacement', () => {
    const { sent } = formOf('bike-rental.ChangeTariff', { base: 1000, perMinute: 50, dailyMax: 9000 });
    expect(sent({ dailyMax: undefined })).toEqual({ base: 1000, perMinute: 50 });
  });
});

describe('the form of a new menu item', () => {
  test('has nothing of its shop, and an id that the user need not type', () => {
    const { before, required } = formOf('food-court.PutMenuItem', { shopId: 's1', name: 'Burger King' }, 'menuId');
    expect(before).toEqual({ menuId: expect.stringMatching(/^[\da-f]{32}$/), available: true });
    expect(required).toEqual(['name', 'price', 'available']);
  });

  test('has the values of the item that it changes', () => {
    const item = { shopId: 's1', menuId: 'm1', name: '김밥', price: 4000, available: false };
    expect(formOf('food-court.PutMenuItem', item, 'menuId').before).toEqual({
      name: '김밥',
      price: 4000,
      available: false,
    });
  });
});

test('a refused value is found in its row', () => {
  const problem = {
    type: '/problems/invalid-request',
    title: '',
    status: 400,
    errors: [
      { pointer: '/sessions/1/at', detail: 'must match' },
      { pointer: '/hallMap/0', detail: 'must match' },
    ],
  };
  const faults = faultsOf(problem);
  expect(
    ['/sessions/0/at', '/sessions/1/at', '/sessions/1/capacity', '/hallMap'].map((at) => isFaulty(faults, at)),
  ).toEqual([false, true, false, true]);
  expect(isGroupFaulty(faults, '/sessions')).toBe(false);
  expect(isGroupFaulty(faultsOf({ ...problem, errors: [{ pointer: '/sessions/1', detail: '' }] }), '/sessions')).toBe(
    true,
  );
});
