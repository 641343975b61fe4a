import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call } from '../support/plaza.ts';
import { button, fieldIs, inBrowser, input, openBrowser, openStage, type Stage, shows, submit } from './stage.ts';

inBrowser('the page for staff', () => {
  let stage: Stage;

  const open = async (path: string, options: Parameters<typeof openBrowser>[1] = {}): Promise<Page> => {
    const page = await openBrowser(stage.url, options);
    await page.goto(path);
    return page;
  };
  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.end());

  test('the car park’s walk-through by mouse', async () => {
    const page = await open('/');
    await page.getByRole('link', { name: 'Car park', exact: true }).first().click();
    await page.evaluate('globalThis.stayed = true');
    for (const [id, name, spots] of [
      ['1', '정자역', '5'],
      ['2', '서현역', '0'],
    ] as const) {
      await button(page, 'Open a lot').click();
      await input(page, 'Name').first().fill(name);
      await input(page, 'Spots').fill(spots);
      await page.getByText('Choose the id').click();
      await input(page, 'Lot').fill(id);
      await submit(page, 'Open a lot').click();
      await page.getByRole('row', { name }).waitFor();
      await page.getByRole('dialog').waitFor({ state: 'hidden' });
    }

    await page.getByRole('link', { name: '서현역' }).click();
    await button(page, 'Reserve').click();
    await input(page, 'Customer').fill('CUST1');
    await input(page, 'Car').fill('10더8612');
    await input(page, 'Amount').fill('5000');
    await submit(page, 'Reserve').click();
    await shows(page, 'No spot is free in the lot');
    await submit(page, 'Back').click();
    const history = () => call<{ items: unknown[] }>(stage.url, 'GET', '/parking/lots/2/history');
    await expect.poll(async () => (await history()).body.items).toHaveLength(1);

    await page.getByRole('link', { name: 'Car park', exact: true }).first().click();
    await page.getByRole('link', { name: '정자역' }).click();
    await button(page, 'Reserve').click();
    await input(page, 'Customer').fill('CUST1');
    await input(page, 'Car').fill('10더8612');
    await input(page, 'Amount').fill('5000');
    await submit(page, 'Reserve').click();
    await fieldIs(page, 'Free', '4');
    await shows(page, 'Coupon issued to CUST1');

    const reserved = page.getByRole('row', { name: /10더8612/ });
    await reserved.getByRole('button', { name: 'More actions', exact: true }).click();
    await reserved.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('dialog').getByText('Frees the spot of 10더8612').waitFor();
    await submit(page, 'Cancel').click();
    await fieldIs(page, 'Free', '5');
    await shows(page, 'Coupon of CUST1 revoked');
    const types = ['CouponRevoked', 'ReservationCanceled', 'CouponIssued', 'ParkingReserved', 'LotRegistered'];
    await expect.poll(() => page.locator('table.history summary').allTextContents()).toEqual(types);

    await page.getByRole('link', { name: 'Overview' }).first().click();
    await shows(page, '10더8612 reserved 정자역, 4 free');
    await shows(page, 'CUST1 cancelled at 정자역, 5 free');
    expect(await page.evaluate('globalThis.stayed')).toBe(true);
  });
});
