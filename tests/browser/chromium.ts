import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** First the one without windows, which opens a page with half the work. */
const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/**
 * Where a Chromium is, undefined when there is none.
 * @throws Error when there is none and REQUIRE_TOOLS says that there must be
 */
export const findChromium = (): string | undefined => {
  const found = CHROMIUM.find((file) => file !== undefined && existsSync(file));
  if (!found && process.env.REQUIRE_TOOLS)
    throw new Error('chromium is missing: apt-get install chromium-headless-shell');
  return found;
};

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A browser without anybody in it. @throws Error when it does not start */
export const launch = (executablePath: string): Promise<Browser> => chromium.launch({ executablePath, args: ARGS });
