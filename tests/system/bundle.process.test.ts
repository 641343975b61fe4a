import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { ROOT } from '../../programs/bundle/bundle.ts';
import { call, eventually, temporaryData } from '../support/plaza.ts';
import { startProgram } from '../support/processes.ts';

const SOURCES = /^(embedded|platform|programs|projections|read-api|schemas|web|write-side|package(-lock)?\.json)(\/|$)/;

const data = temporaryData();
const copy = join(data.folder, 'copy');
/** The bundle without the sources and the libraries, with the files that it reads. */
const bare = join(data.folder, 'bare');

beforeAll(() => {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => path === ROOT || SOURCES.test(path.slice(ROOT.length + 1)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const build = "await (await import('./programs/bundle/build.ts')).buildPrograms()";
  execFileSync(process.execPath, ['--input-type=module', '-e', build], { cwd: copy });
  for (const name of ['dist', 'package.json']) cpSync(join(copy, name), join(bare, name), { recursive: true });
  cpSync(join(ROOT, 'docs/walkthroughs'), join(bare, 'docs/walkthroughs'), { recursive: true });
  mkdirSync(join(bare, 'programs'));
  writeFileSync(
    join(bare, 'programs/run.js'),
    "const [name] = process.argv.splice(2, 1); await import('../dist/' + name + '.js');",
  );
});
afterAll(() => data.remove());

const runIn = (cwd: string, env: Record<string, string>, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['programs/run.js', ...args], {
    cwd,
    env: { ...process.env, PLAZA_DATA: join(data.folder, 'data'), ...env },
    encoding: 'utf8',
  });
  return { status, stderr, output: stdout + stderr };
};

/** The programs of package.json's scripts. */
const names = [
  ...new Set(
    Object.values(packageJson.scripts).flatMap((script) => / programs\/run\.js (\S+)/.exec(script)?.[1] ?? []),
  ),
].filter((name) => name !== 'build');

const WRONG = { PLAZA_CONTEXTS: 'casino', PLAZA_EVENTSTORE_PORT: 'none' };
const REFUSAL = /PLAZA_CONTEXTS=casino names casino/;

/** How a program begins that reads its arguments before its settings. */
const USAGE: Readonly<Record<string, RegExp>> = {
  backup: /npm run backup/,
  demo: /casino/,
  export: /npm run export/,
  import: /npm run import/,
  parked: /npm run parked/,
};

test.each(names)('%s runs from the bundle alone, and refuses wrong settings', (name) => {
  const args = name === 'demo' ? ['casino'] : [];
  const { status, output } = runIn(bare, WRONG, name, ...args);
  expect(output).toMatch(USAGE[name] ?? REFUSAL);
  expect(output).not.toContain('ERR_');
  expect(status).not.toBe(0);
});

const register = async (url: string, lotId: string) => {
  const lot = { lotId, name: lotId, spots: 2 };
  const { status, headers } = await eventually(
    () => call(url, 'POST', '/parking/lots', lot),
    (answer) => answer.status !== 503,
  );
  expect(status).toBe(201);
  return headers.get('Event-Position') ?? '';
};

test('npm start reserves, restarts its crashed stores, and equals a fresh replay', async () => {
  const folder = join(data.folder, 'data');
  const plaza = await startProgram('all-in-one', { PLAZA_DATA: folder }, bare);
  await register(plaza.url, 'before');
  process.kill(JSON.parse(readFileSync(join(folder, 'stores.json'), 'utf8')).pid, 'SIGKILL');
  const position = await register(plaza.url, 'after');
  const lots = await eventually(
    () =>
      call(plaza.url, 'GET', '/parking/lots?sort=name', undefined, {
        'Min-Event-Position': position,
        Prefer: 'wait=10',
      }),
    ({ status }) => status === 200,
  );
  expect(lots.body).toMatchObject({ items: [{ lotId: 'after' }, { lotId: 'before' }] });
  expect(runIn(bare, {}, 'verify', 'lots')).toMatchObject({ status: 0 });
  expect(await plaza.end()).toBe(0);
});

test('npm run write-side appends in a thread', async () => {
  const anyPorts = { PLAZA_DATA: join(data.folder, 'other'), PLAZA_EVENTSTORE_PORT: '0', PLAZA_MONGODB_PORT: '0' };
  const stores = await startProgram('stores', anyPorts, bare);
  const [, EVENTSTORE_URL = '', MONGODB_URL = ''] =
    /EVENTSTORE_URL=(\S+) MONGODB_URL=(\S+)/.exec(stores.output()) ?? [];
  const writeSide = await startProgram('write-side', { EVENTSTORE_URL, MONGODB_URL }, bare);
  await register(writeSide.url, 'threaded');
  expect(await writeSide.end()).toBe(0);
  expect(await stores.end()).toBe(0);
});

test('npm start says in one line that it cannot build, and programs run from their sources', () => {
  rmSync(join(copy, 'dist'), { recursive: true });
  writeFileSync(join(copy, 'programs/broken.ts'), "import './missing.ts';");
  const { status, stderr } = runIn(copy, {}, 'build', '--if-needed');
  expect(status).toBe(0);
  expect(stderr.split('\n').filter((line) => line.includes('programs'))).toHaveLength(1);
  expect(runIn(copy, WRONG, 'gateway').stderr).toMatch(REFUSAL);
});
