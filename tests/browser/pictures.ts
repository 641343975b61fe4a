import { statSync } from 'node:fs';
import type { BrowserContextOptions } from 'playwright-core';
import { argumentsOf } from '../../programs/wiring/commands.ts';
import { findChromium, launch } from './chromium.ts';
import { openDemoStage } from './demo-stage.ts';

/** `npm run pictures`: draws the pictures of the docs anew, from the living demo. */

argumentsOf('pictures');

const DOCS = new URL('../../docs/', import.meta.url).pathname;

/** The largest picture that the repository takes, in bytes. */
const LARGEST = 200_000;

const WIDE = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 390, height: 780 }, hasTouch: true };

type Picture = {
  file: string;
  path: string;
  options: BrowserContextOptions;
  /** A text that the page shows when it is complete. */
  until: string;
};

const pictures: readonly Picture[] = [
  {
    file: 'control-center.png',
    path: '/',
    options: { ...WIDE, locale: 'en-GB', colorScheme: 'light' },
    until: '.card canvas',
  },
  {
    file: 'control-center-ko.png',
    path: '/view/parking/lots/demo-lot-1',
    options: { ...WIDE, locale: 'ko-KR', colorScheme: 'dark' },
    until: '.spots li',
  },
  {
    file: 'app.png',
    path: '/app',
    options: { ...PHONE, locale: 'ko-KR', colorScheme: 'light' },
    until: 'main .row',
  },
  {
    file: 'app-parking.png',
    path: '/app/parking',
    options: { ...PHONE, locale: 'ko-KR', colorScheme: 'dark' },
    until: 'main .row',
  },
];

const chromium = findChromium();
if (!chromium) throw new Error('There is no Chromium: apt-get install chromium-headless-shell');
const [stage, browser] = await Promise.all([openDemoStage(), launch(chromium)]);
try {
  for (const { file, path, options, until } of pictures) {
    const context = await browser.newContext({
      baseURL: stage.url,
      timezoneId: 'Asia/Seoul',
      reducedMotion: 'reduce',
      ...options,
    });
    const page = await context.newPage();
    await page.addInitScript("localStorage['plaza.customer'] ??= 'kim-minji'");
    await page.goto(path);
    await page.locator(until).first().waitFor();
    await page.waitForLoadState('load');
    await page.evaluate('document.fonts.ready.then(() => undefined)');
    await page.waitForFunction("document.querySelectorAll('.skeleton').length === 0");
    await page.waitForFunction("document.querySelectorAll('.pulse.bad').length === 0");
    await page.screenshot({ path: DOCS + file, animations: 'disabled', caret: 'hide' });
    await context.close();
    const { size } = statSync(DOCS + file);
    console.log(`docs/${file} ${Math.round(size / 1000)} kB`);
    if (size > LARGEST) throw new Error(`docs/${file} has more than ${LARGEST / 1000} kB`);
  }
} finally {
  await browser.close();
  await stage.end();
}
