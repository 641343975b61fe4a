import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { COMMANDS, type CommandName, callOf, parseArguments, UsageError } from './commands.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The file of each npm script that runs one. */
const files = Object.entries<string>(packageJson.scripts).flatMap(([name, script]) => {
  const [, program, file] = /^node (?:--\S+ )*(?:programs\/run\.js (\S+)|(\S+\.ts))/.exec(script) ?? [];
  const path = program === undefined ? file : `programs/${program}.ts`;
  return path === undefined || name === 'prestart' ? [] : [[name as CommandName, path] as const];
});

test('every npm script that runs a file is a command, and every command is an npm script', () => {
  expect(files.map(([name]) => name).sort()).toEqual(Object.keys(COMMANDS).sort());
});

test('docs/commands.md lists every command: `npx vitest run programs/wiring/commands.test.ts -u` writes it', async () => {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = files.map(([name]) => `| \`${cell(callOf(name))}\` | ${cell(COMMANDS[name].about)} |`);
  const text = [
    '# Commands',
    '',
    '`--help` after any of them prints its usage: `npm run replay -- --help`. A command ends with 0 when it',
    'has done its work, 1 when it failed, 2 for wrong arguments, and 130 after Ctrl-C where it can continue.',
    '',
    '| command | what it does |',
    '|---|---|',
    ...rows,
    '',
  ];
  await expect(text.join('\n')).toMatchFileSnapshot(join(ROOT, 'docs/commands.md'));
});

describe.each(files)('npm run %s', (name, path) => {
  let printed: { out: string; errors: string };
  const argv = process.argv;

  class Exit extends Error {
    code: number;
    constructor(code: number) {
      super(`exits with ${code}`);
      this.code = code;
    }
  }

  beforeEach(() => {
    printed = { out: '', errors: '' };
    vi.spyOn(console, 'log').mockImplementation((text) => {
      printed.out += text;
    });
    vi.spyOn(console, 'error').mockImplementation((text) => {
      printed.errors += text;
    });
    vi.spyOn(process, 'exit').mockImplementation((code) => {
      throw new Exit(Number(code));
    });
  });
  afterEach(() => {
    process.argv = argv;
    vi.restoreAllMocks();
  });

  /** Loads the program as its process does. @returns the exit code */
  const run = async (...args: string[]): Promise<number | undefined> => {
    process.argv = [process.execPath, path, ...args];
    const file = pathToFileURL(join(ROOT, path));
    file.search = args.join();
    return import(/* @vite-ignore */ file.href).then(
      () => undefined,
      (error) => (error instanceof Exit ? error.code : Promise.reject(error)),
    );
  };

  test('prints its usage for --help and does nothing else', async () => {
    expect(await run('--help')).toBe(0);
    expect(printed.out).toContain(`${callOf(name)}\n\n${COMMANDS[name].about}`);
    expect(printed.errors).toBe('');
  });

  test('ends with 2 and its usage for an option that it does not have', async () => {
    expect(await run('--colour')).toBe(2);
    expect(printed.errors).toContain(`\nusage: ${callOf(name)}`);
    expect(printed.out).toBe('');
  });
});

test.each<[CommandName, string[], string]>([
  ['write-side', ['now'], "Unexpected argument 'now'"],
  ['backup', [], 'An argument is missing'],
  ['import', ['a', 'b'], "Unexpected argument 'b'"],
  ['parked', [], 'An argument is missing'],
  ['parked', ['discrad', 'x'], "Unknown argument 'discrad'"],
  ['keys', ['rotat'], "Unknown argument 'rotat'"],
  ['replay', ['--contxt', 'cinema'], "Unknown option '--contxt'"],
  ['token', ['--role'], "Option '--role <value>' argument missing"],
  ['hostile', ['many'], "'many' must be a number"],
  ['rehearse', ['10', '-1'], "Unknown option '-1'"],
  ['soak', ['--minutes', 'long'], "'long' must be a number"],
  ['simulate', ['--operations', ''], "'' must be a number"],
  ['bench', [], 'An argument is missing'],
])('npm run %s -- %j is refused: %s', (name, args, why) => {
  const refuse = () => parseArguments(name, args);
  expect(refuse).toThrow(UsageError);
  expect(refuse).toThrow(`${why}\nusage: ${callOf(name)}`);
});

test('the options of a measurement are left to it', () => {
  expect(parseArguments('bench', ['growth', '--sides', 'apart']).positionals).toEqual(['growth']);
});

test('only the commands read the arguments of a process', () => {
  for (const [, path] of files)
    expect(readFileSync(join(ROOT, path), 'utf8'), relative(ROOT, path)).not.toMatch(
      /process\.argv\.slice|parseArgs\(/,
    );
});
