import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');

const FOLDERS = ['write-side', 'projections', 'read-api', 'platform'];
const TEST = /(\.test|\/testing)\.ts$/;

/** Code that no simulation runs: it keeps its own time, or runs in a thread of its own. */
const OUTSIDE = [/^platform\/machine\/machine\.ts$/, /^platform\/event-store\/fast\//];

const MACHINE =
  /\b(?:Date\.now|new Date\(\)|performance\.now|Math\.random|randomUUID)|(?<!machine\.)\brandomBytes\b|(?<![.\w])(?:setTimeout|setInterval|setImmediate)\(|'node:timers\/promises'|import \{[^}]*\b(?:interval|timer)\b[^}]*\} from 'rxjs'/;

/** Returns the lines that take something from the machine, as `file:line: text`. */
const takenFromMachine = (file: string, text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      MACHINE.test(line) && !/^\s*(?:\*|\/\/|\/\*)/.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : [],
    );

describe('time, timers, randomness and names', () => {
  test('come from platform/machine/machine.ts alone, so that a simulation decides them', () => {
    const files = FOLDERS.flatMap((folder) =>
      readdirSync(resolve(ROOT, folder), { encoding: 'utf8', recursive: true }).map((file) => `${folder}/${file}`),
    ).filter((file) => file.endsWith('.ts') && !TEST.test(file) && !OUTSIDE.some((outside) => outside.test(file)));
    expect(files.length).toBeGreaterThan(150);
    const taken = files.flatMap((file) => takenFromMachine(file, readFileSync(resolve(ROOT, file), 'utf8')));
    expect(
      taken,
      'use machine.now(), machine.elapsed(), machine.setTimer(), pause(), ticks() or machine.uuid()',
    ).toEqual([]);
  });

  test.each([
    'const at = Date.now();',
    'const at = new Date().toISOString();',
    'setTimeout(job, 5);',
    "import { setTimeout as pause } from 'node:timers/promises';",
    "import { randomUUID } from 'node:crypto';",
    "import { exhaustMap, interval } from 'rxjs';",
    'const at = performance.now();',
    'const key = randomBytes(32);',
  ])('%s is found', (line) => {
    expect(takenFromMachine('a.ts', line)).toHaveLength(1);
  });

  test.each([
    'res.setTimeout(5);',
    '/** Like Date.now. */',
    'machine.setTimer(job, 5);',
    'machine.randomBytes(32)',
    'new Date(at)',
  ])('%s is allowed', (line) => {
    expect(takenFromMachine('a.ts', line)).toEqual([]);
  });
});
