import { expect, test } from 'vitest';
import { CUSTOMER, confirmed, fits, isAccessible, keyboardOf, onPhone } from '../../browser/phone.ts';
import { button, shows, violations, violationsInAll } from '../../browser/stage.ts';

onPhone('the food court for customers', (phone) => {
  const { command, open } = phone;

  const registerShop = async (shopId: string, name: string) => {
    await command('POST', '/food-court/shops', { shopId, name });
    for (const [menuId, dish, price, available] of [
      ['m1', '참치김밥', 4500, true],
      ['m2', '떡볶이', 5000, true],
      ['m3', '모둠튀김', 5500, false],
    ])
      await command('PUT', `/food-court/shops/${shopId}/menu/${menuId}`, { name: dish, price, available });
  };
  const placeOrder = (shopId: string, orderId: string) =>
    command('POST', `/food-court/shops/${shopId}/orders`, {
      orderId,
      customerId: CUSTOMER,
      lines: [{ menuId: 'm1', qty: 1 }],
    });
  const step = (order: string, resource: string, body = {}) => command('POST', `${order}/${resource}`, body);

  test('an order from the menu shows its call number and each step until it is picked up', async () => {
    await registerShop('s1', '정자 분식');
    const page = await open('/app/food-court');
    await page.getByRole('link', { name: /정자 분식/ }).click();
    await shows(page, '품절');
    await button(page, '참치김밥 담기').click();
    await button(page, '참치김밥 담기').click();
    await button(page, '떡볶이 담기').click();
    await shows(page, '떡볶이 1, 참치김밥 2');
    await page.reload();
    await shows(page, '떡볶이 1, 참치김밥 2');
    await button(page, '떡볶이 빼기').click();
    await shows(page, '9,000원');
    await fits(page);
    await button(page, '2개 주문하기').click();
    await page.locator('.call', { hasText: /호출 번호1/ }).waitFor();
    await fits(page);
    const current = (words: string) => page.locator('.steps [aria-current]', { hasText: words }).waitFor();
    await current('주문 완료');
    const order = new URL(page.url()).pathname.replace('/app/food-court/', '/food-court/shops/');
    await step(order, 'acceptance');
    await current('접수');
    await expect.poll(() => button(page, '주문 취소').count()).toBe(0);
    await step(order, 'cooking');
    await current('조리 중');
    await step(order, 'completion');
    await current('준비 완료');
    await shows(page, '음식이 나왔어요');
    expect(await violations(page)).toEqual([]);
    await step(order, 'pickup');
    await shows(page, '수령 완료');

    await page.goto('/app/tickets');
    await page.getByRole('link', { name: /정자 분식 · 1번/ }).waitFor();
    await page.goto('/app');
    await page.getByRole('link', { name: /정자 분식.*대기 없음.*약 \d+분/ }).waitFor();
  });

  test('a rejected order shows its reason, and one that the shop has not accepted can be cancelled', async () => {
    await registerShop('s2', '교동 짬뽕');
    await placeOrder('s2', 'o1');
    const page = await open('/app/food-court/s2/orders/o1');
    await shows(page, '주문 완료');
    await step('/food-court/shops/s2/orders/o1', 'rejection', { reason: '재료가 떨어졌습니다' });
    await shows(page, '재료가 떨어졌습니다');
    await shows(page, '주문 거절');
    await placeOrder('s2', 'o2');
    await page.goto('/app/food-court/s2/orders/o2');
    await confirmed(page, '주문 취소');
    await shows(page, '취소됨');
    await page.getByRole('link', { name: '이 매장에서 다시 주문하기' }).click();
    await button(page, '참치김밥 담기').waitFor();
  });

  test('an order at a price that has changed is refused with the new total', async () => {
    await registerShop('s3', '명동 칼국수');
    const page = await open('/app/food-court/s3');
    await button(page, '참치김밥 담기').click();
    await page.route('**/menu?*', (route) => route.abort());
    await command('PUT', '/food-court/shops/s3/menu/m1', { name: '참치김밥', price: 4700, available: true });
    await button(page, '1개 주문하기').click();
    await shows(page, '가격이 4,700원으로 바뀌었습니다');
    await page.unroute('**/menu?*');
    await page.locator('.total', { hasText: '4,700원' }).waitFor();
    await button(page, '1개 주문하기').click();
    await page.locator('.call').waitFor();
  });

  test('by keyboard alone', async () => {
    await registerShop('s4', '경양식 돈까스');
    const page = await open('/app/food-court');
    const press = keyboardOf(page);
    await press(page.getByRole('link', { name: /경양식 돈까스/ }));
    await press(button(page, '떡볶이 담기'));
    await press(button(page, '1개 주문하기'));
    await page.locator('.call').waitFor();
    await press(button(page, '주문 취소'));
    await press(page.getByRole('dialog').getByRole('button', { name: '주문 취소' }));
    await shows(page, '취소됨');
  });

  test('the board calls what is ready, the longest waiting on every page', async () => {
    await registerShop('s6', '홍콩 반점');
    const calls = 26;
    for (let order = 1; order <= calls; order++) {
      await placeOrder('s6', `b${order}`);
      for (const resource of ['acceptance', 'cooking', 'completion'])
        await step(`/food-court/shops/s6/orders/b${order}`, resource);
    }
    const page = await phone.openNew('/app/board', { viewport: { width: 1440, height: 900 } });
    const call = (number: number) => page.locator('.calls li', { hasText: new RegExp(`^${number}홍콩 반점$`) });
    for (const turn of ['1/2페이지, 총 26건', '2/2페이지, 총 26건']) {
      await shows(page, turn);
      await call(1).waitFor();
      const below = await page.evaluate<number>('document.documentElement.scrollHeight - innerHeight');
      expect(below, turn).toBeLessThanOrEqual(0);
    }
    await call(calls).waitFor();
    await fits(page);
    expect(await violationsInAll(page, () => call(1).waitFor())).toEqual([]);
    for (let order = 1; order <= calls; order++) await step(`/food-court/shops/s6/orders/b${order}`, 'pickup');
    await shows(page, '수령 대기 중인 주문이 없습니다.');
  });

  test('a kiosk takes an order without a customer and returns to its start', async () => {
    await registerShop('s7', '한상 백반');
    const page = await phone.openNew('/app/kiosk');
    await button(page, 'English').waitFor();
    expect(await violationsInAll(page, () => shows(page, '한상 백반'))).toEqual([]);
    await page.getByRole('button', { name: /한상 백반/ }).click();
    await button(page, '참치김밥 담기').tap();
    await fits(page);
    expect(await violations(page)).toEqual([]);
    await button(page, '1개 주문하기').tap();
    await page.locator('.call', { hasText: /호출 번호1/ }).waitFor();
    expect(await violations(page)).toEqual([]);
    await shows(page, '매장을 고르세요');
    await page.getByRole('button', { name: /한상 백반/ }).click();
    await button(page, '참치김밥 담기').waitFor();
    expect(await button(page, '참치김밥 빼기').count()).toBe(0);
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage, ...localStorage })')).not.toContain('한상');
  });

  test('axe finds nothing in either language, light or dark', async () => {
    await registerShop('s5', '남산 돈까스');
    await placeOrder('s5', 'o1');
    await isAccessible(phone, [
      ['/app/food-court', '남산 돈까스', '남산 돈까스'],
      ['/app/food-court/s5', '품절', 'Sold out'],
      ['/app/food-court/s5/orders/o1', '호출 번호', 'Call number'],
    ]);
  });
});
