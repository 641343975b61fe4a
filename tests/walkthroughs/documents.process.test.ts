import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { playWalkthrough, stepsOf, walkthroughNames } from '../../programs/wiring/walkthrough.ts';
import { openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Plaza;

beforeAll(async () => {
  plaza = await openPlaza({ PLAZA_DATA: data.folder, PAYMENT_ANSWER_MS: '1500' });
});
afterAll(async () => {
  await plaza.close();
  data.remove();
});

const ROOT = new URL('../../', import.meta.url);

const names = contextSchemas.map(({ name }) => name);

test('every walk-through belongs to a context', () => {
  expect(names).toEqual(expect.arrayContaining(walkthroughNames()));
  expect(walkthroughNames().length).toBeGreaterThanOrEqual(6);
});

test.each(walkthroughNames())('the walk through %s does what its comments say, also twice at once', async (name) => {
  const play = (suffix: string) => playWalkthrough(name, { base: plaza.url, suffix, contexts: contextSchemas });
  for (const requests of await Promise.all(['first', 'second'].map(play))) expect(requests).toBeGreaterThan(9);
});

test('a walk-through that says something else than the answers fails', async () => {
  const elsewhere = { base: `${plaza.url}/nowhere`, suffix: 'wrong', contexts: contextSchemas };
  await expect(playWalkthrough(names[0]!, elsewhere)).rejects.toThrow(/answers 404/);
});

test('a refusal, the headers and the variables of a document are read from its shell block', () => {
  const document = `\`\`\`sh
JSON='Content-Type: application/json'
SHOP=localhost:8088/shop

# It is full
# and says so: 409 shop-full.
curl -i $SHOP/a-1/orders -H "$JSON" -H 'Idempotency-Key: k' \\
  -d '{"x":1}'
\`\`\``;
  expect(stepsOf(document)).toEqual([
    {
      title: 'It is full and says so: 409 shop-full.',
      refusal: { status: 409, type: '/problems/shop-full' },
      requests: [
        {
          method: 'POST',
          path: '/shop/a-1/orders',
          headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'k' },
          body: '{"x":1}',
        },
      ],
    },
  ]);
});

const demo = async (...words: string[]) => {
  const program = join(ROOT.pathname, 'programs/run.js');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, 'demo', ...words]);
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, output: stderr };
  }
};

test('the demo plays a walk-through and shows each command with its answer', async () => {
  const named = await demo(names[1]!, plaza.url);
  expect(named).toMatchObject({ code: 0, output: expect.stringContaining(`docs/walkthroughs/${names[1]}.md`) });
  const first = await demo(plaza.url);
  expect(first.code).toBe(0);
  const steps = stepsOf(readFileSync(new URL(`docs/walkthroughs/${names[0]}.md`, ROOT), 'utf8'));
  for (const { title, requests } of steps) {
    expect(first.output).toContain(title);
    for (const { method } of requests) expect(first.output).toContain(`  ${method} /`);
  }
  const answers = [...first.output.matchAll(/^ {2}→ \d{3} /gm)];
  expect(answers).toHaveLength(steps.flatMap(({ requests }) => requests).length);
});

test('the demo says which walk-throughs there are, and that no Plaza answers', async () => {
  const unknown = await demo('bowling', plaza.url);
  expect(unknown.code).toBe(2);
  for (const name of walkthroughNames()) expect(unknown.output).toContain(name);
  const nobody = await demo('http://127.0.0.1:9');
  expect(nobody).toEqual({ code: 1, output: 'No Plaza answers at http://127.0.0.1:9: start one with npm start\n' });
});

test('the README shows the rule for a reservation as it is in the code', () => {
  const withoutSpaces = (text: string) => text.replaceAll(/\s+/g, '');
  const [, rule = ''] = /```ts\n(.*?)```/s.exec(readFileSync(new URL('README.md', ROOT), 'utf8')) ?? [];
  expect(rule).toContain('reservingRefusal');
  const decider = readFileSync(new URL('write-side/parking/parking-lot.ts', ROOT), 'utf8');
  expect(withoutSpaces(decider)).toContain(withoutSpaces(rule));
});
