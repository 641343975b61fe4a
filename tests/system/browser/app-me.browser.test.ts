import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { confirmed, fits, isAccessible, onPhone } from '../../browser/phone.ts';
import { button, shows } from '../../browser/stage.ts';

/** KiB that a phone may load as compressed script before it shows the home page. */
const SCRIPT = 90;

onPhone(
  'the page of a customer',
  (phone) => {
    const { command, open, reads } = phone;
    const registerLot = (lotId: string, name: string) =>
      command('POST', '/parking/lots', { lotId, name, spots: 3, price: 5000 });

    test('a customer who asks to be erased cancels reservations, and is forgotten by Plaza and the device', async () => {
      const who = 'park-seoyeon';
      const car = '12가3456';
      await registerLot('erase', '오리역 주차장');
      await command('PUT', `/customers/${who}/contact`, { name: '박서연', language: 'ko' });
      const page = await open('/app/parking/erase', {}, who);
      await page.getByLabel('차량 번호').fill(car);
      await button(page, '예약하기').click();
      await button(page, '예약 취소').waitFor();
      const reservation = new URL(page.url()).pathname.replace('/app/parking/', '/parking/lots/');
      await page.goto('/app/tickets');
      await shows(page, '오리역 주차장');
      await page.goto('/app/me');
      await shows(page, '이용한 장소와 시간, 금액은 이름 없이 남습니다.');
      expect(await page.evaluate('JSON.stringify(localStorage)')).toContain(car);

      await button(page, '내 정보 지우기').click();
      await page.getByRole('dialog').getByText('되돌릴 수 없습니다').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: '돌아가기' }).click();
      await confirmed(page, '내 정보 지우기');
      await shows(page, '아직 끝나지 않은 예약이나 주문, 대기가 있습니다.');
      await reads<{ free: number }>('/parking/lots/erase', ({ free }) => free === 2);
      await fits(page);

      await confirmed(page, '모두 취소하고 지우기');
      await shows(page, '누구로 시작할까요?');
      const left = await page.evaluate<string>('JSON.stringify(localStorage)');
      expect(left).not.toContain(car);
      expect(left).not.toContain(who);
      await reads<{ carNumber: string; status: string }>(
        reservation,
        ({ carNumber, status }) => carNumber === '(erased)' && status === 'canceled',
      );
      await expect.poll(async () => (await page.request.get(`/customers/${who}/contact`)).status()).toBe(404);
    });

    test('what a new customer has not stored yet is no error, and a stored contact says so', async () => {
      const who = 'han-jiwoo';
      const page = await open('/app', { locale: 'en-GB' }, who);
      const missing: string[] = [];
      page.on('response', (response) => {
        if (response.status() === 404) missing.push(response.url());
      });
      await page.goto('/app/bike-rental');
      await shows(page, 'Deposit');
      await page.goto('/app/me');
      await page.getByLabel('Phone').fill('010-1234-5678');
      await button(page, 'Save').click();
      await expect.poll(() => page.getByLabel('Phone').inputValue()).toBe('+821012345678');
      await shows(page, 'Saved. Messages come in this language.');
      expect(missing).toEqual([]);
    });

    test('a reservation that cannot be cancelled prevents the erasure, and nothing is erased', async () => {
      const who = 'lee-junho';
      await registerLot('stays', '미금역 주차장');
      const car = { reservationId: 'r', customerId: who, carNumber: '34나5678', amount: 5000 };
      await command('POST', '/parking/lots/stays/reservations', car);
      expect((await command('POST', '/parking/lots/stays/reservations/r/arrival')).status).toBe(200);
      const page = await open('/app/me', { locale: 'en-GB' }, who);
      await confirmed(page, 'Erase me');
      await confirmed(page, 'Cancel everything and erase me');
      await shows(page, 'Something cannot be cancelled, so nothing was erased.');
      await reads<{ carNumber: string }>(
        '/parking/lots/stays/reservations/r',
        ({ carNumber }) => carNumber === '34나5678',
      );
      await page.goto('/app/tickets');
      await shows(page, '34나5678');
    });

    test('home, tickets and my page fit every screen, and axe finds nothing', async () => {
      await registerLot('wide', '아주 긴 이름을 가진 분당구 정자일로 공영 주차장');
      const car = { reservationId: 'w', customerId: 'kim-minji', carNumber: '56다7890', amount: 5000 };
      await command('POST', '/parking/lots/wide/reservations', car);
      const paths = [
        ['/app', '정자일로', '정자일로'],
        ['/app/tickets', '56다7890', '56다7890'],
        ['/app/me', '주차 예약이 완료되었습니다', 'Your parking spot is reserved'],
      ] as const;
      const page = await open('/app');
      for (const [path, text] of paths) {
        await page.goto(path);
        await shows(page, text);
        for (const width of [390, 1440, 2560]) {
          await page.setViewportSize({ width, height: 900 });
          await fits(page);
        }
      }
      await isAccessible(phone, paths);
    });

    test(`a phone loads at most ${SCRIPT} KiB of script`, async () => {
      const page = await open('/app');
      await shows(page, '지금 이용할 수 있어요');
      const loaded = await page.evaluate<number>(`performance.getEntriesByType('resource')
        .filter(({ name }) => name.endsWith('.js'))
        .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)`);
      expect(loaded).toBeGreaterThan(0);
      expect(loaded).toBeLessThanOrEqual(SCRIPT * 1024);
    });
  },
  { PERSONAL_KEY: randomBytes(32).toString('base64') },
);
