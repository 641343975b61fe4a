import { expect, test } from 'vitest';
import { confirmed, fits, onPhone } from './phone.ts';
import { button, shows } from './stage.ts';

onPhone('the page for customers', (phone) => {
  const { command, open, openNew } = phone;
  const registerLot = (lotId: string, name: string, spots: number, price = 5000) =>
    command('POST', '/parking/lots', { lotId, name, spots, price, arriveWithin: 30 });

  test('a visitor chooses a demo customer, and the device remembers it', async () => {
    await registerLot('home', '수내역 주차장', 3);
    const page = await openNew('/app');
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
    await shows(page, '5,000원');
    await page.route('**/parking/lots/p1', (route) => route.abort());
    await command('PATCH', '/parking/lots/p1', { price: 6000 });
    await button(page, '예약하기').click();
    await shows(page, '가격이 6,000원으로 바뀌었습니다');
    await page.unroute('**/parking/lots/p1');
    await page.locator('.total', { hasText: '6,000원' }).waitFor();
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
    await page.getByLabel('쿠폰').selectOption({ index: 1 });
    await page.locator('.total', { hasText: '5,000원' }).waitFor();
    await button(page, '예약하기').click();
    await shows(page, '쿠폰 할인');
    await confirmed(page, '예약 취소');
    await shows(page, '취소됨');
    await fits(page);
    await page.getByRole('link', { name: '다시 예약하기' }).click();
    await button(page, '예약하기').waitFor();
  });
});
