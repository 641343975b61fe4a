import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { startEmbeddedStores } from '../../embedded/start.ts';
import { createMongoClient } from '../../platform/mongo.ts';
import { buildPage } from '../../web/build.ts';
import { call, eventually, temporaryData } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';
import { launch } from './chromium.ts';

type SideName = 'writeSide' | 'readApi' | 'projections' | 'policies';

const PROGRAMS: Readonly<Record<SideName, string>> = {
  writeSide: 'write-side',
  readApi: 'read-api',
  projections: 'projections',
  policies: 'policies',
};

const PORTS: Readonly<Record<SideName, string>> = {
  writeSide: 'WRITE_SIDE_PORT',
  readApi: 'READ_API_PORT',
  projections: 'PROJECTIONS_PORT',
  policies: 'POLICIES_PORT',
};

export type Stage = Awaited<ReturnType<typeof startStage>>;

/** Runs every side of Plaza as a separate process behind the gateway, on separate stores, with a browser. */
export const startStage = async (chromiumPath: string) => {
  const data = temporaryData();
  const [browser, stores] = await Promise.all([
    launch(chromiumPath),
    startEmbeddedStores({ dataFolder: data.folder }),
    buildPage(),
  ]);
  const env = {
    EVENTSTORE_URL: stores.eventStoreUrl,
    MONGODB_URL: stores.mongoUrl,
    PLAZA_CONTEXTS: 'parking,screening,food-court',
  };
  const mongo = createMongoClient(stores.mongoUrl);
  const names = Object.keys(PROGRAMS) as SideName[];
  const started = await Promise.all(names.map((name) => startProgram(PROGRAMS[name], env)));
  const sides = Object.fromEntries(names.map((name, at) => [name, started[at]])) as Record<SideName, Program>;
  const ports = Object.fromEntries(names.map((name) => [name, new URL(sides[name].url || 'http://x:0').port]));
  const gateway = await startProgram('gateway', {
    WRITE_SIDE_URL: sides.writeSide.url,
    READ_API_URL: sides.readApi.url,
    PROJECTIONS_URL: sides.projections.url,
  });
  await eventually(
    () => call<{ projections: { state: string }[] }>(gateway.url, 'GET', '/control-center'),
    ({ status, body }) => status === 200 && body.projections.length > 15,
  );
  return {
    browser,
    url: gateway.url,
    eventStoreUrl: stores.eventStoreUrl,
    db: mongo.db('plaza'),
    /** Kills a side, as in a crash. */
    stop: (name: SideName) => sides[name].end('SIGKILL'),
    /** Restarts a side on the same port. */
    async start(name: SideName) {
      sides[name] = await startProgram(PROGRAMS[name], { ...env, [PORTS[name]]: ports[name] || '0' });
    },
    async end() {
      await browser.close();
      await gateway.end('SIGKILL');
      await Promise.all(Object.values(sides).map((side) => side.end('SIGKILL')));
      await mongo.close();
      await stores.stop();
      data.remove();
    },
  };
};

/** Unexpected errors of a page: its console, its scripts, and its requests to other servers. */
const faults = new WeakMap<Page, string[]>();

export const faultsOf = (page: Page): readonly string[] => faults.get(page) ?? [];

/**
 * A browser of somebody's own: nothing is shared with another.
 * @param others servers besides Plaza that it may ask
 */
export const openBrowser = async (
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  others: readonly string[] = [],
): Promise<Page> => {
  const context = await browser.newContext({
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
  onTestFinished(async () => {
    // A page asks until it is closed, so an answer that a test replaces may be under way.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  });
  const found: string[] = [];
  faults.set(page, found);
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
