import { expect, test } from 'vitest';
import { button, confirmed, fits, isAccessible, onPhone, shows } from './phone.ts';
import { tabTo, violations } from './stage.ts';

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

  test('seats on the map are held while they are paid, a declined card frees them, and the ticket has a code', async () => {
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
    await shows(page, '₩24,000');
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
    await button(page, 'A2 선택 가능').tap();
    await button(page, 'B2 선택 가능').tap();
    await button(page, '이 좌석으로 결제하기').click();
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

  test('by keyboard alone', async () => {
    await schedule('dddd', '고래를 찾아서', ['oo_oo', 'ooooo']);
    const page = await open('/app/cinema/dddd');
    const press = async (target: Parameters<typeof tabTo>[1]) => {
      await target.waitFor();
      await tabTo(page, target);
      await page.keyboard.press('Enter');
    };
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
    await isAccessible(phone, [
      ['/app/cinema', '달고나 대작전', '달고나 대작전'],
      ['/app/cinema/eeeee', '하룻밤', '하룻밤'],
      ['/app/cinema/showings/eeeee', '좌석 선택', 'Choose seats'],
      ['/app/cinema/showings/eeeee/reservations/mine', '예매 완료', 'Confirmed'],
    ]);
  });
});
