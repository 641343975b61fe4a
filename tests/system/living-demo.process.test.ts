import { describe } from 'vitest';
import { testLivingDemo } from '../support/living-demo.ts';

describe('the living demo of every context', () =>
  testLivingDemo(
    {},
    {
      '/parking/lots': 30,
      '/parking/reservations': 200,
      '/parking/reservations?status=completed': 50,
      '/screening/slots': 200,
      '/screening/bookings': 200,
      '/food-court/shops': 28,
      '/cinema/reservations?status=confirmed': 60,
      '/bike-rental/bikes': 30,
      '/bike-rental/bikes?status=in-use': 5,
      '/bike-rental/deposits': 10,
    },
    '/parking/lots/demo-lot-1',
  ));
