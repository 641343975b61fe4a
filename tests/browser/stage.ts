import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, onTestFinished } from 'vitest';
import { openTestStores } from '../../embedded/testing.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { buildPage } from '../../web/build.ts';
import { call, eventually, openProgram, type Plaza, temporaryData } from '../support/plaza.ts';
import { findChromium, launch } from './chromium.ts';

/** The browser that the files of a worker share. It is started once, after the page was built. */
let shared: Promise<Browser> | undefined;

const openShared = async (): Promise<Browser> => {
  await buildPage();
  // A worker is ended by a signal. An exit ends the browser too, and removes its folder.
  process.once('SIGTERM', () => process.exit());
  return launch(findChromium() ?? '');
};

/** Describes what needs a browser. Without one, the tests are skipped, and the reason is printed. */
export const inBrowser = (name: string, tests: () => void): void => {
  const chromium = findChromium();
  if (!chromium) console.warn(`Not tested without Chromium (apt-get install chromium-headless-shell): ${name}`);
  describe.skipIf(!chromium)(`${name} (needs Chromium)`, () => {
    beforeAll(async () => {
      shared ??= openShared();
      await shared;
    });
    tests();
  });
};

const SIDES = {
  writeSide: { program: 'write-side', port: 'WRITE_SIDE_PORT' },
  readApi: { program: 'read-api', port: 'READ_API_PORT' },
  projections: { program: 'projections', port: 'PROJECTIONS_PORT' },
  policies: { program: 'policies', port: 'POLICIES_PORT' },
} as const;

type SideName = keyof typeof SIDES;

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** Opens every side of Plaza for itself behind the gateway, on stores that they share. */
export const openStage = async () => {
  const data = temporaryData();
  const stores = await openTestStores({ dataFolder: data.folder });
  const env = {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    PLAZA_CONTEXTS: 'parking,screening,food-court',
  };
  const mongo = createMongoClient(stores.mongoUrl);
  const open = (name: SideName, port = '0') => openProgram(SIDES[name].program, { ...env, [SIDES[name].port]: port });
  const sides: Record<SideName, Plaza> = {
    writeSide: await open('writeSide'),
    readApi: await open('readApi'),
    projections: await open('projections'),
    policies: await open('policies'),
  };
  const gateway = await openProgram('gateway', {
    WRITE_SIDE_URL: sides.writeSide.url,
    READ_API_URL: sides.readApi.url,
    PROJECTIONS_URL: sides.projections.url,
  });
  await eventually(
    () => call<{ projections: { state: string }[] }>(gateway.url, 'GET', '/control-center'),
    ({ status, body }) => status === 200 && body.projections.length > 15,
  );
  return {
    url: gateway.url,
    eventStoreUrl: stores.eventStoreUrl,
    db: mongo.db('plaza'),
    /** Takes a side away. */
    stop: (name: SideName) => sides[name].close(),
    /** Opens a side again at the same address. */
    async start(name: SideName) {
      sides[name] = await open(name, new URL(sides[name].url).port);
    },
    async end() {
      await gateway.close();
      await Promise.all(Object.values(sides).map((side) => side.close()));
      await mongo.close();
      await stores.stop();
      data.remove();
    },
  };
};

/**
 * Opens a browser of somebody's own: nothing is shared with another. A test fails when its page reports an unexpected
 * error: on its console, in its scripts, or by a request to another server.
 * @param others servers besides Plaza that it may ask
 */
export const openBrowser = async (
  url: string,
  options: BrowserContextOptions = {},
  others: readonly string[] = [],
): Promise<Page> => {
  const context = await (await shared)!.newContext({
    locale: 'en-GB',
    timezoneId: 'Asia/Seoul',
    viewport: { width: 1280, height: 900 },
    baseURL: url,
    reducedMotion: 'reduce', // Without a graphics card, an animation takes a fifth of the browser's CPU.
    serviceWorkers: 'block', // A test sees each request itself, unless it is about the service worker.
    ...options,
  });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const found: string[] = [];
  onTestFinished(async () => {
    const faults = [...found];
    // A page asks until it is closed, so an answer that a test replaces may be under way.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
    expect(faults).toEqual([]);
  });
  // The browser's own messages about error answers are expected.
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) found.push(message.text());
  });
  page.on('pageerror', (error) => found.push(error.message));
  page.on('request', (request) => {
    const isOurs = page.url().startsWith(url) || page.url() === 'about:blank';
    if (isOurs && ![url, ...others].some((server) => request.url().startsWith(server)))
      found.push(`asked for ${request.url()}`);
  });
  page.on('dialog', (dialog) => {
    found.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return page;
};

/** Waits until a text is on the page. */
export const shows = (page: Page, text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();
/** The value of a field of the resource that the page of staff shows. */
export const field = (page: Page, name: string): Locator =>
  page.locator('.fields > div', { hasText: name }).locator('dd').first();
/** Waits until a field has a value. */
export const fieldIs = (page: Page, name: string, value: string): Promise<void> =>
  expect.poll(() => field(page, name).textContent()).toBe(value);
export const button = (page: Page | Locator, name: string): Locator => page.getByRole('button', { name, exact: true });
/** A button of the open dialog. */
export const submit = (page: Page, name: string): Locator => button(page.getByRole('dialog'), name);
/** An input of the open dialog. */
export const input = (page: Page, label: string): Locator => page.getByRole('dialog').getByLabel(label);

/**
 * Shows another path without loading the page again, as its links do, and waits until it is drawn: the browser compiles
 * no script twice, which is half of its work where axe looks at many paths.
 */
export const follow = async (page: Page, path: string): Promise<void> => {
  await page.locator('main').waitFor();
  await page.evaluate(`new Promise((resolve) => {
    history.pushState(null, '', '${path}');
    dispatchEvent(new PopStateEvent('popstate'));
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  })`);
};

/** Presses Tab until an element has the focus. @throws Error when it never gets it */
export const tabTo = async (page: Page, selector: ReturnType<Page['locator']>): Promise<void> => {
  for (let presses = 0; presses < 120; presses++) {
    if (await selector.evaluate((element) => element === element.ownerDocument.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${selector}`);
};

/**
 * Returns what axe-core finds, in short. It is run outside of the page's own world, which the page's policy is for.
 * @param rules all unless named
 */
export const violations = async (page: Page, rules?: readonly string[]): Promise<string[]> => {
  const session = await page.context().newCDPSession(page);
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  });
  const evaluate = async (expression: string): Promise<unknown> => {
    const { result } = await session.send('Runtime.evaluate', {
      contextId,
      awaitPromise: true,
      returnByValue: true,
      expression,
    });
    return result.value;
  };
  if ((await evaluate('typeof axe')) === 'undefined') await evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = await evaluate(
    `axe.run({ runOnly: ${JSON.stringify(rules ?? tags)}, resultTypes: ['violations'] }).then(({ violations }) =>
      violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ': ' + target.join(' ') + ' ' + failureSummary)))`,
  );
  await session.detach();
  return found as string[];
};

type Language = 'ko' | 'en';

/** Chooses the language on a loaded page, as another tab does. */
const speak = (page: Page, language: Language) =>
  page.evaluate(`localStorage['plaza.language'] = '${language}';
    dispatchEvent(new StorageEvent('storage', { key: 'plaza.language' }))`);

/** Rules of axe about colours, the only ones that differ between light and dark. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/**
 * Returns what axe-core finds on a loaded page in both languages, light and dark; the page's own language comes last.
 * The page is loaded once, and what does not depend on the colours is looked at in one scheme.
 * @param isWhole waits until the page shows everything in a language
 */
export const violationsInAll = async (
  page: Page,
  isWhole: (language: Language) => Promise<unknown>,
): Promise<string[]> => {
  const found: string[] = [];
  const own = (await page.evaluate('document.documentElement.lang')) as Language;
  for (const [language, ...schemes] of [
    [own === 'ko' ? 'en' : 'ko', 'light', 'dark'],
    [own, 'dark', 'light'],
  ] as const) {
    await speak(page, language);
    await page.locator(`html[lang="${language}"]`).waitFor({ state: 'attached' });
    await isWhole(language);
    for (const colorScheme of schemes) {
      await page.emulateMedia({ colorScheme });
      const those = await violations(page, colorScheme === schemes[0] ? undefined : COLOURS);
      found.push(...those.map((one) => `${language} ${colorScheme}: ${one}`));
    }
  }
  return found;
};
