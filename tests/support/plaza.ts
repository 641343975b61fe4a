import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openTestStores } from '../../embedded/testing.ts';
import { openAllInOne } from '../../programs/open/all-in-one.ts';
import { openGateway } from '../../programs/open/gateway.ts';
import { openPolicies } from '../../programs/open/policies.ts';
import { openProjections } from '../../programs/open/projections.ts';
import { openReadApi } from '../../programs/open/read-api.ts';
import { openWriteSide } from '../../programs/open/write-side.ts';
import { parseArguments } from '../../programs/wiring/commands.ts';
import { createLog } from '../../programs/wiring/log.ts';
import type { Opened } from '../../programs/wiring/open-program.ts';
import { readSettings, settingsTable } from '../../programs/wiring/settings.ts';
import { issueToken } from '../../programs/wiring/token.ts';
import { breachesOf } from './contract.ts';
import { ANY_PORTS, PATIENT } from './settings.ts';

/** The time limits of answers as they are by default, for tests of faults. */
export const SHIPPED = {
  COMMAND_TIMEOUT_MS: settingsTable.COMMAND_TIMEOUT_MS.default,
  QUERY_TIMEOUT_MS: settingsTable.QUERY_TIMEOUT_MS.default,
};

const PROGRAMS = {
  'all-in-one': openAllInOne,
  gateway: openGateway,
  policies: openPolicies,
  projections: openProjections,
  'read-api': openReadApi,
  'write-side': openWriteSide,
};

/** A program that runs within the test's process. */
export type Plaza = Opened & {
  /** Returns what the program has logged. */
  output(): string;
};

const startStores = async (options: Parameters<typeof openTestStores>[0]) => ({
  ...(await openTestStores(options)),
  pid: process.pid,
});

/**
 * Opens one of Plaza's programs within this process, with embedded stores within it too. HTTP shows no difference to a
 * process of its own.
 * @param env settings; ports are any free ones
 * @throws Error as the program does; nothing stays open then
 */
export const openProgram = async (name: keyof typeof PROGRAMS, env: Record<string, string>): Promise<Plaza> => {
  const settings = readSettings({ ...ANY_PORTS, LOG_LEVEL: 'info', ...PATIENT, ...env });
  const lines: string[] = [];
  const log = createLog(settings.LOG_LEVEL, name, { write: (line) => void lines.push(line) });
  const onFailure = (error: unknown) => {
    throw error;
  };
  const opened = await PROGRAMS[name]({ settings, log, onFailure, startStores });
  return { ...opened, output: () => lines.join('') };
};

/** Opens Plaza with all sides within this process. @param env settings, PLAZA_DATA among them */
export const openPlaza = (env: Record<string, string>): Promise<Plaza> => openProgram('all-in-one', env);

/** Creates a folder for embedded stores. */
export const temporaryData = () => {
  const folder = mkdtempSync(join(tmpdir(), 'plaza-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
};

/** Returns a token as `npm run token -- …` prints it, signed by the key in a data folder. @throws SettingsError */
export const localToken = async (folder: string, ...args: string[]): Promise<string> =>
  (await issueToken(parseArguments('token', args).values, readSettings({ PLAZA_DATA: folder }))).token;

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
