import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { confirmed, fits, isAccessible, keyboardOf, onPhone } from '../../browser/phone.ts';
import { button, shows, violations } from '../../browser/stage.ts';

onPhone('the page for customers', (phone) => {
  const { command, open, openNew, reads, restartPlaza, stopPlaza } = phone;
  const registerLot = (lotId: string, name: string, spots: number, price = 5000) =>
    command('POST', '/parking/lots', { lotId, name, spots, price, arriveWithin: 30 });

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
    const press = keyboardOf(page);
    await press(page.getByRole('link', { name: /서현역 주차장/ }));
    await press(button(page, '예약하기'));
    await shows(page, '차량 번호를 입력하세요.');
    await page.keyboard.insertText('56다7890'); // where the focus is
    await page.keyboard.press('Enter');
    await press(button(page, '예약 취소'));
    await press(page.getByRole('dialog').getByRole('button', { name: '예약 취소' }));
    await shows(page, '취소됨');
  });

  /** A day of the next month: `2026-12-15`. The calendar opens with the current one. */
  const nextMonth = (day: number): string => {
    const now = new Date(Date.now() + 9 * 3_600_000); // in Seoul
    return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, day)).toISOString().slice(0, 10);
  };
  const openSlot = (slotId: string, hospitalName: string, day: number, places: object) =>
    command('POST', '/screening/slots', { slotId, hospitalName, date: nextMonth(day), ...places });
  const dayButton = (page: Page, day: number, places: string) =>
    page.getByRole('button', { name: new RegExp(`\\D${day}일 .*${places}$`) });
  /** Chooses a day of the next month. */
  const chooseDay = async (page: Page, day: number, places: string) => {
    await button(page, '다음 달').click();
    await dayButton(page, day, places).click();
  };

  test('screening: a day in the calendar, held and booked, moved to another day, cancelled', async () => {
    const sessions = [
      { at: '09:00', capacity: 1 },
      { at: '13:30', capacity: 3 },
    ];
    await openSlot('sessions', '분당제생병원', 15, { sessions });
    await openSlot('later', '분당제생병원', 16, { capacity: 5 });
    const page = await open('/app/screening');
    await chooseDay(page, 15, '4자리');
    await page.getByRole('link', { name: /분당제생병원/ }).click();
    await button(page, '13:30 3').click();
    await page.getByLabel('인원').selectOption('2명');
    await button(page, '예약하기').click();
    await shows(page, '예약 내용을 확인하세요');
    await shows(page, '2 / 4자리'); // held places are not free for others
    await page.reload();
    await button(page, '다시 고르기').click();
    await shows(page, '4 / 4자리');
    await button(page, '13:30 3').click();
    await page.getByLabel('인원').selectOption('2명');
    await button(page, '예약하기').click();
    await button(page, '예약 확정').click();
    await page.getByRole('img', { name: '접수용 QR 코드' }).waitFor();
    await shows(page, /15일 \(.\) 13:30/);
    await fits(page);

    await page.getByRole('link', { name: '일정 변경' }).click();
    await chooseDay(page, 16, '5자리');
    await button(page, '이 날로 변경').click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /16일 .*로 변경/ })
      .click();
    await page.waitForURL('**/app/screening/later/bookings/*');
    await shows(page, /16일/);
    await confirmed(page, '예약 취소');
    await shows(page, '취소됨');
    await reads<{ left: number }>('/screening/slots/later', ({ left }) => left === 5);
    await page.getByRole('link', { name: '다시 예약하기' }).click();
    await button(page, '다음 달').waitFor();
  });

  test('screening: a full session has a waiting list, and an offer is accepted', async () => {
    await openSlot('full', '분당차병원', 17, { sessions: [{ at: '10:00', capacity: 1 }] });
    await command('POST', '/screening/slots/full/bookings', { bookingId: 'o', customerId: 'other', at: '10:00' });
    const page = await open('/app/screening/full');
    await button(page, '대기하기').click();
    await shows(page, '내 순서');
    await page.goto('/app/me');
    await page.getByRole('link', { name: /건강검진 대기.*1번째/ }).click();
    await command('DELETE', '/screening/slots/full/bookings/o');
    await shows(page, '자리가 났습니다');
    expect(await violations(page)).toEqual([]);
    await button(page, '이 자리 예약하기').click();
    await shows(page, '예약됨');
  });

  test('screening by keyboard alone', async () => {
    await openSlot('keys', '서현 건강검진센터', 22, { sessions: [{ at: '09:00', capacity: 2 }] });
    await openSlot('after', '서현 건강검진센터', 23, { capacity: 2 });
    const page = await open('/app/screening');
    const press = keyboardOf(page);
    const dialog = page.getByRole('dialog');
    const next = button(page, '다음 달');
    await press(next);
    await press(dayButton(page, 22, '2자리'));
    await press(page.getByRole('link', { name: /서현 건강검진센터/ }));
    await press(page.getByLabel('인원'), 'ArrowDown');
    await page.locator('select:has(option:checked:text("2명"))').waitFor();
    await press(button(page, '예약하기'));
    await press(button(page, '다시 고르기'));
    await press(button(page, '예약하기'));
    await press(button(page, '예약 확정'));
    await press(page.getByRole('link', { name: '일정 변경' }));
    await press(next);
    await press(dayButton(page, 23, '2자리'));
    await press(button(page, '이 날로 변경'));
    await press(dialog.getByRole('button', { name: /23일 .*로 변경/ }));
    await page.waitForURL('**/app/screening/after/bookings/*');
    await press(button(page, '예약 취소'));
    await press(dialog.getByRole('button', { name: '예약 취소' }));
    await shows(page, '취소됨');

    const other = { bookingId: 'o', customerId: 'other', places: 1 };
    await command('POST', '/screening/slots/after/bookings', other);
    await page.goto('/app/screening/after');
    await shows(page, '1 / 2자리');
    await press(page.getByLabel('인원'), 'ArrowDown');
    await shows(page, '지금은 1자리만 남았습니다.');
    await press(button(page, '대기하기'));
    await shows(page, '내 순서');
    await command('DELETE', '/screening/slots/after/bookings/o');
    await press(button(page, '이 자리 예약하기'));
    await shows(page, '예약됨');
  });

  test('bikes: rented at a station, returned with its fee, the debt paid, and rented again', async () => {
    await command('PUT', '/bike-rental/tariff', { base: 1100, perMinute: 0 }); // the same on a slow machine
    await command('POST', '/bike-rental/bikes', { bikeId: 'b1', location: '정자역 2번 출구' });
    await command('POST', '/bike-rental/bikes', { bikeId: 'b2', location: '율동공원' });
    const page = await open('/app/bike-rental', {}, 'lee-junho');
    await page.getByRole('link', { name: '정자역 2번 출구 1대' }).click();
    await page.getByRole('link', { name: /^b1/ }).click();
    await shows(page, '기본요금');
    await button(page, '대여하기').click();
    await shows(page, '지금 반납하면');
    await shows(page, '1,100원');
    await page.getByLabel('반납할 대여소').selectOption('율동공원');
    await button(page, '반납하기').click();
    await shows(page, '반납 완료');
    await shows(page, '미납 요금 1,100원이 있어');
    expect(await violations(page)).toEqual([]);

    await page.goto('/app/bike-rental/bikes/b2');
    await shows(page, '내 예치금');
    await page.getByRole('link', { name: '미납 요금 내기' }).click();
    await page.locator('.total', { hasText: '결제 금액1,100원' }).waitFor();
    await page.getByLabel('테스트 카드').selectOption('거절되는 카드');
    await button(page, '결제하기').click();
    await shows(page, '결제가 거절되었습니다');
    await shows(page, '결제 실패');
    await page.getByLabel('테스트 카드').selectOption('승인되는 카드');
    await button(page, '결제하기').click();
    await shows(page, '1,100원을 결제했습니다');
    await page.locator('.total', { hasText: '결제 금액5,000원' }).waitFor();
    await button(page, '결제하기').click();
    await page.locator('.total', { hasText: '잔액5,000원' }).waitFor();
    await fits(page);

    await page.goto('/app/bike-rental/bikes/b2');
    await button(page, '대여하기').click();
    await shows(page, '지금 반납하면');
    await page.goto('/app');
    await page.getByRole('link', { name: /율동공원 b2 .*이용 중/ }).waitFor();
  });

  test('bikes by keyboard alone', async () => {
    await command('PUT', '/bike-rental/tariff', { base: 1100, perMinute: 0 });
    await command('POST', '/bike-rental/bikes', { bikeId: 'b3', location: '서현역 로데오' });
    const page = await open('/app', {}, 'park-seoyeon');
    const press = keyboardOf(page);
    await press(page.getByRole('link', { name: '전체 자전거' }));
    await press(page.getByRole('link', { name: /^예치금/ }));
    await press(button(page, '10,000원'));
    await press(button(page, '결제하기'));
    await shows(page, '10,000원을 결제했습니다');
    await press(page.getByRole('link', { name: '목록' }));
    await press(page.getByRole('link', { name: '서현역 로데오 1대' }));
    await press(page.getByRole('link', { name: /^b3/ }));
    await press(button(page, '대여하기'));
    await press(button(page, '반납하기'));
    await shows(page, '반납 완료');
    await press(page.getByRole('link', { name: '이용 내역' }));
    await page.getByRole('link', { name: /서현역 로데오.*1,100원/ }).waitFor();
  });

  test('axe finds nothing in either language, light or dark', async () => {
    const customerId = 'kim-minji';
    await registerLot('axe', '태평역 주차장', 3);
    const car = { customerId, carNumber: '11가1111', amount: 5000, reservationId: 'axe' };
    await command('POST', '/parking/lots/axe/reservations', car);
    await openSlot('axe', '태평 내과의원', 24, { sessions: [{ at: '09:00', capacity: 2 }] });
    await command('POST', '/screening/slots/axe/bookings', { bookingId: 'axe', customerId, at: '09:00' });
    await openSlot('axe2', '태평 내과의원', 25, { capacity: 2 });
    await command('PUT', '/bike-rental/tariff', { base: 1100, perMinute: 0 });
    for (const bikeId of ['b4', 'b5', 'b6'])
      await command('POST', '/bike-rental/bikes', { bikeId, location: '태평역' });
    await command('POST', '/bike-rental/bikes/b5/rentals', { rentalId: 'axe', userId: customerId });
    await command('POST', '/bike-rental/bikes/b6/rentals', { rentalId: 'back', userId: customerId });
    await command('POST', '/bike-rental/bikes/b6/rentals/back/return', { location: '태평역' });
    await reads<{ outstanding: number }>(`/bike-rental/users/${customerId}/deposit`, (body) => body.outstanding > 0);
    await isAccessible(phone, [
      ['/app/parking', '태평역 주차장', '태평역 주차장'],
      ['/app/parking/axe', '결제 금액', 'To pay'],
      ['/app/parking/axe/reservations/axe', '입차까지', 'Arrive in'],
      ['/app/screening', '건강검진', 'Health screening'],
      ['/app/screening/axe2', '예약하기', 'People'],
      ['/app/screening/axe/bookings/axe', '접수할 때', 'Show it at the desk'],
      ['/app/screening/axe/bookings/axe/move', '현재 예약', 'Now'],
      ['/app/bike-rental', '미납 요금', 'You owe'],
      ['/app/bike-rental/stations/태평역', 'b4', 'b4'],
      ['/app/bike-rental/bikes/b4', '기본요금', 'To begin'],
      ['/app/bike-rental/bikes/b5/rentals/axe', '지금 반납하면', 'If you return it now'],
      ['/app/bike-rental/deposit', '테스트 카드', 'Test card'],
    ]);
  });

  test('while Plaza does not answer, the page says since when, and offers to try now', async () => {
    await registerLot('outage', '모란역 주차장', 2);
    const page = await open('/app/parking');
    await page.getByRole('link', { name: /모란역 주차장.*2면 남음/ }).waitFor();
    await page.route('**/parking/lots?*', (route) => route.abort());
    await shows(page, /\d+:\d+ 기준 내용입니다/);
    await command('PATCH', '/parking/lots/outage', { spots: 9 });
    expect(await violations(page)).toEqual([]);
    await button(page, '다시 시도').click();
    await button(page, '다시 시도').waitFor(); // there is still no answer
    await page.unroute('**/parking/lots?*');
    await page.getByRole('link', { name: /모란역 주차장.*9면 남음/ }).waitFor();
    await button(page, '다시 시도').waitFor({ state: 'detached' });
  });

  test('on a slow network the page shows that it waits, and an impatient customer reserves once', async () => {
    await registerLot('slow', '미금역 주차장', 3);
    const page = await open('/app/me');
    await shows(page, '메시지');
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 800,
      downloadThroughput: 50_000,
      uploadThroughput: 20_000,
    });
    await page.goto('/app/parking/slow', { waitUntil: 'commit' });
    await page.getByRole('status', { name: '불러오는 중' }).waitFor();
    await page.getByLabel('차량 번호').fill('88바8888');
    await button(page, '예약하기').dblclick();
    await shows(page, '입차까지');
    await reads<{ free: number }>('/parking/lots/slow', ({ free }) => free === 2);
  });

  test.each([
    ['ko-KR', '내 정보 지우기', '이 Plaza는 개인정보를 암호화하지 않아 여기서 지울 수 없습니다.'],
    ['en-GB', 'Erase me', 'This Plaza does not encrypt personal data, so it cannot erase yours here.'],
  ])('where personal data is not encrypted, nobody is offered to be erased (%s)', async (locale, words, reason) => {
    const page = await open('/app/me', { locale });
    await shows(page, reason);
    expect(await button(page, words).count()).toBe(0);
  });

  test('while Plaza does not answer the page opens, and shows the last tickets with their time', async () => {
    await registerLot('off', '야탑역 주차장', 3);
    await openSlot('off', '분당보건소', 20, { capacity: 3 });
    const who = 'choi-hyunwoo';
    const car = { customerId: who, carNumber: '77마7777', amount: 5000, reservationId: 'off' };
    await command('POST', '/parking/lots/off/reservations', car);
    await command('POST', '/screening/slots/off/bookings', { bookingId: 'off', customerId: who });
    const page = await openNew('/app', { serviceWorkers: 'allow' });
    await button(page, '최현우 choi-hyunwoo').click();
    const worker = () => page.evaluate('navigator.serviceWorker.controller?.state');
    await expect.poll(worker, { timeout: 120_000 }).toBe('activated');
    await page.goto('/app/tickets');
    await page.getByRole('link', { name: /야탑역 주차장/ }).waitFor();
    await page.getByRole('link', { name: /분당보건소/ }).waitFor();

    await stopPlaza();
    await shows(page, /Plaza에 연결할 수 없습니다\. \d+:\d+ 기준 내용입니다\./);
    await page.reload(); // from the service worker
    await shows(page, /기준 내용입니다/);
    await page.getByRole('link', { name: /야탑역 주차장/ }).click(); // has never been opened before
    await shows(page, '77마7777');
    await button(page, '입차하기').click();
    await shows(page, 'Plaza가 응답하지 않습니다');
    await page.goto('/app/tickets');
    await page.getByRole('link', { name: /분당보건소/ }).click();
    await page.getByRole('img', { name: '접수용 QR 코드' }).waitFor();
    await page.goto('/app/screening/off'); // is not kept: nothing is claimed about it
    await shows(page, '다시 연결되면 내용이 나옵니다.');
    await fits(page);

    await restartPlaza();
    await shows(page, '2 / 3자리');
    await expect.poll(() => page.getByText('Plaza에 연결할 수 없습니다').count()).toBe(0);
  });
});
