import { setTimeout as pause } from 'node:timers/promises';
import { contextSchemas } from './contexts.ts';
import { argumentsOf, UsageError } from './wiring/commands.ts';
import { fail } from './wiring/shutdown.ts';
import { playWalkthrough, walkthroughNames } from './wiring/walkthrough.ts';

/**
 * `npm run demo -- --live [URL]`: fills an empty Plaza with a day of history, and lets something happen for ten
 * minutes.
 *
 * `npm run demo [-- CONTEXT] [URL]`: plays a context's walk-through of docs/walkthroughs against a running Plaza and
 * shows each command with its answer. Uses new ids each time. The first context when none is named.
 */
const { values, positionals } = argumentsOf('demo');
const isUrl = (word: string) => /^https?:\/\//.test(word);
const base = (positionals.find(isUrl) ?? `http://localhost:${process.env.PORT ?? 8088}`).replace(/\/+$/, '');
const names = positionals.filter((word) => !isUrl(word));
const name = names[0] ?? contextSchemas[0]!.name;

const bold = (text: string) => (process.stdout.isTTY ? `\x1b[1m${text}\x1b[22m` : text);

/** The most characters of an answer that are shown: the control centre's document is long. */
const SHOWN = 1_000;
const shortened = (text: string) => (text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text);

const play = async () => {
  const known = walkthroughNames();
  if (!known.includes(name))
    throw new UsageError('demo', `There is no walk-through of ${name}, only of ${known.join(', ')}`);
  console.log(`Playing docs/walkthroughs/${name}.md against ${base}`);
  await playWalkthrough(name, {
    base,
    suffix: Date.now().toString(36),
    contexts: contextSchemas,
    onStep: (title) => console.log(`\n${bold(title)}`),
    onAnswer({ method, path, body = '' }, { status, text }) {
      console.log(`  ${method} ${path} ${body}`.trimEnd());
      console.log(`  → ${status} ${shortened(text)}`);
    },
  });
};

/** Asks a running Plaza to fill itself, and waits until it has. @throws Error when it refuses */
const playLive = async () => {
  const ask = async (method: string) => {
    const response = await fetch(`${base}/operations/demo`, { method });
    const body = (await response.json()) as { state: string; title?: string };
    if (!response.ok) throw new Error(`${base} answers ${response.status}: ${body.title}`);
    return body.state;
  };
  let state = await ask('POST');
  if (state === 'filling') console.log(`Filling ${base} with a day of history`);
  for (; state === 'filling'; state = await ask('GET')) await pause(500);
  console.log(`${base} lives for ten minutes; its page can stop it`);
};

try {
  if (names.length > (values.live ? 0 : 1) || positionals.length - names.length > 1)
    throw new UsageError('demo', `Unexpected argument '${positionals.at(-1)}'`);
  await (values.live ? playLive() : play());
} catch (error) {
  if (error instanceof UsageError) fail(error);
  const isUnreachable = error instanceof TypeError && error.message === 'fetch failed';
  console.error(isUnreachable ? `No Plaza answers at ${base}: start one with npm start` : String(error));
  process.exit(1);
}
