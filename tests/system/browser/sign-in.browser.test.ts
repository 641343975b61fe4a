import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { inBrowser, openBrowser, violations } from '../../browser/stage.ts';
import { signInByCodeFlow } from '../../security/code-flow.ts';
import { type OidcOptions, startOidcProvider } from '../../security/oidc-provider.ts';
import { call, eventually, localToken, openPlaza, type Plaza, temporaryData } from '../../support/plaza.ts';

/** Each context that a page of these tests shows, and no other: a start builds their views. */
const PLAZA_CONTEXTS = 'parking,screening,food-court';

const REDIRECT = 'http://127.0.0.1/signed-in';

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const input = (page: Page, label: string) => page.getByRole('dialog').getByLabel(label);
const submit = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true });
const over = (page: Page) => page.locator('[data-warning="signed-out"]');
const keptToken = (page: Page) =>
  page.evaluate<string | undefined>('JSON.parse(sessionStorage.getItem("plaza.tokens") ?? "{}").access');

inBrowser('signing in on the page', () => {
  const open = async (url: string, path: string, others: readonly string[] = []): Promise<Page> => {
    const page = await openBrowser(url, {}, others);
    await page.goto(path);
    return page;
  };

  /** Starts Plaza, and a provider for its users. */
  const withProvider = async (options?: OidcOptions) => {
    const data = temporaryData();
    const provider = await startOidcProvider(REDIRECT, options);
    const plaza = await openPlaza({
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS,
      AUTH: 'on',
      AUTH_ISSUER: provider.issuer,
      AUTH_CLOCK_SKEW_SECONDS: '0',
      PUBLIC_BOARD: 'on',
    });
    return {
      url: plaza.url,
      open: (path: string) => open(plaza.url, path, [provider.issuer]),
      stopProvider: provider.stop,
      async end() {
        await plaza.close();
        provider.stop();
        data.remove();
      },
    };
  };

  const agree = (page: Page) => page.locator('[type=submit]', { hasText: 'Continue' }).click();
  /** Signs a user in at the provider. @param shown where the page then shows the user's name */
  const signIn = async (page: Page, user: string, shown = '.user'): Promise<void> => {
    await button(page, 'Sign in').click();
    await page.locator('[name=login]').fill(user);
    await page.locator('[name=password]').fill('any');
    await page.locator('[type=submit]').click();
    await agree(page);
    await page.locator(shown).getByText(user).waitFor();
  };

  describe('at an OpenID provider', () => {
    let plaza: Awaited<ReturnType<typeof withProvider>>;
    beforeAll(async () => {
      plaza = await withProvider();
    });
    afterAll(() => plaza.end());

    test('staff sign in, act under their name, see only allowed commands, and sign out', async () => {
      const page = await plaza.open('/view/screening/slots?sort=-date');
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await violations(page)).toEqual([]);
      expect(await page.locator('main table, nav a:text("Operations")').count()).toBe(0);
      await signIn(page, 'staff-1');
      expect(page.url()).toMatch(/\/view\/screening\/slots\?sort=-date$/);
      expect(await page.locator('.user').textContent()).toContain('staff');

      await button(page, 'Open a slot').click();
      await input(page, 'Hospital').first().fill('정자병원');
      await input(page, 'Day').first().fill('2030-01-31');
      await input(page, 'Places').first().fill('3');
      await page.getByText('Choose the id').click();
      await input(page, 'Slot').fill('s1');
      await submit(page, 'Open a slot').click();
      await page
        .getByRole('row', { name: /정자병원/ })
        .getByRole('link')
        .first()
        .click();
      await button(page, 'Book').waitFor();
      expect(await button(page, 'Delete').count()).toBe(0); // only for administrators
      await page.locator('table.history').getByTitle('staff-1').getByText('you', { exact: true }).waitFor();

      await page.getByRole('link', { name: 'Overview' }).first().click();
      await page.locator('.stream').getByText('정자병원').waitFor();
      await page.getByText('live', { exact: true }).waitFor();
      await page.getByRole('link', { name: 'Operations' }).click();
      await page.getByRole('row', { name: /^parking\.lots/ }).waitFor();
      expect(await page.getByRole('button', { name: 'Replay' }).count()).toBe(0);

      const stolen = await keptToken(page);
      expect(stolen).toMatch(/^ey/);
      await button(page, 'Sign out').click();
      await page.locator('[value=yes]').click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await keptToken(page)).toBeUndefined();
      await button(page, 'Sign in').click();
      await page.locator('[name=login]').waitFor(); // signed out at the provider as well
    });

    test('customers see and change only their own resources; the rest is refused in words', async () => {
      const staff = { Authorization: `Bearer ${await signInByCodeFlow(plaza.url, REDIRECT, 'staff-2')}` };
      const slot = { slotId: 's2', hospitalName: '서현병원', date: '2030-01-31', capacity: 3 };
      await call(plaza.url, 'POST', '/screening/slots', slot, staff);
      const page = await plaza.open('/');
      await signIn(page, 'CUST1');
      await page.getByRole('heading', { name: 'CUST1' }).waitFor();
      expect(await page.getByRole('link', { name: 'Operations' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Health screening' }).click();
      await page
        .getByRole('row', { name: /서현병원/ })
        .getByRole('link')
        .first()
        .click();
      await button(page, 'Book').click();
      await submit(page, 'Book').waitFor();
      expect(await input(page, 'Customer').count()).toBe(0);
      await submit(page, 'Book').click();
      await page.locator('.notice').getByText('Book: done').waitFor();
      expect(await page.getByRole('heading', { name: 'Bookings' }).count()).toBe(0); // the list of all customers

      await page.getByRole('link', { name: 'My items' }).first().click();
      const booking = page.getByRole('row', { name: /서현병원/ });
      await booking.getByRole('button', { name: 'More actions', exact: true }).click();
      await booking.getByRole('button', { name: 'Cancel', exact: true }).click();
      await submit(page, 'Cancel').click();
      await booking.getByRole('cell', { name: 'cancelled', exact: true }).waitFor();

      await page.goto('/view/operations');
      await page.getByText('You may not do this').waitFor();
      await page.goto('/view/customers/CUST2');
      await page.getByText('There is nothing here for you.').waitFor();
    });

    test('a customer signs in on the page for customers, parks, and signs out', async () => {
      const admin = { Authorization: `Bearer ${await signInByCodeFlow(plaza.url, REDIRECT, 'admin-1')}` };
      await call(plaza.url, 'POST', '/parking/lots', { lotId: 'p1', name: '정자역', spots: 3, price: 5000 }, admin);
      const page = await plaza.open('/app/parking/p1');
      await signIn(page, 'CUST3', '.who');
      expect(page.url()).toMatch(/\/app\/parking\/p1$/);
      await page.getByLabel('Car number').fill('12가3456');
      await button(page, 'Reserve').click();
      await button(page, 'I have arrived').click();
      await page.getByText('The car park records when you leave.').waitFor();
      const reservation = new URL(page.url()).pathname.replace('/app/parking/', '/parking/lots/');
      const read = await call(plaza.url, 'GET', reservation, undefined, admin);
      expect(read.body).toMatchObject({ customerId: 'CUST3', carNumber: '12가3456', status: 'arrived' });
      expect((await call(plaza.url, 'POST', `${reservation}/departure`, {}, admin)).status).toBe(200);
      await page.locator('.ticket.completed').waitFor();

      await page.goto('/app/me');
      await button(page, 'Sign out').click();
      await page.locator('[value=yes]').click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await keptToken(page)).toBeUndefined();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toMatch(/CUST3|12가3456/);
    });

    test('a public board calls orders to everybody, in English, in the dark', async () => {
      const board = await plaza.open('/app/board');
      await board.emulateMedia({ colorScheme: 'dark' });
      await board.getByText('No order is waiting.').waitFor();
      const admin = { Authorization: `Bearer ${await signInByCodeFlow(plaza.url, REDIRECT, 'admin-2')}` };
      const command = (method: string, path: string, body: object = {}) =>
        call(plaza.url, method, `/food-court/shops${path}`, body, admin);
      await command('POST', '', { shopId: 's9', name: '정자 분식' });
      await command('PUT', '/s9/menu/m1', { name: '참치김밥', price: 4500, available: true });
      await command('POST', '/s9/orders', { orderId: 'o1', customerId: 'CUST9', lines: [{ menuId: 'm1', qty: 1 }] });
      for (const step of ['acceptance', 'cooking', 'completion']) await command('POST', `/s9/orders/o1/${step}`);
      await board.locator('.calls li', { hasText: /^1정자 분식$/ }).waitFor();
      expect(await violations(board)).toEqual([]);
    });

    test('a refusal by the provider is shown, and nobody is signed in', async () => {
      const page = await plaza.open('/view/parking/lots');
      await button(page, 'Sign in').click();
      await page.locator('[name=login]').waitFor();
      await page.locator('a[href$="/abort"]').click();
      await page.getByText('End-User aborted interaction').waitFor();
      expect(page.url()).toMatch(/\/view\/parking\/lots$/);
      await page.goto('/signed-in?code=stolen&state=guessed');
      await page.getByText('it was not started in this tab').waitFor();
      expect(await keptToken(page)).toBeUndefined();
    });
  });

  test('an expired sign-in is shown, keeps the page’s content, and can be renewed', async () => {
    const plaza = await withProvider({ lifetime: 5 });
    onTestFinished(plaza.end);
    const page = await plaza.open('/view/parking/lots');
    await signIn(page, 'staff-1');
    await page.getByRole('heading', { name: 'Lots', exact: true }).waitFor();
    await over(page).getByText('Your sign-in has expired').waitFor();
    expect(await page.getByRole('heading', { name: 'Lots', exact: true }).count()).toBe(1);
    const before = await keptToken(page);
    await button(page, 'Sign in again').click();
    await agree(page); // the provider's session is still valid: no password
    await over(page).waitFor({ state: 'detached' });
    await page.locator('.user').getByText('staff-1').waitFor();
    expect(page.url()).toMatch(/\/view\/parking\/lots$/);
    expect(await keptToken(page)).not.toBe(before);
  });

  test('with refresh tokens the sign-in is renewed unnoticed for as long as the provider answers', async () => {
    const plaza = await withProvider({ lifetime: 4, refresh: true });
    onTestFinished(plaza.end);
    const page = await plaza.open('/');
    await signIn(page, 'staff-1');
    const seen = new Set<string | undefined>();
    await expect.poll(async () => seen.add(await keptToken(page)).size, { interval: 250 }).toBeGreaterThan(2);
    expect(seen).not.toContain(undefined);
    expect(await over(page).count()).toBe(0);
    await page.reload();
    await page.locator('.user').getByText('staff-1').waitFor();
    plaza.stopProvider();
    await over(page).waitFor();
  });

  describe('with a pasted token, without a provider', () => {
    const data = temporaryData();
    let plaza: Plaza;
    const tokenOf = (...args: string[]): Promise<string> => localToken(data.folder, ...args);
    const paste = async (page: Page, token: string): Promise<void> => {
      await page.getByLabel('Access token').fill(token);
      await button(page, 'Sign in').click();
    };

    beforeAll(async () => {
      plaza = await openPlaza({
        PLAZA_DATA: data.folder,
        PLAZA_CONTEXTS: `${PLAZA_CONTEXTS},customers`,
        AUTH: 'on',
        AUTH_CLOCK_SKEW_SECONDS: '0',
        PERSONAL_KEY: randomBytes(32).toString('base64'),
      });
    });
    afterAll(async () => {
      await plaza.close();
      data.remove();
    });

    test('an empty Plaza welcomes everybody who may see it, and offers the demo to an admin alone', async () => {
      for (const [role, offers] of [
        ['staff', 0],
        ['admin', 1],
      ] as const) {
        const page = await open(plaza.url, '/');
        await paste(page, await tokenOf('--role', role, '--sub', `${role}-1`));
        await page.getByRole('heading', { name: 'Welcome to Plaza' }).waitFor();
        expect(await button(page, 'Fill with a living demo').count()).toBe(offers);
        expect(await violations(page)).toEqual([]);
      }
    });

    test('an invalid one is refused in words; a valid one signs in, survives a reload, and ends with signing out', async () => {
      const page = await open(plaza.url, '/view/parking/lots');
      await page.getByText('npm run token -- --role staff --sub me').waitFor();
      await paste(page, 'ey.not.one');
      await page.getByText('Plaza does not accept this token').waitFor();
      await page.emulateMedia({ colorScheme: 'dark' });
      expect(await violations(page)).toEqual([]);
      await paste(page, await tokenOf('--role', 'admin', '--sub', 'boss'));
      await page.locator('.user').getByText('boss').waitFor();
      await button(page, 'Open a lot').click();
      await input(page, 'Name').first().fill('정자역');
      await input(page, 'Spots').fill('3');
      await submit(page, 'Open a lot').click();
      await page.getByRole('row', { name: '정자역' }).waitFor();
      await page.reload();
      await page.getByRole('row', { name: '정자역' }).waitFor();
      await page.getByRole('link', { name: 'Operations' }).click();
      await page.getByRole('button', { name: 'Replay every view' }).waitFor();

      const elsewhere = await page.context().newPage();
      await elsewhere.goto('/');
      await elsewhere.getByRole('heading', { name: 'Sign in' }).waitFor(); // each tab has its own sign-in
      await elsewhere.close();
      await button(page, 'Sign out').click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await keptToken(page)).toBeUndefined();
      expect(await page.getByText('정자역').count()).toBe(0);
    });

    const admin = async () => ({ Authorization: `Bearer ${await tokenOf('--role', 'admin', '--sub', 'admin-1')}` });

    test('a kiosk orders under its role, in English, in the dark', async () => {
      const shop = '/food-court/shops/s1';
      const command = async (method: string, path: string, body: object = {}) =>
        call(plaza.url, method, path, body, await admin());
      await command('POST', '/food-court/shops', { shopId: 's1', name: '정자 분식' });
      await command('PUT', `${shop}/menu/m1`, { name: '참치김밥', price: 4500, available: true });

      const wrong = await open(plaza.url, '/app/kiosk');
      await paste(wrong, await tokenOf('--role', 'customer', '--sub', 'CUST1'));
      await wrong.getByText('Sign in with an account of the role kiosk.').waitFor();

      const kiosk = await open(plaza.url, '/app/kiosk');
      await kiosk.emulateMedia({ colorScheme: 'dark' });
      await kiosk.getByLabel('Access token').waitFor();
      expect(await violations(kiosk)).toEqual([]);
      await paste(kiosk, await tokenOf('--role', 'kiosk', '--sub', 'kiosk-1'));
      await kiosk.getByRole('button', { name: /정자 분식/ }).click();
      await button(kiosk, 'Add 참치김밥').click();
      await kiosk.locator('.total', { hasText: '₩4,500' }).waitFor();
      expect(await violations(kiosk)).toEqual([]);
      await button(kiosk, 'Order 1').click();
      await kiosk.locator('.call', { hasText: /Call number1/ }).waitFor();
      const listed = await eventually(
        async () => call<{ items: object[] }>(plaza.url, 'GET', `${shop}/orders`, undefined, await admin()),
        ({ body }) => body.items.length > 0,
      );
      const [order] = listed.body.items as { orderId: string }[];
      expect(order).not.toHaveProperty('customerId');
    });

    test('a customer who asks to be erased is signed out, and forgotten by Plaza and by the device', async () => {
      const lot = { lotId: 'erase', name: '오리역', spots: 3, price: 5000 };
      await call(plaza.url, 'POST', '/parking/lots', lot, await admin());
      const page = await open(plaza.url, '/app/parking/erase');
      await paste(page, await tokenOf('--role', 'customer', '--sub', 'CUST7'));
      await page.getByLabel('Car number').fill('12가3456');
      await button(page, 'Reserve').click();
      await button(page, 'Cancel the reservation').waitFor();
      const reservation = new URL(page.url()).pathname.replace('/app/parking/', '/parking/lots/');
      await page.goto('/app/me');
      for (const words of ['Erase me', 'Cancel everything and erase me']) {
        await button(page, words).click();
        await page.getByRole('dialog').getByRole('button', { name: words, exact: true }).click();
      }
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(await keptToken(page)).toBeUndefined();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toMatch(/CUST7|12가3456/);
      await eventually(
        async () => call<Record<string, string>>(plaza.url, 'GET', reservation, undefined, await admin()),
        ({ body }) => body.carNumber === '(erased)' && body.status === 'canceled',
      );
    });

    test('an expired one is shown, on the board too', async () => {
      const page = await open(plaza.url, '/board');
      await page.getByLabel('Access token').waitFor();
      await paste(page, await tokenOf('--role', 'shop', '--sub', 'kim', '--hours', '0.003'));
      await page.getByText('No order is waiting.').waitFor();
      await over(page).getByText('Your sign-in has expired').waitFor();
      expect(await violations(page)).toEqual([]);
      await button(page, 'Sign in again').click();
      await page.getByLabel('Access token').waitFor();
    });
  });
});
