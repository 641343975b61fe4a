import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, type Program, startProgram, temporaryData } from '../support/plaza.ts';

const data = temporaryData();
let plaza: Program;

beforeAll(async () => {
  plaza = await startProgram('all-in-one', { PLAZA_DATA: data.folder });
});
afterAll(async () => {
  await plaza.end();
  data.remove();
});

type Command = { method: string; url: string; body?: string };
type Step = { title: string; commands: Command[]; refusal?: { status: number; type: string } };

const ROOT = new URL('../../', import.meta.url);

/** Splits a line of shell into words: bare, in single quotes, or in double quotes with variables. */
const wordsOf = (line: string, variables: ReadonlyMap<string, string>): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) =>
    single !== undefined
      ? single
      : (double ?? bare ?? '').replaceAll(/\$(\w+)/g, (_, name) => variables.get(name) ?? ''),
  );

const commandOf = (words: readonly string[]): Command => {
  const command: Command = { method: '', url: '' };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '-i') continue;
    if (word === '-X') command.method = rest.shift() ?? '';
    else if (word === '-d') command.body = rest.shift() ?? '';
    else if (word === '-H') expect(rest.shift()).toBe('Content-Type: application/json');
    else command.url = word;
  }
  if (command.method === '') command.method = command.body === undefined ? 'GET' : 'POST';
  return command;
};

/**
 * Returns the steps of a document's shell block: each comment with its commands. A refusal belongs to the last command.
 */
const stepsOf = (document: string): Step[] => {
  const [, script = ''] = /```sh\n(.*?)```/s.exec(document) ?? [];
  const variables = new Map<string, string>();
  const steps: Step[] = [];
  for (const line of script.replaceAll('\\\n', ' ').split('\n')) {
    const [, name, value] = /^([A-Z]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) variables.set(name, wordsOf(value ?? '', variables).join(''));
    if (line.startsWith('#')) {
      const [, status, type] = /\b([45]\d\d) ([a-z-]+)\.$/.exec(line) ?? [];
      const refusal = status === undefined ? {} : { refusal: { status: Number(status), type: `/problems/${type}` } };
      steps.push({ title: line.slice(2), commands: [], ...refusal });
    }
    if (line.startsWith('curl ')) steps.at(-1)?.commands.push(commandOf(wordsOf(line, variables).slice(1)));
  }
  return steps;
};

const run = async ({ method, url, body }: Command) => {
  const response = await fetch(url.replace('localhost:8088', plaza.url), {
    method,
    ...(body === undefined ? {} : { body, headers: { 'Content-Type': 'application/json' } }),
  });
  const { type } = (await response.json()) as { type?: string };
  return { status: response.status, type };
};

test.each(['parking', 'screening', 'food-court', 'cinema'])(
  'the walk through %s does what its comments say',
  async (name) => {
    const steps = stepsOf(readFileSync(new URL(`docs/walkthroughs/${name}.md`, ROOT), 'utf8'));
    expect(steps.flatMap(({ commands }) => commands).length).toBeGreaterThanOrEqual(10);
    for (const { title, commands, refusal } of steps) {
      expect(commands.length, title).toBeGreaterThan(0);
      for (const [index, command] of commands.entries()) {
        // Right after the start a view may not be built yet: 503.
        const { status, type } = await eventually(
          () => run(command),
          (answer) => command.method !== 'GET' || answer.status !== 503,
        );
        const what = `${title} ${command.method} ${command.url}`;
        if (refusal && index === commands.length - 1) expect({ status, type }, what).toEqual(refusal);
        // A resource may not be in its view yet.
        else if (command.method === 'GET') expect([200, 404], what).toContain(status);
        else expect([200, 201, 202], what).toContain(status);
      }
    }
  },
);

test('the README shows the rule for a reservation as it is in the code', () => {
  const withoutSpaces = (text: string) => text.replaceAll(/\s+/g, '');
  const [, rule = ''] = /```ts\n(.*?)```/s.exec(readFileSync(new URL('README.md', ROOT), 'utf8')) ?? [];
  expect(rule).toContain('ReserveParking');
  const decider = readFileSync(new URL('write-side/parking/parking-lot.ts', ROOT), 'utf8');
  expect(withoutSpaces(decider)).toContain(withoutSpaces(rule));
});
