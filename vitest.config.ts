import { accessSync, constants, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// The compile cache of `npm start` serves the tests and the processes that they start: the embedded stores start in
// half the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/plaza', import.meta.url));

/** A file system in memory, as Linux has it, and the bytes that the tests may need there. */
const MEMORY = '/dev/shm';
const NEEDED = 4 * 1024 ** 3;

const hasRoom = (): boolean => {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return Math.min(bavail * bsize, freemem()) > 2 * NEEDED;
  } catch {
    return false;
  }
};
// Every commit of the embedded stores waits for the disk; with many small ones the tests wait for little else. No test
// can cut the power, so what is flushed to a disk and what to memory is the same to them.
if (!process.env.TMPDIR && hasRoom()) process.env.TMPDIR = MEMORY;

/** A file that gets the outcome of every test as JSON. */
const { TEST_REPORT } = process.env;
const jsonReport: [string, Record<string, unknown>][] = TEST_REPORT ? [['json', { outputFile: TEST_REPORT }]] : [];

/** Starts the dearer files first, so that no worker is left alone with a long one at the end. */
class DearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isDear = ({ moduleId }: TestSpecification) => /\.(?:process|browser)\.test\.ts$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isDear), ...sorted.filter((file) => !isDear(file))];
  }
}

const NOT_OURS = ['**/node_modules/**', 'data/**', 'bench/peers/**'];
const SYSTEM = 'tests/system/**/*.test.ts';
const PAGES = 'web/**/*.test.ts';

export default defineConfig({
  test: {
    projects: [
      // `npm test`
      { extends: true, test: { name: 'fast', include: ['**/*.test.ts'], exclude: [...NOT_OURS, SYSTEM, PAGES] } },
      // The modules of the pages keep what they find in a browser as they load, so each file loads them anew.
      { extends: true, test: { name: 'pages', include: [PAGES], isolate: true } },
      // `npm run test:system`
      { extends: true, test: { name: 'system', include: [SYSTEM], exclude: NOT_OURS } },
    ],
    pool: 'forks',
    // Plaza runs within the workers, so they use their cores all the time.
    maxWorkers: 2,
    // Loading Plaza's modules takes longer than most files run, so the files of a worker share them.
    isolate: false,
    setupFiles: ['./tests/support/measure-cpu.ts'],
    sequence: { sequencer: DearestFirst },
    // Only a test that hangs meets these: a busy machine takes a multiple of what a quiet one takes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 120_000 } },
    allowOnly: false,
    reporters: ['default', './tests/support/cpu-reporter.ts', ...jsonReport],
  },
});
