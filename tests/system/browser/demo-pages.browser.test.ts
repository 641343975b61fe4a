import { gzipSync } from 'node:zlib';
import type { Page, Response } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDemoStage } from '../../browser/demo-stage.ts';
import { follow, inBrowser, openBrowser, violationsInAll } from '../../browser/stage.ts';
import { call, eventually } from '../../support/plaza.ts';

const HOUR = 3_600_000;
const WIDTHS = [360, 390, 1440, 1920, 2560];
const KIBIBYTE = 1024;

type Listed = Record<string, string>;

inBrowser('the control centre of a Plaza with a day of history', () => {
  let stage: Awaited<ReturnType<typeof openDemoStage>>;

  const open = async (path: string, options: Parameters<typeof openBrowser>[1] = {}): Promise<Page> => {
    const page = await openBrowser(stage.url, options);
    await page.goto(path);
    return page;
  };
  const first = async (path: string): Promise<Listed> => {
    const { body } = await eventually(
      () => call<{ items: Listed[] }>(stage.url, 'GET', path),
      ({ status, body: { items } }) => status === 200 && items.length > 0,
    );
    return body.items[0]!;
  };
  /** Waits until nothing of the page is still being read. */
  const isLoaded = async (page: Page) => {
    await page.locator('main h1').first().waitFor({ state: 'attached' });
    await expect.poll(() => page.locator('.skeleton').count(), { timeout: 60_000 }).toBe(0);
  };

  /** A page of each kind, by what it shows. */
  let every: string[];

  beforeAll(async () => {
    stage = await openDemoStage();
    const [reservation, shop, movie, slot, bike, coupon] = await Promise.all(
      [
        '/parking/reservations?limit=1',
        '/food-court/shops?limit=1',
        '/cinema/movies?limit=1',
        '/screening/slots?limit=1',
        '/bike-rental/bikes?limit=1',
        '/parking/coupons?limit=1',
      ].map(first),
    );
    const showing = await first(`/cinema/movies/${movie!.movieId}/showings?limit=1`);
    const order = await first(`/food-court/shops/${shop!.shopId}/orders?limit=1`);
    const { body } = await call<{ events: Listed[] }>(stage.url, 'GET', '/control-center');
    const { lotId, reservationId, customerId } = reservation!;
    every = [
      '/',
      '/view/parking/lots',
      `/view/parking/lots/${lotId}`,
      '/view/parking/reservations',
      `/view/parking/lots/${lotId}/reservations/${reservationId}`,
      `/view/parking/coupons/${coupon!.couponId}`,
      '/view/screening/slots',
      `/view/screening/slots/${slot!.slotId}`,
      '/view/food-court/shops',
      `/view/food-court/shops/${shop!.shopId}`,
      `/view/food-court/shops/${shop!.shopId}/orders/${order.orderId}`,
      '/view/cinema/movies',
      `/view/cinema/movies/${movie!.movieId}`,
      `/view/cinema/showings/${showing.showingId}`,
      '/view/bike-rental/bikes',
      `/view/bike-rental/bikes/${bike!.bikeId}`,
      '/view/bike-rental/deposits',
      '/view/customers/messages',
      `/view/customers/${customerId}`,
      '/view/control-center/reports/parking',
      `/view/history/${body.events[0]!.eventId}/causes`,
      '/view/operations',
      '/view/nothing',
      '/board',
      `/view/parking/lots/${lotId}?as-of=${new Date(Date.now() - HOUR).toISOString()}`,
    ];
  });
  afterAll(() => stage?.end());

  test('every kind of page is accessible, as wide as the screen, and has a title of its own', async () => {
    const look = async (at: number, page: Page, titles: Map<string, string>) => {
      const path = every[at]!;
      const usual = page.viewportSize()!;
      await follow(page, path);
      await isLoaded(page);
      expect(await violationsInAll(page, () => isLoaded(page)), path).toEqual([]);
      for (const width of WIDTHS) {
        await page.setViewportSize({ ...usual, width });
        await expect
          .poll(() => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth'), {
            message: `${path} at ${width} pixels`,
          })
          .toBeLessThanOrEqual(0);
      }
      await page.setViewportSize(usual);
      if (path.includes('as-of') || path === '/view/nothing') return;
      const title = await page.title();
      expect(titles.get(title), `${title} of ${path}`).toBeUndefined();
      titles.set(title, path);
    };
    const languages = [
      { locale: 'ko-KR', viewport: { width: 390, height: 900 } },
      { locale: 'en-GB', viewport: { width: 1440, height: 900 } },
    ];
    await Promise.all(
      languages.map(async (language, first) => {
        const page = await open('/', language);
        const titles = new Map<string, string>();
        for (let at = first; at < every.length; at += languages.length) await look(at, page, titles);
      }),
    );
  }, 600_000);

  test('a form is accessible', async () => {
    const page = await open(every.find((path) => path.includes('/lots/'))!);
    await page.locator('.thing button').first().click();
    const input = page.getByRole('dialog').locator('input').first();
    await input.waitFor();
    expect(await violationsInAll(page, () => input.waitFor())).toEqual([]);
  });

  test('a slider sets the whole control centre to a moment, and back', async () => {
    const page = await open('/');
    await page.locator('[data-context="parking"] .figures').waitFor();
    await page.getByRole('button', { name: 'Time', exact: true }).click();
    const slider = page.getByRole('slider', { name: 'Time', exact: true });
    await slider.focus();
    for (let hours = 0; hours < 3; hours++) await page.keyboard.press('PageDown');
    await page.getByText(/^The state of .*Nothing can be changed here\.$/).waitFor();
    const at = new URL(page.url()).searchParams.get('as-of')!;
    expect(Date.now() - Date.parse(at)).toBeGreaterThan(HOUR);
    await page.locator('[data-context="parking"] .figures').waitFor();

    // The page shows the same as the API answers as of that moment.
    const then = await call<{ contexts: { parking: { totals: { free: number } } }; events: Listed[] }>(
      stage.url,
      'GET',
      '/control-center',
      undefined,
      { 'As-Of': at },
    );
    const { free } = then.body.contexts.parking.totals;
    const shown = page.locator('[data-context="parking"] .figures dd').first();
    await expect.poll(() => shown.textContent()).toBe(new Intl.NumberFormat('en-GB').format(free));
    const newest = await page.locator('.stream li').first().getAttribute('data-position');
    expect(newest).toBe(then.body.events[0]!.position);

    // Links and a reload stay at the moment, and nothing can be changed there.
    await page.getByRole('link', { name: 'Car park', exact: true }).first().click();
    await page.locator('tbody tr').first().waitFor();
    expect(new URL(page.url()).searchParams.get('as-of')).toBe(at);
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    expect(await page.locator('.commands button').count()).toBe(0);

    await page.getByRole('button', { name: 'Back to now', exact: true }).click();
    await page.getByRole('button', { name: 'Open a lot', exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  test('a document is shown as it was after each of its events', async () => {
    const { lotId } = await first('/parking/reservations?limit=1');
    const path = `/parking/lots/${lotId}`;
    const { body } = await call<{ items: Listed[] }>(stage.url, 'GET', `${path}/history?sort=-position&limit=100`);
    const events = body.items.toReversed();
    const page = await open(`/view${path}`, { locale: 'ko-KR' });
    const slider = page.getByRole('slider', { name: '이벤트 직후', exact: true });
    await slider.waitFor();
    expect(await page.locator('.timeline option').count()).toBe(events.length);
    await slider.focus();
    await page.keyboard.press('Home');
    await page.getByText(/시점의 상태입니다\. 변경할 수 없습니다\.$/).waitFor();
    const at = new URL(page.url()).searchParams.get('as-of')!;
    expect(at).toBe(events[0]!.time);
    const then = await call<{ reserved: number }>(stage.url, 'GET', path, undefined, { 'As-Of': at });
    const reserved = page.locator('.fields > div', { hasText: '예약' }).locator('dd').first();
    await expect.poll(() => reserved.textContent()).toBe(String(then.body.reserved));
    expect(await page.locator('.thing .commands button').count()).toBe(0);
    await slider.focus();
    await page.keyboard.press('End');
    await page.locator('.thing .commands button').first().waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  test('a moment without events is explained', async () => {
    const page = await open('/?as-of=2020-01-01T00:00:00Z');
    await page.getByText('There is nothing at that moment', { exact: true }).waitFor();
    expect(await page.locator('.stream').count()).toBe(0);
  });

  test('a slow and interrupted network shows shapes first, then the page, and then that it is old', async () => {
    const page = await open('/view/nothing');
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    const be = (change: object) =>
      network.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 300,
        downloadThroughput: 100 * KIBIBYTE,
        uploadThroughput: 50 * KIBIBYTE,
        ...change,
      });
    await be({});
    await page.goto('/view/parking/lots', { waitUntil: 'commit' });
    await page.locator('.skeleton').first().waitFor();
    await page.locator('tbody tr').first().waitFor();
    await be({ offline: true });
    await page.locator('[data-warning="disconnected"]').waitFor();
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
    await be({});
    await page.getByRole('button', { name: 'Try now', exact: true }).click();
    await page.locator('[data-warning="disconnected"]').waitFor({ state: 'detached' });
  });

  test('the first page is at most 120 KiB of compressed script', async () => {
    const scripts: Response[] = [];
    const page = await openBrowser(stage.url);
    page.on('response', (response) => {
      if (response.request().resourceType() === 'script') scripts.push(response);
    });
    await page.goto('/');
    await page.locator('[data-context="parking"] canvas').waitFor();
    const sizes = await Promise.all(scripts.map(async (script) => gzipSync(await script.body()).length));
    expect(sizes.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(120 * KIBIBYTE);
  });

  test('an idle overview receives at most a kibibyte for each second of its timers', async () => {
    const page = await open('/');
    await page.locator('[data-context="parking"] canvas').waitFor();
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    let bytes = 0;
    /** The bytes before each read of the overview, while these reads bring nothing new: a timer of the day may fire. */
    let idle: number[] = [];
    network.on('Network.loadingFinished', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    network.on('Network.dataReceived', ({ encodedDataLength }) => {
      bytes += encodedDataLength;
    });
    network.on('Network.responseReceived', ({ response: { url, status } }) => {
      if (url.endsWith('/control-center')) idle = status === 304 ? [...idle, bytes] : [];
    });
    // A read of the overview follows the one before it after at least two seconds: the bytes are counted per read.
    await expect.poll(() => idle.length, { timeout: 120_000 }).toBeGreaterThan(5);
    expect((idle.at(-1)! - idle[0]!) / ((idle.length - 1) * 2)).toBeLessThanOrEqual(KIBIBYTE);
  });
});
