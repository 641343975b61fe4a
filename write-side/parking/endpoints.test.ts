import { describe, expect, test } from 'vitest';
import { apiSpecification, callerOf, inStream } from '../testing.ts';
import { writeSide } from './index.ts';

const { given } = apiSpecification(writeSide);

const registered = { type: 'LotRegistered', data: { lotId: '1', name: '정자역', spots: 1 } };
const reservation = { reservationId: 'r1', customerId: 'CUST1', carNumber: '10더8612', amount: 5000 };
const reserved = { type: 'ParkingReserved', data: { lotId: '1', lotName: '정자역', ...reservation } };
const canceled = {
  type: 'ReservationCanceled',
  data: { lotId: '1', lotName: '정자역', reservationId: 'r1', customerId: 'CUST1', amount: 5000 },
};
const lot = (...events: { type: string; data: object }[]) => inStream('parkingLot-1', ...events);

const RESERVATIONS = '/parking/lots/1/reservations';

describe('POST /parking/lots/{lotId}/reservations', () => {
  test('stores the reservation, and answers where it is', async () => {
    const { headers } = await given(...lot(registered))
      .when('POST', RESERVATIONS, reservation)
      .thenAnswered(201, { ...reservation, lotId: '1', status: 'reserved' }, ...lot(reserved));
    expect(headers.get('Location')).toBe(`${RESERVATIONS}/r1`);
    expect(headers.get('ETag')).toBe('"1"');
    expect(headers.get('Event-Position')).not.toBeNull();
  });

  test('names a reservation that the client has not named', async () => {
    const { reservationId: _, ...unnamed } = reservation;
    const lots = [...lot(registered)];
    const { added } = await given(...lots)
      .when('POST', RESERVATIONS, unnamed)
      .answered();
    expect(added).toMatchObject([{ type: 'ParkingReserved', data: unnamed }]);
  });

  test('refuses when the lot is full', () =>
    given(...lot(registered, reserved))
      .when('POST', RESERVATIONS, { ...reservation, reservationId: 'r2', carNumber: 'other' })
      .thenRefused(409, 'lot-full'));

  test('refuses in a lot that does not exist', () =>
    given().when('POST', RESERVATIONS, reservation).thenRefused(404, 'lot-not-found'));

  test.each([
    ['JSON that ends early', '{"customerId":', 400, 'malformed-json'],
    ['a missing field', { customerId: 'c' }, 400, 'invalid-request'],
    ['an unknown field', { ...reservation, vip: true }, 400, 'invalid-request'],
    ['a negative amount', { ...reservation, amount: -1 }, 422, 'out-of-range'],
  ])('refuses %s', async (_, body, status, problem) => {
    await given(...lot(registered))
      .when('POST', RESERVATIONS, body)
      .thenRefused(status, problem);
  });

  test('refuses when the lot has changed since the client read it', () =>
    given(...lot(registered))
      .when('POST', RESERVATIONS, reservation, { 'If-Match': '"7"' })
      .thenRefused(412, 'precondition-failed'));
});

describe('DELETE /parking/lots/{lotId}/reservations/{reservationId}', () => {
  test('cancels the reservation', () =>
    given(...lot(registered, reserved))
      .when('DELETE', `${RESERVATIONS}/r1`)
      .thenAnswered(200, { reservationId: 'r1', status: 'canceled' }, ...lot(canceled)));

  test('refuses a second time', () =>
    given(...lot(registered, reserved, canceled))
      .when('DELETE', `${RESERVATIONS}/r1`)
      .thenRefused(409, 'already-canceled'));
});

describe('with sign-in', () => {
  const signedIn = apiSpecification(writeSide, {
    callers: { kim: callerOf('CUST1', 'customer'), lee: callerOf('CUST2', 'customer') },
  });
  const as = (name: string) => ({ Authorization: `Bearer ${name}` });
  const cancel = (headers: Record<string, string>) =>
    signedIn.given(...lot(registered, reserved)).when('DELETE', `${RESERVATIONS}/r1`, undefined, headers);

  test('a customer cancels an own reservation', () =>
    cancel(as('kim')).thenAnswered(200, { status: 'canceled' }, ...lot(canceled)));

  test('another’s reservation is not there', () => cancel(as('lee')).thenRefused(404, 'not-found'));

  test('nobody is asked to sign in', () => cancel({}).thenRefused(401, 'unauthenticated'));
});
