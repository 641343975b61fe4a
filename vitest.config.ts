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

/**
 * Runs the tests that start processes of their own first, since these take longest, and the others after them: then no
 * worker is left alone with a long file at the end.
 */
class ProcessesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const startsProcesses = ({ moduleId }: TestSpecification) =>
      moduleId.includes('/tests/') || moduleId.includes('/programs/');
    const sorted = await super.sort(files);
    return [...sorted.filter(startsProcesses), ...sorted.filter((file) => !startsProcesses(file))];
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'data/**', 'bench/peers/**'],
    pool: 'forks',
    // Many tests wait for processes of their own, so four workers use two cores better.
    maxWorkers: 4,
    // Starting a process takes longer than most files run, so files share one.
    isolate: false,
    sequence: { sequencer: ProcessesFirst },
    // Only a test that hangs meets these: a busy machine takes a multiple of what a quiet one takes.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 120_000 } },
    allowOnly: false,
    reporters: TEST_REPORT ? ['default', ['json', { outputFile: TEST_REPORT }]] : ['default'],
  },
});
