import { expect, test } from 'vitest';
import { ticketAt } from './tickets.ts';

test('the text of a scanned ticket names the reservation', () => {
  expect(ticketAt('https://plaza.example/app/cinema/showings/s-1/reservations/r-1')).toBe(
    '/cinema/showings/s-1/reservations/r-1',
  );
  expect(ticketAt('http://localhost:8088/app/screening/s-1/bookings/b-1')).toBe('/screening/slots/s-1/bookings/b-1');
  for (const text of ['12가3456', 'https://plaza.example/app/cinema', 'https://plaza.example/view/cinema/movies'])
    expect(ticketAt(text)).toBeUndefined();
});
