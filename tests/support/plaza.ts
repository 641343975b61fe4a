import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { settingsTable } from '../../programs/wiring/settings.ts';
import { breachesOf } from './contract.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;

export type Program = {
  /** The address of a program that listens. */
  url: string;
  pid: number;
  /** Returns the program's output. */
  output(): string;
  /** Sends a signal and waits for the program to end. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves with the exit code when the program has ended, null after a signal. */
  ended: Promise<number | null>;
};

/** A busy machine must not turn answers into 503s. Tests of faults use SHIPPED instead. */
const PATIENT = { COMMAND_TIMEOUT_MS: '20000', QUERY_TIMEOUT_MS: '20000' };

/** The time limits of answers as they are by default, for tests of faults. */
export const SHIPPED = {
  COMMAND_TIMEOUT_MS: settingsTable.COMMAND_TIMEOUT_MS.default,
  QUERY_TIMEOUT_MS: settingsTable.QUERY_TIMEOUT_MS.default,
};

const READY = /listens on (http:\/\/\S+)|^stores ready/;

/**
 * Starts one of Plaza's programs and waits for its ready line. The program ends with this process.
 * @param name of its file in `programs/`: `all-in-one`
 * @param env settings; PORT is any free port
 * @param root another version's folder
 * @throws Error with the output when the program ends first
 */
export const startProgram = async (name: string, env: Record<string, string>, root = ROOT): Promise<Program> => {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', END_WITH_PARENT, join(root, 'programs/run.js'), name],
    {
      cwd: root,
      env: {
        ...process.env,
        PORT: '0',
        WRITE_SIDE_PORT: '0',
        READ_API_PORT: '0',
        PROJECTIONS_PORT: '0',
        POLICIES_PORT: '0',
        LOG_LEVEL: 'info',
        ...PATIENT,
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    const take = (line: string) => {
      output += `${line}\n`;
      const ready = READY.exec(line);
      if (ready) resolve(ready[1] ?? '');
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', take);
    void ended.then((code) => reject(new Error(`${name} ended with ${code}:\n${output}`)));
  });
  return {
    url: url.replace('localhost', '127.0.0.1').replace(/["\\,}].*$/, ''),
    pid: child.pid as number,
    output: () => output,
    ended,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
};

/** Creates a folder for embedded stores. */
export const temporaryData = () => {
  const folder = mkdtempSync(join(tmpdir(), 'plaza-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
};

/** Returns a token of `npm run token -- …`, signed by the key in a data folder. @throws Error when the command fails */
export const localToken = (folder: string, ...args: string[]): string =>
  execFileSync(process.execPath, ['programs/token.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, PLAZA_DATA: folder },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();

export type Answer<Body = Record<string, unknown>> = { status: number; headers: Headers; body: Body };

/** Calls a JSON endpoint of a Plaza whose contexts differ from the checked contract. */
export const callUnchecked = async <Body = Record<string, unknown>>(
  base: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> => {
  const response = await fetch(base + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : {}) as Body };
};

/**
 * Calls a JSON endpoint.
 * @throws Error when the answer breaks the OpenAPI or AsyncAPI document
 */
export const call: typeof callUnchecked = async (base, method, path, body, headers) => {
  const answer = await callUnchecked(base, method, path, body, headers);
  const breaches = breachesOf(method, path, answer.status, answer.headers.get('Content-Type') ?? '', answer.body);
  if (breaches.length > 0)
    throw new Error(
      `${method} ${path} is answered against its contract:\n${breaches.join('\n')}\n${JSON.stringify(answer.body).slice(0, 500)}`,
    );
  return answer as never;
};

/** Milliseconds between two requests: few at first, more while the process that answers is still busy. */
const FIRST_PAUSE = 10;
const LONGEST_PAUSE = 200;

/** Repeats a request until the answer is as expected, for example after a policy's command. */
export const eventually = async <T>(ask: () => Promise<T>, expected: (answer: T) => boolean, within = 120_000) => {
  const until = performance.now() + within;
  for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 1.3)) {
    const answer = await ask();
    if (expected(answer)) return answer;
    if (performance.now() > until) throw new Error(`not within ${within} ms: ${JSON.stringify(answer)}`);
    await delay(pause);
  }
};

/**
 * Waits until every view has been built: before that a query answers 503. @param headers of a caller with access to all
 */
export const viewsAreBuilt = (url: string, headers: Record<string, string> = {}): Promise<unknown> =>
  eventually(
    () =>
      callUnchecked<{ contexts?: Record<string, object | null> }>(url, 'GET', '/control-center', undefined, headers),
    ({ body: { contexts = {} } }) => Object.keys(contexts).length > 0 && !Object.values(contexts).includes(null),
  );
