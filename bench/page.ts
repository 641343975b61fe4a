/**
 * The control centre's page over many documents: how long until a view is shown, the CPU time that its thread needs for
 * that, the longest time for which it did not answer, how many elements it has, and what it holds in memory.
 *
 *     npm run bench -- page [--lots 10000] [--reservations 1000000] [--pages 20]
 *
 * Chromium (CHROMIUM=/path/to/chromium if it is not in /usr/bin), the read API as a process, embedded stores in a
 * temporary folder. Prints a Markdown table.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MongoClient } from 'mongodb';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { startEmbeddedStores } from '../embedded/start.ts';
import { findChromium, launch } from '../tests/browser/chromium.ts';
import { startProgram } from '../tests/support/processes.ts';
import { buildPage } from '../web/build.ts';
import { median } from './figures.ts';
import { fillParkingViews, lotOf } from './parking-views.ts';

const { values } = parseArgs({
  options: {
    lots: { type: 'string', default: '10000' },
    reservations: { type: 'string', default: '1000000' },
    pages: { type: 'string', default: '20' },
  },
});
const [lots, reservations, pages] = [values.lots, values.reservations, values.pages].map(Number) as [
  number,
  number,
  number,
];

type Row = {
  what: string;
  /** Milliseconds until it was shown, of each time. */
  shown: readonly number[];
  /** Milliseconds of CPU time of the page's thread, each time. */
  cpu: number;
  longest: number;
  elements: number;
  heap: number;
};

/** Asks the browser to note every task that kept the page from answering for 50 ms or more (Long Tasks API). */
const NOTE_LONG_TASKS = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask', buffered: true });
`;

/** Does something, and resolves with the milliseconds until the page has painted other rows than before. */
const untilOtherRows = (page: Page, act: string): Promise<number> =>
  page.evaluate<number>(`new Promise((resolve) => {
    const rows = () => document.querySelector('tbody')?.innerText;
    const before = rows();
    const began = performance.now();
    const look = () => {
      const now = rows();
      if (now !== undefined && now !== before) requestAnimationFrame(() => resolve(performance.now() - began));
      else requestAnimationFrame(look);
    };
    ${act};
    requestAnimationFrame(look);
  })`);

const pressing = (name: string) =>
  `[...document.querySelectorAll('button')].find(({ textContent }) => textContent.startsWith('${name}')).click()`;

const taskSeconds = (metrics: readonly { name: string; value: number }[]): number =>
  metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;

const measure = async (browser: Browser, url: string): Promise<Row[]> => {
  const context = await browser.newContext({ baseURL: url, locale: 'en-GB', viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(60_000);
  await context.addInitScript(NOTE_LONG_TASKS);
  const rows: Row[] = [];

  const watched = new Map<Page, { cdp: CDPSession; seconds: number }>();
  const noted = async (page: Page, what: string, shown: readonly number[]): Promise<void> => {
    const { cdp, seconds: before } = watched.get(page)!;
    const { metrics } = await cdp.send('Performance.getMetrics');
    const seconds = taskSeconds(metrics);
    const cpu = ((seconds - before) * 1000) / Math.max(1, shown.length);
    await cdp.send('HeapProfiler.collectGarbage');
    const { usedSize } = await cdp.send('Runtime.getHeapUsage');
    const longTasks = await page.evaluate<number[]>('longTasks.splice(0)');
    const elements = await page.evaluate<number>("document.querySelectorAll('*').length");
    rows.push({ what, shown, cpu, longest: Math.max(0, ...longTasks), elements, heap: usedSize / 2 ** 20 });
    const after = await cdp.send('Performance.getMetrics');
    watched.set(page, { cdp, seconds: taskSeconds(after.metrics) });
  };
  const opened = async (path: string, selector: string): Promise<[Page, number]> => {
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
    watched.set(page, { cdp, seconds: 0 });
    const began = performance.now();
    await page.goto(path);
    await page.locator(selector).first().waitFor();
    return [page, performance.now() - began];
  };
  const turned = async (page: Page): Promise<number[]> => {
    const took: number[] = [];
    for (let turn = 0; turn < pages; turn++) took.push(await untilOtherRows(page, pressing('Next page')));
    return took;
  };

  for (const [path, name, total, order] of [
    ['/view/parking/lots', 'lots', lots, 'Free'],
    ['/view/parking/reservations', 'reservations', reservations, 'Reserved at'],
  ] as const) {
    const [page, shown] = await opened(path, 'tbody tr');
    const all = total.toLocaleString('en');
    await noted(page, `${all} ${name}: opened`, [shown]);
    await noted(page, `${pages} pages turned`, await turned(page));
    await noted(page, `sorted by "${order}"`, [await untilOtherRows(page, pressing(order))]);
    const scrolled =
      'const end = performance.now() + 1000; const go = () => { scrollBy(0, 40); if (performance.now() < end) requestAnimationFrame(go); else resolve(); }; go()';
    await page.evaluate(`new Promise((resolve) => { ${scrolled} })`);
    await noted(page, 'scrolled to the end and back', []);
    await page.close();
  }
  const [lot, shown] = await opened(`/view/parking/lots/${lotOf(7)}`, 'tbody tr');
  await noted(lot, 'one lot with its reservations: opened', [shown]);
  await lot.close();
  const [overview, first] = await opened('/', '.card .lines li');
  await noted(overview, `overview over ${lots.toLocaleString('en')} lots: opened`, [first]);
  await overview.waitForTimeout(10_000);
  await noted(overview, 'the same after 10 s', []);
  await context.close();
  return rows;
};

const chromium = findChromium();
if (!chromium) throw new Error('there is no Chromium: apt-get install chromium-headless-shell');
const dataFolder = await mkdtemp(join(tmpdir(), 'plaza-bench-page-'));
const stores = await startEmbeddedStores({ dataFolder });
try {
  const mongo = new MongoClient(stores.mongoUrl);
  const filled = { lots, reservations, customers: Math.max(1, Math.floor(reservations / 20)) };
  await fillParkingViews(mongo.db('plaza'), filled);
  await mongo.close();
  await buildPage();
  const env = { MONGODB_URL: stores.mongoUrl, PLAZA_CONTEXTS: 'parking' };
  const [browser, readApi] = await Promise.all([launch(chromium), startProgram('read-api', env)]);
  const rows = await measure(browser, readApi.url);
  await browser.close();
  await readApi.end();
  console.log(
    '| | shown after, ms | CPU, ms | longest task, ms | elements | JS heap, MiB |\n|---|---:|---:|---:|---:|---:|',
  );
  for (const { what, shown, cpu, longest, elements, heap } of rows) {
    const after =
      shown.length === 0
        ? ''
        : shown.length === 1
          ? shown[0]!.toFixed(0)
          : `${median(shown).toFixed(0)} (most ${Math.max(...shown).toFixed(0)})`;
    console.log(
      `| ${what} | ${after} | ${cpu.toFixed(0)} | ${longest < 50 ? 'under 50' : longest.toFixed(0)} | ${elements} | ${heap.toFixed(1)} |`,
    );
  }
} finally {
  await stores.stop();
  await rm(dataFolder, { recursive: true });
}
