import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { temporaryData } from '../../tests/support/plaza.ts';
import { ROOT } from './bundle.ts';

/** A project with a library and few programs, so that a build is short. */
let folder: string;
let data: ReturnType<typeof temporaryData>;

const file = (name: string): string => join(folder, name);
const write = (name: string, text: string): void => writeFileSync(file(name), text);

beforeEach(() => {
  data = temporaryData();
  folder = join(data.folder, 'project');
  for (const name of ['programs/bundle', 'schemas', 'node_modules/.cache', 'node_modules/library'])
    mkdirSync(file(name), { recursive: true });
  for (const name of ['vite', 'rolldown']) symlinkSync(join(ROOT, 'node_modules', name), file(`node_modules/${name}`));
  for (const name of ['package.json', 'programs/run.js']) copyFileSync(join(ROOT, name), file(name));
  cpSync(join(ROOT, 'programs/bundle'), file('programs/bundle'), { recursive: true });
  write(
    'programs/build.ts',
    `import { buildPrograms } from './bundle/build.ts';
    console.log(await buildPrograms({ now: Date.now() + Number(process.argv[2]) }));`,
  );
  write('node_modules/.package-lock.json', '{}');
  write('node_modules/library/package.json', '{ "main": "index.js" }');
  write('node_modules/library/index.js', "try { require('not-installed') } catch { exports.library = 'library 1' }");
  write('schemas/late.ts', "export const late = 'late 1';");
  write(
    'programs/where.ts',
    `import { library } from 'library';
    const { late } = await import('../schemas/late.ts');
    console.log(import.meta.url.replace(/^.*project./, ''), library, late);`,
  );
});
afterEach(() => data.remove());

const run = (...args: string[]): string =>
  execFileSync(process.execPath, ['programs/run.js', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** Builds as `npm start` does. @returns whether it built */
const buildIfNeeded = (): boolean => run('build', '0') === 'true\n';

/** Builds as `npm start` does when the sources have not changed for an hour. */
const buildLater = (): boolean => run('build', '3601000') === 'true\n';

const FROM_BUNDLE = 'dist/where.js library 1 late 1\n';

describe('a program', () => {
  test('runs from its sources without a bundle, and from the bundle when there is one', () => {
    expect(run('where')).toBe('programs/where.ts library 1 late 1\n');
    expect(buildIfNeeded()).toBe(true);
    expect(run('where')).toBe(FROM_BUNDLE);
    expect(buildIfNeeded()).toBe(false);
  });

  test.each<[string, () => void, string]>([
    ['a source has changed', () => write('schemas/late.ts', "export const late = 'late 2';"), 'library 1 late 2'],
    [
      'a source has changed and has its old time and size',
      () => {
        const { atime, mtime } = statSync(file('schemas/late.ts'));
        write('schemas/late.ts', "export const late = 'late 2';");
        utimesSync(file('schemas/late.ts'), atime, mtime);
      },
      'library 1 late 2',
    ],
    ['a source was touched', () => utimesSync(file('schemas/late.ts'), 1, 1), 'library 1 late 1'],
    [
      'a library was installed',
      () => {
        write('node_modules/library/index.js', "exports.library = 'library 2';");
        write('node_modules/.package-lock.json', '{}');
      },
      'library 2 late 1',
    ],
  ])('runs from its sources when %s', (_, change, printed) => {
    buildIfNeeded();
    expect(run('where')).toBe(FROM_BUNDLE);
    change();
    expect(run('where')).toBe(`programs/where.ts ${printed}\n`);
  });

  test('runs from its sources when one was removed', () => {
    buildIfNeeded();
    rmSync(file('schemas/late.ts'));
    expect(() => run('where')).toThrow(/Cannot find module '.*late\.ts'/);
  });

  test('runs from its sources in a copy of the folder, until that is built', () => {
    buildIfNeeded();
    cpSync(folder, join(data.folder, 'copy', 'project'), { recursive: true, preserveTimestamps: true });
    folder = join(data.folder, 'copy', 'project');
    expect(run('where')).toBe('programs/where.ts library 1 late 1\n');
  });

  test('runs from its sources when it was added later', () => {
    buildIfNeeded();
    write('programs/new.ts', 'console.log(import.meta.filename);');
    expect(run('new')).toBe(`${file('programs/new.ts')}\n`);
  });
});

test('a stack trace of the bundle names the sources', () => {
  write('schemas/late.ts', '\n\nexport const late: string = (() => { throw new TypeError("too late"); })();');
  write(
    'programs/fails.ts',
    "// A comment\nawait import('../schemas/late.ts').catch(({ stack }) => console.log(stack));",
  );
  buildIfNeeded();
  expect(run('fails').replaceAll(`file://${folder}/`, '')).toMatch(
    /^TypeError: too late\n {4}at schemas\/late\.ts:3:\d+\n {4}at schemas\/late\.ts:3:\d+\n.*at async programs\/fails\.ts:2:1\n/s,
  );
});

test('a thread and a process of a program run from its bundle, and it reads other files where they are', () => {
  write('schemas/thread.ts', 'console.log(import.meta.url.replace(/^.*project./, "").replace(/-.*[.]/, "."));');
  write('schemas/note.txt', 'a note');
  write(
    'schemas/late.ts',
    `import { fork } from 'node:child_process';
    import { once } from 'node:events';
    import { readFileSync } from 'node:fs';
    import { join } from 'node:path';
    import { Worker } from 'node:worker_threads';
    await once(new Worker(new URL('./thread.ts', import.meta.url)), 'exit');
    await once(fork(new URL('./thread.ts', import.meta.url)), 'exit');
    export const late = readFileSync(join(import.meta.dirname, '../schemas/note.txt'), 'utf8');`,
  );
  buildIfNeeded();
  expect(run('where').split('\n')).toEqual(['dist/thread.js', 'dist/thread.js', 'dist/where.js library 1 a note', '']);
});

describe('npm start', () => {
  test('builds again only when the changed sources have rested', () => {
    buildIfNeeded();
    write('schemas/late.ts', "export const late = 'late 2';");
    expect(buildIfNeeded()).toBe(false);
    expect(run('where')).toBe('programs/where.ts library 1 late 2\n');
    expect(buildLater()).toBe(true);
    expect(run('where')).toBe('dist/where.js library 1 late 2\n');
    expect(buildLater()).toBe(false);
  });

  test('keeps the files that a running program may still load, and removes older ones', () => {
    const build = (late: string): string[] => {
      write('schemas/late.ts', `export const late = '${late}';`);
      buildLater();
      return readdirSync(file('dist')).filter((name) => name.startsWith('late-'));
    };
    const first = build('late 1');
    const both = build('late 2');
    expect(both).toEqual(expect.arrayContaining(first));
    const last = build('late 3');
    expect(last).toHaveLength(both.length);
    for (const name of first) expect(last).not.toContain(name);
  });
});
