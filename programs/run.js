import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * `node programs/run.js NAME …` runs `programs/NAME.ts` with the arguments that follow. It keeps compiled code, types
 * stripped, so that later starts take half the time and 40 MB less.
 *
 * The cache must be on before the first import of a program, because imports are compiled before the first line runs.
 * Plain JavaScript: stripping types takes 0.1 s and 17 MB to load, and nothing in the cache needs it. Any Node.js from
 * version 20 on can read this file, so that an older one can say what to do.
 */
const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));

const run = async (name) => {
  module.enableCompileCache(fileOf('../node_modules/.cache/plaza'));
  const folder = module.getCompileCacheDir();
  if (folder) process.env.NODE_COMPILE_CACHE = folder;
  process.argv.splice(2, 1);
  const { bundled } = await import('./bundle/bundle.ts');
  await import(bundled(name) ?? `./${name}.ts`);
  // Without this only a process that ends in order would keep its compiled code.
  module.flushCompileCache();
};

/** Runs the same command by the Node.js that npm installed, until it ends. */
const runBy = async (node) => {
  const { spawn } = await import('node:child_process');
  const args = [...process.execArgv, ...process.argv.slice(1)];
  // As under npm, the program ends when this process has ended.
  const child = spawn(node, args, { stdio: 'inherit', env: { npm_lifecycle_event: 'run.js', ...process.env } });
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('close', (code) => {
    process.exitCode = code ?? 1;
  });
};

const fail = (why, code) => {
  console.error(`plaza: ${why}`);
  process.exitCode = code;
};

const { node: needed } = JSON.parse(readFileSync(fileOf('../package.json'), 'utf8')).dependencies;
const installed = fileOf(`../node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
const [, , name] = process.argv;

if (!/^[a-z-]+$/.test(name ?? '') || !existsSync(fileOf(`./${name}.ts`)))
  fail(`there is no program ${name ?? ''}: docs/commands.md lists them`, 2);
else if (Number.parseInt(process.versions.node, 10) >= Number.parseInt(needed, 10)) await run(name);
else if (existsSync(installed)) await runBy(installed);
else
  fail(
    `Node.js ${process.versions.node} is too old, and Node.js ${needed}, which belongs to Plaza, is not installed: ` +
      'npm ci installs it, unless scripts are off (--ignore-scripts); npm rebuild node adds it',
    1,
  );
