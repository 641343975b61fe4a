import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// For the tests' processes and all that they start: as `npm start` has it, and where it has it. The embedded stores start in half the time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL('node_modules/.cache/plaza', import.meta.url));

/** A file to write the outcome of every test to, as JSON. */
const { TEST_REPORT } = process.env;

/** What takes longest begins first, so that no process is left alone with it at the end. */
const LONGEST = [
  'tests/faults/kill',
  'tests/browser/control-center',
  'tests/deploy/upgrade/rolling',
  'tests/deploy/image',
  'tests/browser/sign-in',
  'tests/faults/projection-processes',
  'tests/security/hostile/hostile',
  'tests/faults/wires',
  'tests/faults/cinema-kill',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((name) => moduleId.includes(`/${name}.test.`));
      return at < 0 ? LONGEST.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'data/**', 'bench/peers/**'],
    pool: 'forks',
    // Many tests wait for processes of their own, so a third has something to do on two cores.
    maxWorkers: 3,
    // A process for each file would take longer to start than most of them run. What they share must stand that.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    allowOnly: false,
    reporters: TEST_REPORT ? ['default', ['json', { outputFile: TEST_REPORT }]] : ['default'],
  },
});
