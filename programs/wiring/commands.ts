import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/** A command of `npm run`. */
type Command = {
  about: string;
  /** The arguments, as they are shown. */
  usage?: string;
  options?: Options;
  /** The least and the most words beside the options; none when left out. */
  words?: readonly [least: number, most: number];
  /** The first word has one of these values. */
  first?: readonly string[];
  /** Options, and the places of words, that are numbers. */
  numbers?: readonly (string | number)[];
  /** Whether the options after the first word are read by what the word names. */
  passesOn?: boolean;
};

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const manyTexts = { type: 'string', multiple: true } as const;
const BY_SETTINGS = 'Its settings are environment variables: docs/settings.md.';

/** Every command, by the name of its npm script. */
export const COMMANDS = {
  start: { about: `Runs every side in one process, with the embedded stores. ${BY_SETTINGS}` },
  'write-side': { about: `Runs a write side: commands over HTTP. ${BY_SETTINGS}` },
  policies: { about: `Runs the policies: follow-ups, timers and messages. ${BY_SETTINGS}` },
  projections: { about: `Runs the projections, and operations over HTTP. ${BY_SETTINGS}` },
  'read-api': { about: `Runs a read API: queries over HTTP. ${BY_SETTINGS}` },
  gateway: { about: `Runs the single entry in front of separate processes. ${BY_SETTINGS}` },
  'payment-sandbox': { about: `Runs a payment provider that takes no money. ${BY_SETTINGS}` },
  stores: { about: `Runs the embedded stores. ${BY_SETTINGS}` },
  demo: {
    about:
      'Plays the walk-through of a context against a running Plaza. With --live it fills an empty Plaza with a day of history, and lets something happen for ten minutes.',
    usage: '[CONTEXT] [URL] | --live [URL]',
    options: { live: flag },
    words: [0, 2],
  },
  replay: {
    about: 'Rebuilds views from history while the old ones serve, then switches. A dry run changes no view.',
    usage: 'NAME… | --context CONTEXT | --all [--dry-run]',
    options: { context: text, all: flag, 'dry-run': flag },
    words: [0, Number.POSITIVE_INFINITY],
  },
  verify: {
    about: 'Compares views with a fresh replay of history. It ends with 1 when a document differs.',
    usage: '[NAME… | --context CONTEXT]',
    options: { context: text },
    words: [0, Number.POSITIVE_INFINITY],
  },
  parked: {
    about: 'Lists the events that a projection or policy could not handle, replays or discards one.',
    usage: 'list | replay ID | discard ID',
    words: [1, 2],
    first: ['list', 'replay', 'discard'],
  },
  restored: {
    about:
      'Compares the event store with what the views and policies have handled. With accept, its history is the one that counts: docs/restoring.md.',
    usage: '[accept]',
    words: [0, 1],
    first: ['accept'],
  },
  keys: {
    about:
      'Counts the keys of personal data; tests that PERSONAL_KEY opens each of them; wraps them anew with its first key; lists the personal fields; counts the events whose personal fields are not encrypted.',
    usage: 'list | check | rotate | fields | plain',
    words: [0, 1],
    first: ['list', 'check', 'rotate', 'fields', 'plain'],
  },
  token: {
    about: 'Prints an access token for the Plaza with AUTH=on that runs on the same PLAZA_DATA without an issuer.',
    usage: '--role ROLE… --sub NAME [--scope SCOPE…] [--hours 8]',
    options: { role: manyTexts, sub: text, scope: manyTexts, hours: text },
  },
  backup: {
    about: 'Copies the embedded stores into an empty folder while Plaza runs.',
    usage: 'FOLDER',
    words: [1, 1],
  },
  export: {
    about: 'Writes all events as CloudEvents and all views as CSV into a folder; --plain decrypts personal data.',
    usage: 'FOLDER [--plain]',
    options: { plain: flag },
    words: [1, 1],
  },
  import: {
    about: 'Appends the events of an export to an empty Plaza that is stopped.',
    usage: 'FOLDER',
    words: [1, 1],
  },
  build: {
    about: 'Builds the pages.',
    usage: '[--if-needed]',
    options: { 'if-needed': flag },
  },
  contracts: { about: "Accepts today's OpenAPI and AsyncAPI documents as the promise to clients." },
  conformance: {
    about: 'Tests whether an event store and a MongoDB behave as Plaza expects; without a URL, the embedded ones.',
    usage: '[--eventstore esdb://…] [--mongodb mongodb://… | --engine]',
    options: { eventstore: text, mongodb: text, engine: flag },
  },
  hostile: {
    about: 'Sends right and wrong requests of every kind to a fresh Plaza.',
    usage: '[REQUESTS] [SEED] [single | sequences]',
    words: [0, 3],
    numbers: [0, 1],
  },
  simulate: {
    about: 'Simulates Plaza with faults from one seed, or finds planted bugs.',
    usage: '[--seed N] [--operations N] [--threads N] [--trace] [--progress FILE] | --planted [BUG…] [--operations N]',
    options: { seed: text, operations: text, threads: text, trace: flag, planted: flag, progress: text },
    words: [0, Number.POSITIVE_INFINITY],
    numbers: ['operations', 'threads'],
  },
  rehearse: {
    about: 'Upgrades Plaza under the load of 100 clients, behind nginx. PACE: milliseconds between their requests.',
    usage: '[REQUESTS] [PACE]',
    words: [0, 2],
    numbers: [0, 1],
  },
  soak: {
    about: 'Runs every side under load for hours, with kills, replacements and replays. It needs nginx and Linux.',
    usage: '[--minutes 120] [--rate 60] [--out data/soak] [--seed 1] [--disturb-every 45] [--sample-every 5]',
    options: {
      minutes: text,
      rate: text,
      out: text,
      seed: text,
      'disturb-every': text,
      'sample-every': text,
    },
    numbers: ['minutes', 'rate', 'disturb-every', 'sample-every'],
  },
  bench: {
    about: 'Makes a measurement, whose options are in bench/NAME.ts.',
    usage: 'NAME [options]',
    words: [1, 1],
    passesOn: true,
  },
  pictures: { about: "Draws the docs' pictures. It needs Chromium." },
} as const satisfies Record<string, Command>;

export type CommandName = keyof typeof COMMANDS;

const commandOf = (name: CommandName): Command => COMMANDS[name];

/** Returns how a command is called: `npm run backup -- FOLDER`. */
export const callOf = (name: CommandName): string => {
  const { usage } = commandOf(name);
  return `npm ${name === 'start' ? '' : 'run '}${name}${usage === undefined ? '' : ` -- ${usage}`}`;
};

/** Wrong arguments. The message is for operators, and ends with the usage; the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  constructor(command: CommandName, why: string) {
    super(`${why}\nusage: ${callOf(command)}`);
  }
}

type OptionsOf<Name extends CommandName> = (typeof COMMANDS)[Name] extends { options: infer Known } ? Known : object;
type ValueOf<Option> = Option extends { type: 'boolean' }
  ? boolean
  : Option extends { multiple: true }
    ? string[]
    : string;

/** The arguments of a command. */
type Given<Name extends CommandName> = {
  values: { [Option in keyof OptionsOf<Name>]?: ValueOf<OptionsOf<Name>[Option]> };
  positionals: string[];
};

const isNumber = (value: string): boolean =>
  value.trim() !== '' && Number(value) >= 0 && Number.isFinite(Number(value));

/** Reads the arguments of a command. @throws UsageError for wrong ones */
export const parseArguments = <Name extends CommandName>(name: Name, args: readonly string[]): Given<Name> => {
  const { options = {}, words: [least, most] = [0, 0], first, numbers = [], passesOn } = commandOf(name);
  const parse = () => {
    try {
      return parseArgs({ args: passesOn ? args.slice(0, 1) : [...args], options, allowPositionals: true });
    } catch (error) {
      throw new UsageError(name, (error as Error).message.replace(/\. To specify a positional.*$/s, ''));
    }
  };
  const { values, positionals } = parse();
  if (positionals.length < least) throw new UsageError(name, 'An argument is missing');
  if (positionals.length > most) throw new UsageError(name, `Unexpected argument '${positionals[most]}'`);
  if (first && positionals[0] !== undefined && !first.includes(positionals[0]))
    throw new UsageError(name, `Unknown argument '${positionals[0]}'`);
  for (const key of numbers) {
    const value = typeof key === 'number' ? positionals[key] : values[key];
    if (value !== undefined && !isNumber(String(value))) throw new UsageError(name, `'${value}' must be a number`);
  }
  return { values, positionals } as Given<Name>;
};

/**
 * Reads the arguments of this process. `--help` prints the usage and ends the process with 0; wrong arguments end it
 * with 2.
 * @param more further lines of the usage
 */
export const argumentsOf = <Name extends CommandName>(name: Name, more: readonly string[] = []): Given<Name> => {
  const args = process.argv.slice(2);
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  if (own.includes('--help') || own.includes('-h')) {
    console.log([callOf(name), '', commandOf(name).about, ...more].join('\n'));
    process.exit(0);
  }
  try {
    return parseArguments(name, args);
  } catch (error) {
    console.error([`plaza: ${(error as Error).message}`, ...more].join('\n'));
    process.exit(2);
  }
};
