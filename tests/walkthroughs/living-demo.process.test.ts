import { describe, expect, test } from 'vitest';
import { testLivingDemo } from '../support/living-demo.ts';
import { call, openPlaza, temporaryData } from '../support/plaza.ts';

describe('the living demo of one context', () =>
  testLivingDemo(
    { PLAZA_CONTEXTS: 'bike-rental' },
    { '/bike-rental/bikes': 30, '/bike-rental/bikes?status=in-use': 5, '/bike-rental/deposits': 10 },
    '/bike-rental/bikes/demo-bike-01',
  ));

test('a Plaza with other data is never filled', async () => {
  const own = temporaryData();
  const other = await openPlaza({ PLAZA_DATA: own.folder, PLAZA_CONTEXTS: 'parking' });
  await call(other.url, 'POST', '/parking/lots', { lotId: 'real', name: '정자역', spots: 5 });
  expect((await call(other.url, 'GET', '/operations/demo')).body).toEqual({ state: 'unavailable' });
  expect(await call(other.url, 'POST', '/operations/demo')).toMatchObject({
    status: 409,
    body: { type: '/problems/demo-unavailable' },
  });
  await other.close();
  own.remove();
});
