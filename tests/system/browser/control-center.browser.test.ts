import { buffer } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectEventStore, disconnectEventStore } from '../../../platform/event-store/client.ts';
import { leases } from '../../../platform/subscriptions/leases.ts';
import { park } from '../../../platform/subscriptions/parked.ts';
import { storedEvent } from '../../../platform/subscriptions/testing.ts';
import { rebuild } from '../../../projections/kernel/rebuild.ts';
import { coupons } from '../../../projections/parking/coupons.ts';
import {
  button,
  field,
  fieldIs,
  inBrowser,
  input,
  openBrowser,
  openStage,
  type Stage,
  shows,
  submit,
  tabTo,
  violations,
} from '../../browser/stage.ts';
import { call, eventually } from '../../support/plaza.ts';

inBrowser('the control centre', () => {
  let stage: Stage;

  const open = async (path: string, options: Parameters<typeof openBrowser>[1] = {}): Promise<Page> => {
    const page = await openBrowser(stage.url, options);
    await page.goto(path);
    return page;
  };
  /** Gives a command, repeated while Plaza is too busy to accept it. */
  const command = (method: string, path: string, body: object = {}) =>
    eventually(
      () => call(stage.url, method, path, body),
      ({ status }) => status !== 503,
    );
  const registerLot = (lotId: string, name: string, spots: number) =>
    command('POST', '/parking/lots', { lotId, name, spots });
  const reserve = (lotId: string, reservationId: string, carNumber = `car-${reservationId}`) =>
    command('POST', `/parking/lots/${lotId}/reservations`, {
      reservationId,
      customerId: 'CUST1',
      carNumber,
      amount: 5000,
    });

  beforeAll(async () => {
    stage = await openStage();
  });
  afterAll(() => stage?.end());

  test('the car park’s walk-through by keyboard alone, in Korean', async () => {
    await registerLot('keys', '판교역', 1);
    const page = await open('/', { locale: 'ko-KR' });
    const keys = page.keyboard;
    const lot = page.getByRole('link', { name: '판교역', exact: true });
    await lot.waitFor();
    await tabTo(page, lot);
    await keys.press('Enter');
    await button(page, '예약하기').waitFor();

    const fill = async (car: string) => {
      await tabTo(page, button(page, '예약하기'));
      await keys.press('Enter');
      await input(page, '고객').waitFor();
      await tabTo(page, input(page, '고객'));
      await keys.insertText('CUST2');
      await tabTo(page, input(page, '차량 번호'));
      await keys.insertText(car);
      await tabTo(page, input(page, '금액'));
      await keys.type('5000');
      await keys.press('Enter');
    };
    await fill('20가1234');
    await fieldIs(page, '남음', '0');
    await fill('30나5678');
    await shows(page, '남은 주차면이 없습니다');
    await keys.press('Escape');

    const row = page.getByRole('row', { name: /20가1234/ });
    await tabTo(page, row.getByRole('button', { name: '더 보기', exact: true }));
    await keys.press('Enter');
    await tabTo(page, row.getByRole('button', { name: '예약 취소', exact: true }));
    await keys.press('Enter');
    await submit(page, '예약 취소').waitFor();
    await tabTo(page, submit(page, '예약 취소'));
    await keys.press('Enter');
    await fieldIs(page, '남음', '1');
    await shows(page, 'CUST2 쿠폰 회수');
  });

  test('two browsers see each other’s changes within a second', async () => {
    await registerLot('two', '수내역', 100);
    const [one, other] = await Promise.all([open('/view/parking/lots/two'), open('/')]);
    await other.locator('[data-context="parking"]').getByText('100 of 100 free').waitFor();
    const took: number[] = [];
    for (let times = 1; times <= 5; times++) {
      await button(one, 'Reserve').click();
      await input(one, 'Customer').fill('CUST3');
      await input(one, 'Car').fill(`car-${times}`);
      await input(one, 'Amount').fill('1000');
      const answered = one.waitForResponse((response) => response.request().method() === 'POST');
      await submit(one, 'Reserve').click();
      await answered;
      const began = performance.now();
      await other
        .locator('[data-context="parking"]')
        .getByText(`${100 - times} of 100 free`)
        .waitFor();
      await shows(other, `car-${times} reserved 수내역, ${100 - times} free`);
      took.push(performance.now() - began);
      await one.getByRole('dialog').waitFor({ state: 'detached' });
    }
    // The fastest counts: on a busy machine single ones may be delayed.
    expect(Math.min(...took)).toBeLessThan(10_000);
  });

  test('a hostile name is text', async () => {
    const name = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    await registerLot('hostile', name, 2);
    await reserve('hostile', 'h1', '<img src=x onerror=1');
    for (const path of [
      '/',
      '/view/parking/lots',
      '/view/parking/lots/hostile',
      '/view/parking/lots/hostile/reservations/h1',
    ]) {
      const page = await open(path);
      await shows(page, '<img src=x');
      expect(await page.locator('img').count()).toBe(0);
      expect(await page.title()).toMatch(/Plaza$/);
    }
    const policy = (await fetch(`${stage.url}/`)).headers.get('Content-Security-Policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain('unsafe');
  });

  test('lists are filtered, sorted and paged, each with a URL that can be opened again', async () => {
    await registerLot('long', '모란역', 100);
    await Promise.all(Array.from({ length: 60 }, (_, at) => reserve('long', `l${String(at).padStart(2, '0')}`)));
    await command('DELETE', '/parking/lots/long/reservations/l07');
    const page = await open('/view/parking/reservations?lotId=long&status=reserved');
    await eventually(
      () => page.locator('tbody tr').count(),
      (rows) => rows === 50,
    );
    await button(page, 'Next page').click();
    await eventually(
      () => page.locator('tbody tr').count(),
      (rows) => rows === 9,
    );
    const again = await open(page.url().slice(stage.url.length));
    await eventually(
      () => again.locator('tbody tr').count(),
      (rows) => rows === 9,
    );
    await page.goBack();
    await eventually(
      () => page.locator('tbody tr').count(),
      (rows) => rows === 50,
    );
    await page.getByLabel('Status').selectOption('canceled');
    await eventually(
      () => page.locator('tbody tr').count(),
      (rows) => rows === 1,
    );
    await shows(page, 'l07');
    expect(new URL(page.url()).searchParams.get('status')).toBe('canceled');
    await page.goto('/view/parking/lots');
    await button(page, 'Free').click();
    await page.locator('th[aria-sort="ascending"]', { hasText: 'Free' }).waitFor();
    expect(new URL(page.url()).searchParams.get('sort')).toBe('free');
  });

  test('a report shows what happened today, and is downloaded as CSV', async () => {
    await registerLot('reported', '통계 주차장', 4);
    const car = { reservationId: 'r-1', customerId: 'CUST1', carNumber: 'car-r-1', amount: 5123 };
    await command('POST', '/parking/lots/reported/reservations', car);
    const page = await open('/view/parking/lots');
    await page.getByRole('link', { name: 'Report', exact: true }).click();
    await page.getByRole('heading', { name: 'Car park: Report' }).waitFor();
    const today = page.getByRole('row').nth(1);
    await expect.poll(() => today.getByRole('cell').nth(1).textContent()).toMatch(/^[1-9]/);
    expect(await today.getByRole('cell').nth(4).textContent()).toMatch(/^₩[\d,]*\d,123$/);
    expect(await violations(page)).toEqual([]);
    const [file] = await Promise.all([page.waitForEvent('download'), button(page, 'Download CSV').click()]);
    expect(file.suggestedFilename()).toBe('parking-day.csv');
    const rows = (await buffer(await file.createReadStream())).toString().split('\r\n');
    expect(rows[0]).toBe('\ufeffstart,occupancy,taken,capacity,bookings,cancellations,noShows,revenue,refunds');
    expect(rows).toHaveLength(33);
    await page.getByLabel('By', { exact: true }).selectOption('hour');
    await page.getByRole('columnheader', { name: 'Hour' }).waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThan(24);
  });

  test('a long list shows only its current page', async () => {
    await registerLot('crowd', '분당선', 5);
    const documents = Array.from({ length: 5000 }, (_, at) => {
      const reservationId = `c${String(at).padStart(4, '0')}`;
      const reservedAt = new Date(Date.UTC(2026, 0, 1) + at * 1000).toISOString();
      const ids = { lotId: 'crowd', reservationId, customerId: 'CUST9', carNumber: `car-${at}` };
      return { _position: '0', ...ids, amount: 5000, status: 'reserved', reservedAt };
    });
    await stage.db.collection('parking.reservations').insertMany(documents);
    const page = await open('/view/parking/reservations?lotId=crowd');
    const elements = () => page.evaluate<number>("document.querySelectorAll('*').length");
    for (const first of ['car-4999', 'car-4949', 'car-4899', 'car-4849']) {
      await page.locator('tbody tr').first().getByText(first).waitFor();
      expect(await page.locator('tbody tr').count()).toBe(50);
      expect(await elements()).toBeLessThan(1500);
      await button(page, 'Next page').click();
    }
  });

  test('a change of a slot’s session sends only that, so that its capacity follows', async () => {
    const sessions = [
      { at: '09:00', capacity: 2 },
      { at: '13:30', capacity: 1 },
    ];
    await command('POST', '/screening/slots', {
      slotId: 'halves',
      hospitalName: '반일병원',
      date: '2030-01-31',
      sessions,
    });
    const page = await open('/view/screening/slots/halves');
    const section = page.getByRole('navigation', { name: 'Sections' }).locator('[aria-current]');
    await section.getByText('Health screening').waitFor();
    expect(await section.getAttribute('aria-current')).toBe('true');
    await button(page, 'Change the slot').click();
    await page.getByRole('dialog').getByRole('spinbutton', { name: 'Places' }).nth(2).fill('5');
    await submit(page, 'Change the slot').click();
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await fieldIs(page, 'Sessions', '09:00 2/2, 13:30 5/5');
  });

  test('a cause in a history leads to everything that happened for the same reason', async () => {
    await registerLot('caused', '이유역', 2);
    await reserve('caused', 'why', '77고7777');
    const page = await open('/view/parking/coupons/caused.why');
    await page
      .locator('table.history')
      .getByRole('link', { name: /^event/ })
      .click();
    await page.getByRole('heading', { name: 'Cause and effect' }).waitFor();
    const effect = page.locator('.causes > li', { hasText: '77고7777 reserved' }).locator('ul > li');
    await effect.getByText('Coupon issued to CUST1').waitFor();
    await effect.getByText(/^parking\.coupons/).waitFor();
    expect(await violations(page)).toEqual([]);
  });

  test('a used coupon names the reservation that it was used on', async () => {
    await registerLot('used', '이매역', 2);
    await reserve('used', 'u1');
    const coupon = () => call(stage.url, 'GET', '/parking/coupons/used.u1');
    await eventually(coupon, ({ status }) => status === 200);
    const body = { reservationId: 'u2', customerId: 'CUST1', carNumber: 'car-u2', amount: 5000, couponId: 'used.u1' };
    await command('POST', '/parking/lots/used/reservations', body);
    const page = await open('/view/parking/coupons/used.u1');
    await fieldIs(page, 'Used on reservation', 'u2');
    await field(page, 'Used on reservation').getByRole('link').click();
    await fieldIs(page, 'Coupon', 'used.u1');
  });

  test('an order goes through the kitchen, and the board calls it', async () => {
    await command('POST', '/food-court/shops', { shopId: 'kim', name: '김밥나라' });
    await command('PUT', '/food-court/shops/kim/menu/gimbap', { name: '김밥', price: 4000, available: true });
    const board = await open('/board', { viewport: { width: 1920, height: 1080 } });
    await shows(board, 'No order is waiting.');
    const page = await open('/view/food-court/shops/kim');
    await button(page, 'IDs').first().click();
    await button(page, 'Put on the menu').first().click();
    await input(page, 'Name').fill('라면');
    await input(page, 'Price').fill('4500');
    await submit(page, 'Put on the menu').click();
    await page.getByRole('cell', { name: '₩4,500', exact: true }).waitFor();
    await page.getByRole('cell', { name: 'gimbap', exact: true }).waitFor();
    await button(page, 'Order').click();
    await input(page, 'Customer').fill('CUST4');
    await input(page, 'Item').first().selectOption('gimbap');
    await input(page, 'Quantity').fill('2');
    await page.getByText('Choose the id').click();
    await input(page, 'Order').last().fill('712');
    await submit(page, 'Order').click();
    const row = page.getByRole('row', { name: /712/ });
    await row.getByText('₩8,000').waitFor();
    for (const step of ['Accept', 'Start cooking', 'Ready']) await row.getByRole('button', { name: step }).click();
    await board.getByRole('listitem').getByText('1', { exact: true }).waitFor();
    const height = await board
      .locator('.calls strong')
      .first()
      .evaluate((element) => element.getBoundingClientRect().height);
    expect(height).toBeGreaterThan(1080 / 10);
    await row.getByRole('button', { name: 'Picked up' }).click();
    await shows(board, 'No order is waiting.');
  });

  test('operators inspect parked events, replay one, discard one, and replay a view until its switch', async () => {
    await registerLot('parked', '오리역', 3);
    await eventually(
      () => call(stage.url, 'GET', '/parking/lots/parked'),
      ({ status }) => status === 200,
    );
    await stage.db.collection('parking.lots').updateOne({ lotId: 'parked' }, { $set: { name: 'wrong' } });
    const member = { name: 'parking.lots', view: 'parking.lots', onPoison: 'park' } as const;
    const reserved = (at: number, lotId: string) =>
      storedEvent(at, 'ParkingReserved', { lotId, carNumber: '<b>10더8612</b>' }, `parkingLot-${lotId}`);
    await park(stage.db, member, reserved(1, 'nowhere'), 'a lot that was never registered');
    await park(stage.db, member, reserved(2, 'parked'), 'too long for an index');
    const page = await open('/view/operations');
    const parked = page.locator('section', { has: page.locator('#parked') });
    const one = parked.getByRole('row', { name: /never registered/ });
    await one.getByText('ParkingReserved', { exact: true }).click();
    await one.getByText('<b>10더8612</b>').waitFor();
    await one.getByRole('button', { name: 'Discard' }).click();
    await one.getByText('discarded', { exact: true }).waitFor();
    const other = parked.getByRole('row', { name: /too long for an index/ });
    await other.getByRole('button', { name: 'Handle again' }).click();
    await other.waitFor({ state: 'detached' });
    const { body } = await call(stage.url, 'GET', '/parking/lots/parked');
    expect(body).toMatchObject({ name: '오리역' }); // folded again from its events

    const row = page.getByRole('row', { name: /^parking\.lots/ });
    await row.getByText('live').waitFor();
    await row.getByRole('button', { name: 'Replay' }).click();
    await row.getByText(/switched at .*, \d+ events/).waitFor();
  });

  test('operators stop a replay', async () => {
    const client = connectEventStore(stage.eventStoreUrl);
    const held = Promise.withResolvers<boolean>();
    const { signal } = new AbortController();
    const other = rebuild({ client, db: stage.db, projections: [coupons], signal, isNeeded: () => held.promise });
    await eventually(
      () => leases(stage.db).countDocuments({ _id: 'parking.coupons@next' }),
      (count) => count === 1,
    );
    const page = await open('/view/operations');
    const row = page.getByRole('row', { name: /^parking\.coupons/ }).first();
    await row.getByRole('button', { name: 'Replay' }).click(); // it waits for the other replay
    await row.getByRole('progressbar').waitFor();
    await row.getByRole('button', { name: 'Stop' }).click();
    await row.getByText('stopped', { exact: true }).waitFor();
    await row.getByRole('button', { name: 'Replay' }).waitFor();
    held.resolve(true);
    await other;
    await disconnectEventStore(client);
  });

  test('during an outage of the read API the page says so, and misses nothing afterwards', async () => {
    await registerLot('gap', '야탑역', 200);
    const page = await open('/');
    await shows(page, '야탑역 opened with 200 spots');
    await stage.stop('readApi');
    for (let at = 0; at < 60; at++) await reserve('gap', `g${at}`);
    await page
      .locator('[data-warning="disconnected"]')
      .getByText(/has not answered for \d+ sec/)
      .waitFor();
    await stage.start('readApi');
    await page.locator('[data-warning]').first().waitFor({ state: 'detached' });
    const history = await call<{ items: { position: string }[] }>(
      stage.url,
      'GET',
      '/parking/lots/gap/history?sort=-position&limit=80',
    );
    const happened = history.body.items.map(({ position }) => position);
    const shown = () =>
      page.locator('.stream li').evaluateAll((lines) => lines.map((line) => line.getAttribute('data-position')));
    await eventually(shown, (positions) => happened.slice(0, 60).every((position) => positions.includes(position)));
    const positions = await shown();
    expect(new Set(positions).size).toBe(positions.length);
    expect(positions.filter((position) => happened.includes(position!))).toEqual(happened.slice(0, positions.length));
  });

  test('without the write side the page still answers, warns, and refuses in words', async () => {
    await registerLot('quiet', '미금역', 3);
    const page = await open('/view/parking/lots/quiet');
    await fieldIs(page, 'Free', '3');
    await stage.stop('writeSide');
    await button(page, 'Reserve').click();
    await input(page, 'Customer').fill('CUST5');
    await input(page, 'Car').fill('car-quiet');
    await input(page, 'Amount').fill('1');
    await submit(page, 'Reserve').click();
    await page.getByRole('dialog').getByText('The write side does not answer').waitFor();
    await page.locator('[data-warning="commands"]').getByText('Queries still work').waitFor();
    await page.goto('/');
    await page.locator('[data-context="parking"]').getByRole('link', { name: '미금역' }).waitFor();
    await page.locator('[data-warning="commands"]').waitFor();
    await stage.start('writeSide');
    await page.locator('[data-warning="commands"]').waitFor({ state: 'detached' });
  });

  test('a list that is opened during an outage fills as soon as the read API is back', async () => {
    await registerLot('late', '서현역', 3);
    const page = await open('/view/parking/coupons');
    await page.getByRole('heading', { name: 'Coupons', exact: true }).waitFor();
    await stage.stop('readApi');
    await page.getByRole('link', { name: 'Lots', exact: true }).click();
    await page.locator('.list .refused').waitFor();
    await page.evaluate('globalThis.stayed = true');
    await stage.start('readApi');
    await page.getByRole('link', { name: '서현역', exact: true }).first().waitFor();
    expect(await page.locator('.list .refused').count()).toBe(0);
    expect(await page.evaluate('globalThis.stayed')).toBe(true);
  });

  test('operations make no claim about parked events that cannot be read', async () => {
    const page = await open('/view/operations');
    await page.route('**/operations/**', (route) => route.fulfill({ status: 503, json: { type: 'about:blank' } }));
    await page.reload();
    const parked = page.locator('section', { has: page.locator('#parked') });
    await parked.getByText('Not available now.').waitFor();
    expect(await parked.getByText('No parked events.').count()).toBe(0);
    await page.unroute('**/operations/**');
    await parked.getByText('Not available now.').waitFor({ state: 'detached' });
  });

  test('a warning stays visible when the page is scrolled', async () => {
    const page = await open('/', { viewport: { width: 390, height: 500 } });
    await page.locator('[data-context="parking"]').waitFor();
    await page.route('**/parking/lots', (route) =>
      route.request().method() === 'OPTIONS' ? route.fulfill({ status: 503 }) : route.fallback(),
    );
    const warning = page.locator('[data-warning="commands"]');
    await warning.waitFor();
    await page.mouse.wheel(0, 400);
    await expect.poll(() => page.evaluate<number>('scrollY')).toBeGreaterThan(100);
    const covered = await warning.evaluate((element) => {
      const { left, top, width, height } = element.getBoundingClientRect();
      const seen = element.ownerDocument.elementFromPoint(left + width / 2, top + height / 2);
      return top < 0 || seen === null || !element.contains(seen);
    });
    expect(covered).toBe(false);
  });

  test('the overview counts the lots that it does not list', async () => {
    const page = await open('/');
    await page.route('**/control-center', async (route) => {
      const body = await (await route.fetch()).json();
      body.contexts.parking.totals.lots = 2033;
      await route.fulfill({ json: body });
    });
    await page.reload();
    const card = page.locator('[data-context="parking"]');
    await card.locator('.lines li').first().waitFor();
    const listed = await card.locator('.lines li').count();
    await card.getByRole('link', { name: `${new Intl.NumberFormat('en-GB').format(2033 - listed)} more` }).waitFor();
  });

  test('Ctrl-K finds by plate and by initial consonants, and opens a command’s form', async () => {
    await registerLot('found', '판교역 환승주차장', 9);
    await reserve('found', 'f1', '88하4321');
    const page = await open('/', { locale: 'ko-KR' });
    await page.locator('[data-context="parking"]').waitFor();
    const keys = page.keyboard;
    const search = page.getByRole('combobox', { name: '차량 번호, 이름, 제목, 고객, 전화번호, 명령', exact: true });
    const option = (name: RegExp) => page.getByRole('option', { name });
    await keys.press('Control+k');
    await search.fill('ㅍㄱㅇ ㅎㅅ');
    await option(/판교역 환승주차장/).waitFor();
    expect(await violations(page)).toEqual([]);
    await keys.press('Enter');
    await page.waitForURL('**/view/parking/lots/found');
    await expect.poll(() => page.title()).toBe('판교역 환승주차장 · 주차장 정보 · 주차장 · Plaza');

    const spot = page.locator('.spots li', { hasText: '88하4321' });
    await spot.getByRole('button', { name: '입차 처리', exact: true }).click();
    await spot.getByRole('button', { name: '출차 처리', exact: true }).waitFor();

    await keys.press('Control+k');
    await search.fill('88하');
    await option(/88하4321/).waitFor();
    await search.fill('close lot 판교');
    await option(/주차장 운영 종료: 판교역 환승주차장/).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('주차 중인 차량 1대는 출차할 때까지 남습니다').waitFor();
    expect(new URL(page.url()).search).toBe('');
    await keys.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await keys.press('?');
    await dialog.getByText('단축키', { exact: true }).waitFor();

    // A closed dialog keeps the focus until the next frame; the keys of that moment work all the same.
    await page.evaluate(`{
      document.querySelector('dialog[open]').close();
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'g', bubbles: true }));
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'o', bubbles: true }));
    }`);
    await page.waitForURL((url) => url.pathname === '/');
  });

  test('the way back leads to where the user was on the page', async () => {
    await registerLot('deep', '깊은 주차장', 200);
    await Promise.all(Array.from({ length: 40 }, (_, at) => reserve('deep', `d${at}`)));
    const page = await open('/view/parking/reservations?lotId=deep');
    await page.locator('tbody tr').nth(39).waitFor();
    await page.locator('tbody tr').nth(35).scrollIntoViewIfNeeded();
    const top = await page.evaluate<number>('scrollY');
    expect(top).toBeGreaterThan(100);
    await page.locator('tbody tr').nth(35).getByRole('link').first().click();
    await page.locator('.fields').waitFor();
    await page.goBack();
    await expect.poll(() => page.evaluate<number>('scrollY'), { timeout: 30_000 }).toBe(top);
  });

  test('an idle overview is answered with 304 as long as nothing changes', async () => {
    const page = await open('/');
    await page.locator('[data-context="parking"]').waitFor();
    const answers: { status: number; path: string }[] = [];
    page.on('response', (response) =>
      answers.push({ status: response.status(), path: new URL(response.url()).pathname }),
    );
    const unchanged = (path: string) =>
      answers.filter((answer) => answer.path === path && answer.status === 304).length;
    await expect.poll(() => unchanged('/control-center'), { timeout: 60_000 }).toBeGreaterThan(3);
    await expect.poll(() => unchanged('/control-center/activity'), { timeout: 60_000 }).toBeGreaterThan(0);
  });

  test('without the projections the page says how old its data is', async () => {
    const page = await open('/');
    await stage.stop('projections');
    await page
      .locator('[data-warning="stale"]')
      .getByText(/has updated .* for \d+ sec/)
      .waitFor();
    await stage.start('projections');
    await page.locator('[data-warning="stale"]').waitFor({ state: 'detached' });
  });

  test('the language follows the browser, and can be chosen', async () => {
    const page = await open('/', { locale: 'ko-KR' });
    await page.getByRole('heading', { name: '주차장' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('ko');
    await page.getByLabel('언어').selectOption('en');
    await page.getByRole('heading', { name: 'Car park', exact: true }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Car park', exact: true }).waitFor();
  });
});
