import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The one without windows comes first: it opens a page with half the CPU. */
const CHROMIUM = [
  process.env.CHROMIUM,
  '/usr/bin/chromium-headless-shell',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

/**
 * Returns the path of a Chromium, undefined without one.
 * @throws Error without one when REQUIRE_TOOLS is set
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

/**
 * Starts a browser without any profile. It ends with this process at the latest.
 * @throws Error when it does not start
 */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, args: ARGS, handleSIGTERM: false });
