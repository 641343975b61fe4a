import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import { runBlock, type ShellBlock, shellBlocks, withExpectations } from '../support/shell-blocks.ts';
import { findTool } from '../support/tools.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

/** The blocks that run here, by document and first line, in their order: the README's reservation is used by others. */
const RUN = [
  ['README.md', 'curl localhost:8088/parking/lots'],
  ['README.md', 'npm run replay -- lots'],
  ['docs/erasure.md', "JSON='Content-Type: application/json'"],
  ['docs/history.md', '# The eventId of CouponIssued'],
  ['docs/messages.md', "JSON='Content-Type: application/json'"],
  ['docs/process-managers.md', "curl 'localhost:8088/cinema/reservations?status=held"],
  ['docs/walkthroughs/parking.md', 'position=$(curl -si'],
] as const;

/** The lines of these blocks that do not run. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'npm run check            # format, lint, types, dependency rules: before each commit\n':
    'CI runs it beside the tests, and it runs tests itself',
};

const RESTORED = 'replaces the stores of a Plaza: tests/faults/older-copies.stores.test.ts does the same';
const PLAYED = 'tests/walkthroughs/documents.process.test.ts plays it, with other ids each time';

/** Every other block, with the reason why it does not run. */
const NOT_RUN: readonly (readonly [file: string, begins: string, reason: string])[] = [
  ['README.md', 'npm ci && npm start', 'needs the registry; CI runs both'],
  ['README.md', "EVENTSTORE_URL='esdb://localhost:2113", 'needs an EventStoreDB and a MongoDB on their own ports'],
  ['CONTRIBUTING.md', 'npm ci ', 'needs the registry, and runs all tests'],
  [
    'docs/adding-a-context.md',
    'AUTH=on PAYMENT_URL=sandbox npm start',
    'needs the library: adding-a-context.process.test.ts does the same',
  ],
  ['docs/adding-a-context.md', 'npx vitest run', 'runs tests'],
  ['docs/erasure.md', 'PLAZA_DATA=./data/erasure', 'starts the Plaza that the next block needs, as this test does'],
  [
    'docs/history.md',
    "curl localhost:8088/parking/lots/1 -H 'As-Of",
    'names moments of a longer history: time-machine.stores.test.ts',
  ],
  ['docs/operations.md', 'for side in projections', 'needs a cluster'],
  ['docs/restoring.md', 'npm run backup -- copy', RESTORED],
  ['docs/restoring.md', '# stop Plaza with Ctrl-C\nrm data/views', RESTORED],
  ['docs/restoring.md', 'npm run verify', RESTORED],
  ['docs/restoring.md', '# stop Plaza with Ctrl-C\nrm data/events', RESTORED],
  ['docs/restoring.md', 'npm run restored -- accept', RESTORED],
  ['docs/process-managers.md', 'mongosh plaza', 'needs the shell of MongoDB'],
  ['docs/walkthroughs/bike-rental.md', 'JSON=', PLAYED],
  ['docs/walkthroughs/cinema.md', 'JSON=', PLAYED],
  ['docs/walkthroughs/customers.md', 'JSON=', PLAYED],
  ['docs/walkthroughs/food-court.md', 'JSON=', PLAYED],
  ['docs/walkthroughs/parking.md', 'JSON=', PLAYED],
  ['docs/walkthroughs/screening.md', 'JSON=', PLAYED],
  ['deploy/kubernetes/README.md', 'kubectl create namespace', 'needs a cluster'],
];

const blocks = shellBlocks();
const isOf =
  ({ file, script }: ShellBlock) =>
  ([of, begins]: readonly string[]) =>
    of === file && script.startsWith(begins!);

test('every block of shell in the documents runs here, or is listed with a reason', () => {
  expect(blocks.length).toBeGreaterThan(20);
  for (const block of blocks)
    expect([...RUN, ...NOT_RUN].filter(isOf(block)), `${block.file}: ${block.script.slice(0, 60)}`).toHaveLength(1);
  for (const [file, begins] of [...RUN, ...NOT_RUN])
    expect(
      blocks.filter((block) => isOf(block)([file, begins])),
      `${file}: ${begins}`,
    ).toHaveLength(1);
});

describe.skipIf(!findTool('curl'))('in its order on a fresh Plaza with a key of personal data (needs curl)', () => {
  const data = temporaryData();
  const folder = join(data.folder, 'plaza');
  /** A folder with the project's files, which may be written to. */
  const cwd = join(data.folder, 'checkout');
  const PERSONAL_KEY = randomBytes(32).toString('base64');
  let plaza: Plaza;

  beforeAll(async () => {
    mkdirSync(cwd);
    for (const name of readdirSync(ROOT)) symlinkSync(join(ROOT, name), join(cwd, name));
    plaza = await openPlaza({ PLAZA_DATA: folder, PERSONAL_KEY });
  });
  afterAll(async () => {
    await plaza?.close();
    data.remove();
  });

  const run = async (file: string, begins: string, change = (script: string) => script): Promise<string> => {
    const found = blocks.find((block) => isOf(block)([file, begins]))!;
    const script = Object.keys(LEFT_OUT).reduce((text, line) => text.replace(line, ''), found.script);
    return runBlock(
      { file, script: change(script) },
      { url: plaza.url, cwd, env: { PLAZA_DATA: folder, PERSONAL_KEY } },
    );
  };

  test.each(RUN)('%s: the block that begins with %s does what its comments say', async (file, begins) => {
    const output = await run(file, begins);
    if (!begins.startsWith('npm')) return;
    expect(output).toMatch(/parking\.lots: replayed[\s\S]*parking\.lots: 1 documents at \d+, 0 differ/);
    for (const name of ['copy', 'out']) expect(existsSync(join(cwd, name)), name).toBe(true);
  });

  test('a block that says something else than the answers fails', async () => {
    const [file, begins] = RUN[5];
    await expect(run(file, begins, () => 'curl localhost:8088/parking -X POST   # 409 lot-full')).rejects.toThrow(
      'curl localhost:8088/parking -X POST answers 404 where 409 /problems/lot-full" is expected',
    );
    await expect(run(file, begins, () => 'curl localhost:8088/nothing -X GET')).rejects.toThrow(
      'answers 404 where 2??',
    );
  });
});

test('an expectation stands before its command, also of several lines', () => {
  expect(withExpectations('curl a \\\n  -d b\ncurl c  # "n": 1')).toBe(
    `STATUS="2??" TEXT=\nSTATUS='2??' TEXT=''\ncurl a \\\n  -d b\nSTATUS='2??' TEXT='"n":1'\ncurl c  # "n": 1\nSTATUS='2??' TEXT=`,
  );
});
