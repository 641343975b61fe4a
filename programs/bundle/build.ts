import { accessSync, constants, globSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Plugin, Rolldown } from 'vite';
import { type Bundle, DIST, isFresh, MANIFEST, ROOT, readBundle } from './bundle.ts';

const isTest = (file: string): boolean => /\.test\.ts$|\/testing\.ts$/.test(file);

/** `build` runs from its sources, because it needs Vite. */
const NOT_BUNDLED = ['programs/build.ts', 'programs/contexts.ts'];

/** A developer who starts Plaza between edits would wait for a build each time. */
const RESTED_AFTER_MS = 600_000;

/** Another process may be writing younger files. */
const ABANDONED_AFTER_MS = 3_600_000;

/** Returns what a bundle is made of, with the time of its last change. npm writes the last file when it installs. */
const sourcesNow = (): Bundle['sources'] => {
  const own = globSync('{embedded,platform,programs,projections,read-api,schemas,write-side}/**/*.ts', { cwd: ROOT });
  const all = [...own.filter((file) => !isTest(file)), 'package.json', 'node_modules/.package-lock.json'];
  return Object.fromEntries(all.map((file) => [file, statSync(join(ROOT, file)).ctimeMs]));
};

/** Makes stack traces name sources, and keeps the paths right that a module composes from its own. */
const ownModules: Plugin = {
  name: 'own-modules',
  enforce: 'pre',
  transform(code, id) {
    if (id.includes('/node_modules/')) return;
    // Workers and the stores' process become files of the bundle.
    const withChunks = code.replaceAll(/new URL\('(\.[^']+\.ts)', import\.meta\.url\)/g, (_, file) => {
      const chunk = this.emitFile({ type: 'chunk', id: resolve(dirname(id), file) });
      return `import.meta.ROLLUP_FILE_URL_${chunk}`;
    });
    const folder = `(import.meta.dirname + '/${relative(DIST, dirname(id))}')`;
    const first = this.getModuleInfo(id)?.isEntry ? `import '${join(import.meta.dirname, 'stack-traces.ts')}'; ` : '';
    return { code: first + withChunks.replaceAll('import.meta.dirname', folder), map: null };
  },
  resolveFileUrl: ({ fileName }) => `new URL('./${fileName}', import.meta.url)`,
};

/** Writes a file in one step, so that a starting process never finds half of it. */
const write = (file: string, text: string | Uint8Array): void => {
  const part = `${file}.${process.pid}`;
  writeFileSync(part, text);
  renameSync(part, file);
};

/**
 * Builds the programs with their libraries into `dist/`, if there is no bundle, or its sources changed and have rested
 * since. The files of the bundle before are kept: processes that run it load some of them late.
 * @returns whether it was built
 */
export const buildPrograms = async ({ always = false, now = Date.now() } = {}): Promise<boolean> => {
  const before = readBundle();
  const sources = sourcesNow();
  const haveRested = now - Math.max(...Object.values(sources)) > RESTED_AFTER_MS;
  if (!always && before && (isFresh(before) || !haveRested)) return false;
  mkdirSync(DIST, { recursive: true });
  accessSync(DIST, constants.W_OK);
  const programs = Object.fromEntries(
    globSync('programs/*.ts', { cwd: ROOT })
      .filter((file) => !isTest(file) && !NOT_BUNDLED.includes(file))
      .map((file) => [basename(file, '.ts'), join(ROOT, file)]),
  );

  const { build } = await import('vite');
  const { output } = (await build({
    configFile: false,
    envDir: false,
    publicDir: false,
    root: ROOT,
    logLevel: 'silent',
    plugins: [ownModules],
    // Libraries are found as Node.js finds them.
    resolve: { mainFields: ['main'] },
    ssr: { noExternal: true, resolve: { conditions: ['node'] } },
    build: {
      ssr: true,
      outDir: DIST,
      write: false,
      target: 'esnext',
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: programs,
        output: {
          entryFileNames: ({ name }) => (name in programs ? '[name].js' : '[name]-[hash].js'),
          chunkFileNames: '[name]-[hash].js',
          sourcemapExcludeSources: true,
        },
      },
    },
  })) as Rolldown.RolldownOutput;
  const chunks = output.filter((file) => file.type === 'chunk');
  const unknown = chunks
    .flatMap(({ moduleIds }) => moduleIds)
    .find((id) => id.startsWith(ROOT) && !id.includes('/node_modules/') && !(relative(ROOT, id) in sources));
  if (unknown) throw new Error(`${unknown} would be in the bundle without being watched`);

  for (const file of output) write(join(DIST, file.fileName), file.type === 'chunk' ? file.code : file.source);
  const files = output.map(({ fileName }) => fileName);
  write(MANIFEST, JSON.stringify({ sources, files } satisfies Bundle));
  const kept = new Set([basename(MANIFEST), ...files, ...(before?.files ?? [])]);
  for (const file of globSync('*', { cwd: DIST }).filter((name) => !kept.has(name)))
    if (now - statSync(join(DIST, file)).mtimeMs > ABANDONED_AFTER_MS) rmSync(join(DIST, file));
  return true;
};
