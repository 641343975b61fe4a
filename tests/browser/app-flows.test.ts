import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildPage } from '../../web/build.ts';
import { call, eventually, type Program, startProgram, temporaryData, viewsAreBuilt } from '../support/plaza.ts';
import { findChromium, launch } from './chromium.ts';
import { faultsOf, openBrowser, tabTo, violations } from './stage.ts';

const chromium = findChromium();
if (!chromium)
  console.warn('The page for customers is not tested: there is no Chromium (apt-get install chromium-headless-shell).');

describe.skipIf(!chromium)('the page for customers (needs Chromium)', () => {
  const data = temporaryData();
  let plaza: Program;
  let browser: Awaited<ReturnType<typeof launch>>;
  const pages: Page[] = [];

  const PHONE = { locale: 'ko-KR', viewport: { width: 360, height: 740 }, hasTouch: true };
  const CUSTOMER = 'kim-minji';

  /** Opens a page as a phone that remembers its demo customer. */
  const open = async (path: string, options: Parameters<typeof openBrowser>[2] = {}, who = CUSTOMER): Promise<Page> => {
    const page = await openBrowser(browser, plaza.url, { ...PHONE, ...options });
    pages.push(page);
    await page.addInitScript(`localStorage['plaza.customer'] ??= '${who}'`);
    await page.goto(path);
    return page;
  };
  const command = (method: string, path: string, body: object = {}) =>
    eventually(
      () => call(plaza.url, method, path, body),
      ({ status }) => status !== 503,
    );
  const registerLot = (lotId: string, name: string, spots: number, price = 5000) =>
    command('POST', '/parking/lots', { lotId, name, spots, price, arriveWithin: 30 });
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
  const confirmed = async (page: Page, name: string) => {
    await button(page, name).click();
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
  };
  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
  /** Fails when the page is wider than the screen. */
  const fits = async (page: Page) =>
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

  beforeAll(async () => {
    [plaza, browser] = await Promise.all([
      buildPage().then(() => startProgram('all-in-one', { PLAZA_DATA: data.folder })),
      launch(chromium ?? ''),
    ]);
    await viewsAreBuilt(plaza.url);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await plaza?.end('SIGTERM');
    data.remove();
  });
  afterEach(() => {
    for (const page of pages.splice(0)) expect(faultsOf(page)).toEqual([]);
  });

  test('a visitor chooses a demo customer, and the device remembers it', async () => {
    await registerLot('home', '수내역 주차장', 3);
    const page = await openBrowser(browser, plaza.url, PHONE);
    pages.push(page);
    await page.goto('/app');
    await button(page, '이준호 lee-junho').click();
    await shows(page, '수내역 주차장');
    await page.reload();
    await shows(page, '이준호 님');
    await fits(page);
  });

  test('parking: a spot at the shown price, a changed price, a coupon, arrival, departure', async () => {
    await registerLot('p1', '판교역 주차장', 4);
    const page = await open('/app/parking/p1');
    await page.getByLabel('차량 번호').fill('12가 3456');
    await shows(page, '₩5,000');
    await page.route('**/parking/lots/p1', (route) => route.abort());
    await command('PATCH', '/parking/lots/p1', { price: 6000 });
    await button(page, '예약하기').click();
    await shows(page, '가격이 ₩6,000로 바뀌었습니다');
    await page.unroute('**/parking/lots/p1');
    await page.locator('.total', { hasText: '₩6,000' }).waitFor();
    await button(page, '예약하기').click();
    await shows(page, '입차까지');
    await button(page, '입차하기').click();
    await shows(page, '주차 중');
    await shows(page, '출차는 주차장에서 기록합니다.');
    const reservation = new URL(page.url()).pathname.replace('/app/parking/', '/parking/lots/');
    expect((await command('POST', `${reservation}/departure`)).status).toBe(200);
    await shows(page, '출차 완료');

    await page.goto('/app/parking/p1');
    await expect.poll(() => page.getByLabel('차량 번호').inputValue()).toBe('12가 3456');
    await page.getByLabel('쿠폰').selectOption({ label: '₩1,000 할인' });
    await page.locator('.total', { hasText: '₩5,000' }).waitFor();
    await button(page, '예약하기').click();
    await shows(page, '쿠폰 할인');
    await confirmed(page, '예약 취소');
    await shows(page, '취소됨');
    await fits(page);
  });

  test('parking: a full lot has a waiting list, and an offer is accepted', async () => {
    await registerLot('full', '정자역 주차장', 1);
    const other = { customerId: 'other', carNumber: '99하9999', amount: 5000 };
    await command('POST', '/parking/lots/full/reservations', { reservationId: 'o', ...other });
    const page = await open('/app/parking/full');
    await button(page, '대기하기').click();
    await shows(page, '내 순서');
    await command('DELETE', '/parking/lots/full/reservations/o');
    await shows(page, '자리가 났습니다');
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('차량 번호').fill('34나5678');
    await button(page, '이 자리 예약하기').click();
    await shows(page, '예약됨');
  });

  test('parking by keyboard alone', async () => {
    await registerLot('keys', '서현역 주차장', 2);
    const page = await open('/app/parking');
    const lot = page.getByRole('link', { name: /서현역 주차장/ });
    await lot.waitFor();
    await tabTo(page, lot);
    await page.keyboard.press('Enter');
    const car = page.getByLabel('차량 번호');
    await car.waitFor();
    await tabTo(page, car);
    await page.keyboard.insertText('56다7890');
    await page.keyboard.press('Enter');
    await button(page, '예약 취소').waitFor();
    await tabTo(page, button(page, '예약 취소'));
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await tabTo(page, page.getByRole('dialog').getByRole('button', { name: '예약 취소' }));
    await page.keyboard.press('Enter');
    await shows(page, '취소됨');
  });
});
