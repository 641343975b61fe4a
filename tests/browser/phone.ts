import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { call, eventually, openPlaza, type Plaza, temporaryData, viewsAreBuilt } from '../support/plaza.ts';
import { button, follow, inBrowser, openBrowser, shows, submit, tabTo, violationsInAll } from './stage.ts';

const PHONE = { locale: 'ko-KR', viewport: { width: 360, height: 740 }, hasTouch: true };

/** The demo customer whom a phone remembers unless another one is named. */
export const CUSTOMER = 'kim-minji';

export type Phone = ReturnType<typeof usePhone>;

/** Opens a Plaza for the tests of a file. */
const usePhone = (env: Readonly<Record<string, string>>) => {
  const data = temporaryData();
  let plaza: Plaza;

  beforeAll(async () => {
    plaza = await openPlaza({ PLAZA_DATA: data.folder, ...env });
    await viewsAreBuilt(plaza.url);
  });
  afterAll(async () => {
    await plaza?.close();
    data.remove();
  });

  /** Opens a page in a browser without a customer. */
  const openNew = async (path: string, options: Parameters<typeof openBrowser>[1] = {}): Promise<Page> => {
    const page = await openBrowser(plaza.url, { ...PHONE, ...options });
    await page.goto(path);
    return page;
  };
  return {
    openNew,
    stopPlaza: () => plaza.close(),
    /** Opens Plaza again at the same address. */
    async restartPlaza(): Promise<void> {
      const PORT = new URL(plaza.url).port;
      plaza = await openPlaza({ PLAZA_DATA: data.folder, ...env, PORT });
    },
    /** Gives a command, again while Plaza answers that it is not possible now. */
    command: (method: string, path: string, body: object = {}) =>
      eventually(
        () => call(plaza.url, method, path, body),
        ({ status }) => status !== 503,
      ),
    /** Reads a resource until it is as expected. */
    reads: <Body>(path: string, expected: (body: Body) => boolean) =>
      eventually(
        () => call<Body>(plaza.url, 'GET', path),
        ({ status, body }) => status === 200 && expected(body),
      ),
    /** Opens a page as a phone that remembers its demo customer. */
    async open(path: string, options: Parameters<typeof openBrowser>[1] = {}, who = CUSTOMER): Promise<Page> {
      const page = await openNew('/app', options);
      await page.addInitScript(`localStorage['plaza.customer'] ??= '${who}'`);
      await page.goto(path);
      return page;
    },
  };
};

/** Describes the page for customers on a phone. @param env settings of the Plaza */
export const onPhone = (
  name: string,
  tests: (phone: Phone) => void,
  env: Readonly<Record<string, string>> = {},
): void => inBrowser(name, () => tests(usePhone(env)));

/** Presses a button, and the same in the dialog that asks again. */
export const confirmed = async (page: Page, name: string): Promise<void> => {
  await button(page, name).click();
  await submit(page, name).click();
};

/** The focus is on a control, or on what has remained around one. */
const hasFocus = 'document.activeElement !== document.body';
const isFocusVisible = `(() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
})()`;

/**
 * Returns the hands of a customer without a pointer, who press a key on what Tab leads to. They fail when the focus is
 * not to be seen, or is lost after a key.
 */
export const keyboardOf =
  (page: Page) =>
  async (target: Locator, key = 'Enter'): Promise<void> => {
    await target.waitFor();
    await tabTo(page, target);
    expect(await page.evaluate(isFocusVisible), `the focus on ${target} is visible`).toBe(true);
    await page.keyboard.press(key);
    await expect.poll(() => page.evaluate(hasFocus), { message: `the focus after ${target}` }).toBe(true);
  };

/** Fails when the page is wider than the screen. */
export const fits = async (page: Page): Promise<void> =>
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);

/**
 * Expects axe to find nothing on pages, in both languages, light and dark.
 * @param paths each with a text of the loaded page in Korean and in English
 */
export const isAccessible = async (
  phone: Phone,
  paths: readonly (readonly [path: string, ko: string, en: string])[],
): Promise<void> => {
  const page = await phone.open('/app');
  for (const [path, ko, en] of paths) {
    await follow(page, path);
    await shows(page, ko);
    expect(await violationsInAll(page, (language) => shows(page, { ko, en }[language])), path).toEqual([]);
  }
};
