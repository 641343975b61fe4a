import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyWithLibrary } from '../support/guide.ts';
import { temporaryData } from '../support/plaza.ts';
import { startProgram } from '../support/processes.ts';

const FOLDERS = ['schemas', 'write-side', 'read-api', 'projections'];

const data = temporaryData();
const copy = join(data.folder, 'copy');
let library: ReturnType<typeof copyWithLibrary>;

beforeAll(() => {
  library = copyWithLibrary(copy);
});
afterAll(() => data.remove());

test('the files of the guide have the right types', async () => {
  const include = [
    'programs/contexts.ts',
    ...FOLDERS.flatMap((folder) => [`${folder}/library.ts`, `${folder}/library/*`]),
  ];
  library.write(
    'tsconfig.guide.json',
    JSON.stringify({
      extends: './tsconfig.json',
      compilerOptions: { incremental: false, tsBuildInfoFile: null },
      include,
    }),
  );
  expect(await library.run('tsc', '--noEmit', '-p', 'tsconfig.guide.json')).toBe('');
});

test('so has its page', async () => {
  library.write(
    'web/tsconfig.guide.json',
    JSON.stringify({
      extends: './tsconfig.json',
      compilerOptions: { incremental: false, tsBuildInfoFile: null },
      include: ['staff/contexts/*'],
    }),
  );
  expect(await library.run('tsc', '--noEmit', '-p', 'web/tsconfig.guide.json')).toBe('');
});

test('its tests pass, and so do those of the documents that are made from the schemas', async () => {
  const folders = ['schemas/documents', 'schemas/access', 'write-side/library', 'projections/library'];
  expect(await library.run('vitest', 'run', '--reporter=dot', ...folders)).toMatch(/Test Files\s+5 passed \(5\)/);
});

test('its context is on the page', async () => {
  await library.run('node', 'programs/run.js', 'build');
  const plaza = await startProgram(
    'all-in-one',
    { PLAZA_DATA: join(data.folder, 'data'), PLAZA_CONTEXTS: 'library' },
    copy,
  );
  const page = await (await fetch(plaza.url)).text();
  const [, script = ''] = /<script [^>]*src="([^"]+)"/.exec(page) ?? [];
  expect(await (await fetch(new URL(script, plaza.url))).text()).toContain('도서관');
  await plaza.end();
});
