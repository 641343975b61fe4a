import { Type } from 'typebox';
import { expect, it } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { event } from './context.ts';
import { ERASED, personal, personalEvents } from './personal.ts';
import { Id, Strict, Text } from './values.ts';

const ofCustomer = personal('customerId');
const eventsOf = (events: Parameters<typeof personalEvents>[0][number]['events']) => personalEvents([{ events }]);

it('finds the names, car numbers, addresses and free texts of every context', () => {
  const marked = [...personalEvents(contextSchemas)].map(([type, { owner, fields }]) => [
    type,
    owner,
    fields.map(({ name }) => name).join(' '),
  ]);
  expect(marked).toEqual([
    ['ParkingReserved', 'customerId', 'carNumber'],
    ['ReservationCanceled', 'customerId', 'reason'],
    ['CarArrived', 'customerId', 'carNumber'],
    ['CarDeparted', 'customerId', 'carNumber'],
    ['OrderRejected', 'customerId', 'reason'],
    ['SeatReservationCanceled', 'customerId', 'reason'],
    ['ReviewWritten', 'customerId', 'text'],
    ['ContactChanged', 'customerId', 'name email phone'],
    ['CustomerReminded', 'customerId', 'texts'],
  ]);
});

it("tells optional fields from required ones, and Plaza's own words from a person's", () => {
  const { fields } = eventsOf({
    Left: event(
      'Left',
      Strict({
        customerId: Id,
        name: ofCustomer(Text(10, 'A')),
        reason: Type.Optional(personal('customerId', { except: ['no-show'] })(Text(10, 'B'))),
      }),
    ),
  }).get('Left')!;
  expect(fields).toEqual([
    { name: 'name', optional: false, owner: 'customerId', except: [], erased: ERASED },
    { name: 'reason', optional: true, owner: 'customerId', except: ['no-show'], erased: ERASED },
  ]);
});

it('refuses an event without the field that names the person, and one about two people', () => {
  const name = ofCustomer(Text(10, 'A'));
  expect(() => eventsOf({ Left: event('Left', Strict({ name })) })).toThrow('Left has no customerId');
  const other = personal('userId')(Text(10, 'A'));
  expect(() => eventsOf({ Left: event('Left', Strict({ customerId: Id, userId: Id, name, other })) })).toThrow(
    'Left has the personal fields of two people',
  );
});

it('lists the marked fields in the AsyncAPI document', async () => {
  const { asyncApi } = await import('../asyncapi.ts');
  const { messages } = asyncApi(contextSchemas, '1.0.0').components;
  expect(messages['parking.CarArrived']).toMatchObject({ 'x-personal': { carNumber: 'customerId' } });
  expect(messages['parking.LotClosed']).not.toHaveProperty('x-personal');
});
