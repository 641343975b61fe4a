import { expect, test } from 'vitest';
import { confirmed, fits, isAccessible, keyboardOf, onPhone } from '../../browser/phone.ts';
import { button, shows, tabTo, violations } from '../../browser/stage.ts';

onPhone('the cinema for customers', (phone) => {
  const { command, open, reads } = phone;

  const schedule = async (showingId: string, title: string, hallMap: readonly string[], more = {}) => {
    const startsAt = new Date(Date.now() + 26 * 3_600_000).toISOString();
    await command('POST', '/cinema/movies', { movieId: showingId, title, description: '하룻밤', runningTime: 118 });
    await command('POST', `/cinema/movies/${showingId}/showings`, {
      showingId,
      startsAt,
      hallMap,
      hallId: `hall-${showingId.length}${showingId.charCodeAt(0)}`,
      price: 12_000,
      ...more,
    });
    await reads(`/cinema/showings/${showingId}`, () => true);
  };
  const payment = { method: 'card', token: 'approve' };
  const reserve = (showingId: string, seats: readonly string[], reservationId: string, customerId = 'other') =>
    command('POST', `/cinema/showings/${showingId}/reservations`, { reservationId, customerId, seats, payment });

  test('seats on the map are held while they are paid, also after a declined card, and the ticket has a code', async () => {
    await schedule('a', '한강의 밤', ['oo_oo', 'oo_ox']);
    await reserve('a', ['A1'], 'sold');
    const page = await open('/app/cinema');
    await page
      .getByRole('link', { name: /석 남음/ })
      .first()
      .click();
    const seat = (name: string) => page.locator(`[data-seat="${name}"]`);
    await page.getByRole('button', { name: 'A1 판매됨', exact: true }).waitFor();
    await button(page, 'A2 선택 가능').tap();
    await button(page, 'B2 선택 가능').tap();
    await shows(page, '24,000원');
    expect(await seat('B2').getAttribute('aria-pressed')).toBe('true');
    await fits(page);
    await button(page, '이 좌석으로 결제하기').click();
    await shows(page, '남은 결제 시간');
    const other = await open('/app/cinema/showings/a', {}, 'lee-junho');
    await button(other, 'A2 결제 중').waitFor();
    await page.reload();
    await shows(page, '남은 결제 시간');
    await page.getByLabel(/테스트 카드/).selectOption('decline');
    await button(page, '결제하기').click();
    await shows(page, '결제가 거절되었습니다');
    await page.getByLabel(/테스트 카드/).selectOption('approve');
    await button(page, '결제하기').click();
    await shows(page, '예매 완료');
    await page.getByRole('img', { name: '입장 QR 코드' }).waitFor();
    await shows(page, 'A2, B2');
    await fits(page);
    expect(await violations(page)).toEqual([]);
    await button(other, 'A2 판매됨').waitFor();
    await confirmed(page, '예매 취소');
    await shows(page, '취소·환불 완료');
    await page.goto('/app/tickets');
    await page.getByRole('link', { name: /한강의 밤.*취소·환불 완료/ }).waitFor();
  });

  test('seats that the customer gives back are free again', async () => {
    await schedule('bb', '서울역 막차', ['oo']);
    const page = await open('/app/cinema/showings/bb');
    await button(page, 'A1 선택 가능').click();
    await button(page, 'A2 선택 가능').click();
    await button(page, '이 좌석으로 결제하기').click();
    await shows(page, '남은 결제 시간');
    await reads<{ left: number }>('/cinema/showings/bb', ({ left }) => left === 0);
    await button(page, '좌석 다시 고르기').click();
    await button(page, 'A1 선택 가능').waitFor();
  });

  test('a sold out showing has a waiting list, and an offer is accepted', async () => {
    await schedule('ccc', '우주 택배', ['o']);
    await reserve('ccc', ['A1'], 'r');
    await reads<{ left: number }>('/cinema/showings/ccc', ({ left }) => left === 0);
    const page = await open('/app/cinema/showings/ccc');
    await button(page, '대기하기').click();
    await shows(page, '내 순서');
    await command('DELETE', '/cinema/showings/ccc/reservations/r');
    await shows(page, '자리가 났습니다');
    expect(await violations(page)).toEqual([]);
    await button(page, 'A1 선택 가능').click();
    await button(page, '이 좌석으로 결제하기').click();
    await button(page, '결제하기').click();
    await shows(page, '예매 완료');
  });

  test('unpaid seats are free again: when the time to pay is over, or the payment gets no answer', async () => {
    await schedule('aaaa', '심야 버스', ['oo'], { holdFor: 10 });
    const late = await open('/app/cinema/showings/aaaa');
    await button(late, 'A1 선택 가능').click();
    await button(late, '이 좌석으로 결제하기').click();
    await late.locator('.clock.soon', { hasText: /^0:0\d$/ }).waitFor();

    await schedule('aaaaa', '응답 없음', ['oo']);
    const page = await open('/app/cinema/showings/aaaaa', {}, 'lee-junho');
    await button(page, 'A2 선택 가능').click();
    await button(page, '이 좌석으로 결제하기').click();
    await page.getByLabel(/테스트 카드/).selectOption('응답이 없는 카드');
    await button(page, '결제하기').click();
    await button(page, '결제 중…').waitFor();
    await shows(page, '결제 확인 중');
    await shows(page, '다시 결제하지 마세요');
    expect(await page.getByRole('img', { name: '입장 QR 코드' }).count()).toBe(0);
    await page.goto('/app/tickets');
    // On a busy machine the payment may have ended by now.
    await page.getByRole('link', { name: /응답 없음.*(결제 확인 중|결제 실패)/ }).click();
    await shows(page, '결제되지 않아 좌석이 풀렸습니다.');
    await page.getByRole('link', { name: '다시 예매하기' }).click();
    await page.getByRole('link', { name: /2석 남음/ }).waitFor();

    await shows(late, '결제 시간이 지나 좌석이 풀렸습니다. 다시 고르세요.');
    await button(late, 'A1 선택 가능').click();
    await shows(late, '12,000원');
    expect(await button(late, '이 좌석으로 결제하기').isEnabled()).toBe(true);
  });

  test('a customer who needs more seats than are left waits for that many', async () => {
    await schedule('cccc', '둘만의 극장', ['ooo']);
    await reserve('cccc', ['A1'], 'r');
    await reads<{ left: number }>('/cinema/showings/cccc', ({ left }) => left === 2);
    const page = await open('/app/cinema/showings/cccc');
    await page.getByText('더 많은 좌석이 필요하세요?').click();
    await shows(page, '지금은 2자리만 남았습니다.');
    expect(await page.getByLabel('인원').locator('option').first().textContent()).toBe('3명');
    await button(page, '대기하기').click();
    await shows(page, '내 순서');
    await command('DELETE', '/cinema/showings/cccc/reservations/r');
    await shows(page, '자리가 났습니다');
    for (const seat of ['A1', 'A2', 'A3']) await button(page, `${seat} 선택 가능`).click();
    await shows(page, '36,000원');
  });

  test('a hall that is wider than the phone scrolls, with seats as large as a finger', async () => {
    const row = 'ooooo_oooooooooo_ooooo';
    await schedule('wide', '넓은 바다', [row, row]);
    const page = await open('/app/cinema/showings/wide');
    await shows(page, '옆으로 밀면 더 보입니다');
    await fits(page);
    const seat = await page.locator('[data-seat="A1"]').boundingBox();
    expect(Math.min(seat!.width, seat!.height)).toBeGreaterThanOrEqual(36);
    await button(page, 'A20 선택 가능').tap(); // scrolls there
    await shows(page, 'A20');
    await page.getByText('옆으로 밀면 더 보입니다').waitFor({ state: 'detached' });
  });

  test('by keyboard alone', async () => {
    await schedule('dddd', '고래를 찾아서', ['oo_oo', 'ooooo']);
    const page = await open('/app/cinema/dddd');
    const press = keyboardOf(page);
    await press(page.getByRole('link', { name: /석 남음/ }));
    await button(page, 'A1 선택 가능').waitFor();
    await tabTo(page, button(page, 'A1 선택 가능'));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    await button(page, 'B2 내 좌석').waitFor();
    await press(button(page, '이 좌석으로 결제하기'));
    await press(button(page, '결제하기'));
    await shows(page, '예매 완료');
    await press(button(page, '예매 취소'));
    await press(page.getByRole('dialog').getByRole('button', { name: '예매 취소' }));
    await shows(page, '취소·환불 완료');
  });

  test('axe finds nothing in either language, light or dark', async () => {
    await schedule('eeeee', '달고나 대작전', ['oo_oo', 'oo_ox']);
    await reserve('eeeee', ['A1'], 'mine', 'kim-minji');
    await command('POST', '/cinema/showings/eeeee/holds', { customerId: 'other', places: 1, seats: ['A2'] });
    const row = 'oooooooooooooooooo';
    await schedule('eeeeeee', '가로로 긴 상영관', [row, row]);
    await isAccessible(phone, [
      ['/app/cinema/showings/eeeeeee', '좌석 선택', 'Choose seats'],
      ['/app/cinema', '달고나 대작전', '달고나 대작전'],
      ['/app/cinema/eeeee', '하룻밤', '하룻밤'],
      ['/app/cinema/showings/eeeee', '좌석 선택', 'Choose seats'],
      ['/app/cinema/showings/eeeee/reservations/mine', '예매 완료', 'Confirmed'],
    ]);
  });
});
