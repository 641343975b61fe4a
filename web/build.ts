import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const HERE = import.meta.dirname;
const DIST = join(HERE, 'dist');

/** A folder for the pages that this user cannot write; the message is one line. */
class FolderError extends Error {
  override readonly name = 'FolderError';
  constructor(folder: string, { code }: NodeJS.ErrnoException) {
    super(`${folder} cannot be written (${code}): run npm run build once as a user who can`);
  }
}

/** Returns a hash of everything that the pages are built from. */
const sources = (): string => {
  const files = globSync(['{staff,app,common,public}/**/*', 'vite.config.ts', 'build.ts'], {
    cwd: HERE,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const hash = createHash('sha256');
  for (const file of [...files, join(HERE, '../package-lock.json')])
    hash.update(file.slice(HERE.length)).update(readFileSync(file));
  return hash.digest('hex');
};

/**
 * Builds the pages into dist/, if it is missing or older than its sources. The new page replaces the
 * old one in one step, so that a server never finds half of it.
 * @param options.always builds also a page that is up to date
 * @returns whether it was built
 * @throws FolderError when the folder of dist/ cannot be written
 */
export const buildPage = async ({ always = false, dist = DIST } = {}): Promise<boolean> => {
  /** The hash of the sources that the page was built from. */
  const builtFrom = join(dist, '.sources');
  const wanted = sources();
  const isBuilt = () => existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === wanted;
  if (!always && isBuilt()) return false;
  const outDir = `${dist}.${process.pid}`;
  try {
    mkdirSync(outDir);
  } catch (error) {
    throw new FolderError(dirname(dist), error as NodeJS.ErrnoException);
  }
  const { build } = await import('vite');
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production'; // Vite obeys it: a test's "test" would make another page.
  try {
    await build({ configFile: join(HERE, 'vite.config.ts'), logLevel: 'warn', build: { outDir, emptyOutDir: true } });
    writeFileSync(join(outDir, '.sources'), wanted);
    if (!always && isBuilt()) return false; // Another process has built the same meanwhile.
    if (existsSync(dist)) renameSync(dist, `${outDir}.old`);
    renameSync(outDir, dist);
  } catch (error) {
    if (!isBuilt()) throw error; // Another process may have built the same at the same time.
  } finally {
    if (NODE_ENV === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = NODE_ENV;
    for (const left of [outDir, `${outDir}.old`]) rmSync(left, { recursive: true, force: true });
  }
  return true;
};
