import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callUnchecked as call, localToken, temporaryData, viewsAreBuilt } from '../support/plaza.ts';
import { type Program, startProgram } from '../support/processes.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LEFT_OUT = /^(node_modules|\.git|data|dist|bench|docs|tests\/(?!support$)[^/]+)$/;
const FOLDERS = ['schemas', 'write-side', 'read-api', 'projections'];

/** The one line outside the context's own folders. */
const LINE = "  contextOf('library'),\n";

const data = temporaryData();
const copy = join(data.folder, 'copy');

const edit = (file: string, change: (text: string) => string) => {
  const text = readFileSync(join(copy, file), 'utf8');
  const changed = change(text);
  expect(changed, file).not.toBe(text);
  writeFileSync(join(copy, file), changed);
};

const runInCopy = async (tool: string, ...args: string[]): Promise<string> => {
  const script = join(ROOT, 'node_modules/.bin', tool);
  return promisify(execFile)(script, args, { cwd: copy, env: { ...process.env, NO_COLOR: '1' } }).then(
    ({ stdout }) => stdout,
    ({ stdout, stderr }) => `${tool} failed: ${stdout}${stderr}`,
  );
};

beforeAll(async () => {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.test(path.slice(ROOT.length)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const guide = readFileSync(join(ROOT, 'docs/adding-a-context.md'), 'utf8');
  for (const [, file = '', text = ''] of guide.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text);
  }
  edit('programs/contexts.ts', (text) => text.replace(/(?=\]\);)/, LINE));
  await promisify(execFile)(process.execPath, ['programs/run.js', 'build'], { cwd: copy });
});
afterAll(() => data.remove());

test('the files of the guide have the right types', async () => {
  const include = [
    'programs/contexts.ts',
    ...FOLDERS.flatMap((folder) => [`${folder}/library.ts`, `${folder}/library/*`]),
  ];
  writeFileSync(
    join(copy, 'tsconfig.guide.json'),
    JSON.stringify({
      extends: './tsconfig.json',
      compilerOptions: { incremental: false, tsBuildInfoFile: null },
      include,
    }),
  );
  expect(await runInCopy('tsc', '--noEmit', '-p', 'tsconfig.guide.json')).toBe('');
});

test('so has its page', async () => {
  writeFileSync(
    join(copy, 'web/tsconfig.guide.json'),
    JSON.stringify({
      extends: './tsconfig.json',
      compilerOptions: { incremental: false, tsBuildInfoFile: null },
      include: ['staff/contexts/*'],
    }),
  );
  expect(await runInCopy('tsc', '--noEmit', '-p', 'web/tsconfig.guide.json')).toBe('');
});

test('its tests pass, and so do those of the documents that are made from the schemas', async () => {
  const folders = ['schemas/documents', 'schemas/access', 'write-side/library', 'projections/library'];
  expect(await runInCopy('vitest', 'run', '--reporter=dot', ...folders)).toMatch(/Test Files\s+4 passed \(4\)/);
});

describe.each([false, true])('its context, with sign-in on: %s', (isSignInOn) => {
  const folder = join(data.folder, `data-${isSignInOn}`);
  let plaza: Program;
  beforeAll(async () => {
    plaza = await startProgram(
      'all-in-one',
      { PLAZA_DATA: folder, ...(isSignInOn ? { AUTH: 'on', PAYMENT_URL: 'sandbox', PLAZA_CONTEXTS: 'library' } : {}) },
      copy,
    );
    await viewsAreBuilt(plaza.url, await as('staff', 'desk'));
  });
  afterAll(() => plaza.end());

  const as = async (role: string, sub: string): Promise<Record<string, string>> =>
    isSignInOn ? { Authorization: `Bearer ${await localToken(folder, '--role', role, '--sub', sub)}` } : {};

  test('is on the page', async () => {
    const page = await (await fetch(plaza.url)).text();
    const [, script = ''] = /<script [^>]*src="([^"]+)"/.exec(page) ?? [];
    expect(await (await fetch(new URL(script, plaza.url))).text()).toContain('도서관');
  });

  test('lends a book and takes it back', async () => {
    const { url } = plaza;
    const [staff, kim, lee] = [await as('staff', 'ann'), await as('customer', 'kim'), await as('customer', 'lee')];
    expect((await call(url, 'POST', '/library/books', { bookId: 'b1', title: '토지' }, staff)).status).toBe(201);
    const lent = await call(url, 'POST', '/library/books/b1/loans', { loanId: 'l1', readerId: 'kim' }, kim);
    expect(lent).toMatchObject({ status: 201, body: { status: 'lent' } });
    expect(await call(url, 'POST', '/library/books/b1/loans', { loanId: 'l2', readerId: 'lee' }, lee)).toMatchObject({
      status: 409,
      body: { type: '/problems/book-not-available' },
    });
    const reached = { 'Min-Event-Position': lent.headers.get('Event-Position') ?? '', Prefer: 'wait=10' };
    const books = await call(url, 'GET', '/library/books?status=lent&sort=title', undefined, { ...kim, ...reached });
    expect(books.body).toMatchObject({ items: [{ bookId: 'b1', readerId: 'kim' }] });
    const center = await call(url, 'GET', '/control-center', undefined, { ...staff, ...reached });
    expect(center.body).toMatchObject({ contexts: { library: { books: 1, lent: 1 } } });

    const bringBack = (who: Record<string, string>) =>
      call(url, 'POST', '/library/books/b1/loans/l1/return', undefined, who);
    if (isSignInOn) {
      expect((await bringBack({})).status).toBe(401);
      expect((await bringBack(lee)).status).toBe(404);
      const forKim = { loanId: 'l3', readerId: 'kim' };
      expect((await call(url, 'POST', '/library/books/b1/loans', forKim, lee)).status).toBe(403);
    }
    expect(await bringBack(kim)).toMatchObject({ status: 200, body: { status: 'returned' } });
  });
});
