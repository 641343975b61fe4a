import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HERE = import.meta.dirname;
const DIST = join(HERE, 'dist');

/** What the page was built from: kept beside it. */
const BUILT_FROM = join(DIST, '.sources');

/** A hash of everything that the page is built from. */
const sources = (): string => {
  const files = globSync(['src/**/*', 'index.html', 'vite.config.ts'], { cwd: HERE, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...files, join(HERE, '../package-lock.json')])
    hash.update(file.slice(HERE.length)).update(readFileSync(file));
  return hash.digest('hex');
};

/**
 * Builds the control centre's page into dist/, if it is not there or the sources have changed. It is built aside and
 * put in place in one step, so that whoever serves it finds it whole.
 * @returns whether it was built
 */
export const buildPage = async ({ always = false } = {}): Promise<boolean> => {
  const wanted = sources();
  if (!always && existsSync(BUILT_FROM) && readFileSync(BUILT_FROM, 'utf8') === wanted) return false;
  const { build } = await import('vite');
  const outDir = `${DIST}.${process.pid}`;
  await build({ configFile: join(HERE, 'vite.config.ts'), logLevel: 'warn', build: { outDir, emptyOutDir: true } });
  writeFileSync(join(outDir, '.sources'), wanted);
  rmSync(DIST, { recursive: true, force: true });
  renameSync(outDir, DIST);
  return true;
};

/** `npm run build` builds. `npm start` comes here first, with `--if-needed`, and starts even if that fails. */
if (import.meta.main) {
  const ifNeeded = process.argv.includes('--if-needed');
  const began = performance.now();
  try {
    if (await buildPage({ always: !ifNeeded }))
      console.log(`Built the control centre's page in ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    if (!ifNeeded) throw error;
    console.warn(`The control centre's page can't be built: ${error instanceof Error ? error.message : error}`);
  }
}
