import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { breachesOf } from './contract.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

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

const READY = /listens on (http:\/\/\S+)|^stores ready/;

/**
 * Starts one of Plaza's programs and waits for its ready line.
 * @param name of its file in `programs/`: `all-in-one`
 * @param env settings; PORT is any free port
 * @param root another version's folder
 * @throws Error with the output when the program ends first
 */
export const startProgram = async (name: string, env: Record<string, string>, root = ROOT): Promise<Program> => {
  const child: ChildProcess = spawn(process.execPath, [join(root, 'programs/run.js'), name], {
    cwd: root,
    env: {
      ...process.env,
      PORT: '0',
      WRITE_SIDE_PORT: '0',
      READ_API_PORT: '0',
      PROJECTIONS_PORT: '0',
      POLICIES_PORT: '0',
      LOG_LEVEL: 'info',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  void ended.then(() => process.off('exit', abandon));
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

/** Milliseconds between two requests, so that the server gets the processor too. */
const BETWEEN_LOOKS = 25;

/** Repeats a request until the answer is as expected, for example after a policy's command. */
export const eventually = async <T>(ask: () => Promise<T>, expected: (answer: T) => boolean, within = 10_000) => {
  const until = performance.now() + within;
  for (;;) {
    const answer = await ask();
    if (expected(answer)) return answer;
    if (performance.now() > until) throw new Error(`not within ${within} ms: ${JSON.stringify(answer)}`);
    await delay(BETWEEN_LOOKS);
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
    30_000,
  );
