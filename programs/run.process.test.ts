import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { buildPage } from '../web/build.ts';

const ROOT = join(import.meta.dirname, '..');
const RUN = join(ROOT, 'programs/run.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plaza-run-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a file of JavaScript by a Node.js that says that its version is 20. */
const byOldNode = (script: string, args: string[], env: Record<string, string> = {}) => {
  const file = join(folder, 'old.mjs');
  writeFileSync(
    file,
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
process.argv[1] = ${JSON.stringify(script)};
await import(process.argv[1]);`,
  );
  return spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};

const outcomeOf = async (child: ReturnType<typeof byOldNode>) => {
  const [[code], out, errors] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { code, out, errors };
};

test('an older Node.js runs a program by the one that npm has installed, with its exit code', async () => {
  expect(await outcomeOf(byOldNode(RUN, ['keys', 'fields']))).toMatchObject({
    code: 0,
    out: expect.stringContaining('parking.ParkingReserved: carNumber'),
    errors: '',
  });
  expect(await outcomeOf(byOldNode(RUN, ['keys', 'fiels']))).toMatchObject({
    code: 2,
    errors: expect.stringContaining("Unknown argument 'fiels'"),
  });
});

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'a program that an older Node.js started ends with it by %s',
  async (signal) => {
    const data = join(folder, signal);
    const child = byOldNode(RUN, ['stores'], { PLAZA_DATA: data, PLAZA_EVENTSTORE_PORT: '0', PLAZA_MONGODB_PORT: '0' });
    const ended = once(child, 'close');
    for await (const line of child.stdout) if (String(line).includes('stores ready')) break;
    child.kill(signal);
    await ended;
    await expect.poll(() => existsSync(join(data, 'stores.json'))).toBe(false);
  },
);

test('an older Node.js says in one line what to do when npm has installed none', async () => {
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  for (const file of ['package.json', 'programs/run.js', 'programs/build.ts'])
    cpSync(join(ROOT, file), join(copy, file));
  const { code, out, errors } = await outcomeOf(byOldNode(join(copy, 'programs/run.js'), ['build']));
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(errors).toBe(
    `plaza: Node.js 20.20.2 is too old, and Node.js ${packageJson.dependencies.node}, which belongs to Plaza, is not ` +
      'installed: npm ci installs it, unless scripts are off (--ignore-scripts); npm rebuild node adds it\n',
  );
});

test.each([[], ['nothing'], ['../embedded/main']])('%j is no program', async (...args) => {
  const child = spawn(process.execPath, [RUN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  expect(await outcomeOf(child)).toMatchObject({
    code: 2,
    errors: expect.stringMatching(/^plaza: there is no program .+\n$/),
  });
});

test('the pages are not built in a folder that is not writable, and the reason says what to do', async () => {
  await expect(buildPage({ dist: '/proc/plaza/dist' })).rejects.toThrow(
    /^\/proc\/plaza cannot be written \(E\w+\): run npm run build once as a user who can$/,
  );
});
