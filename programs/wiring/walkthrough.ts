import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ContextSchema, parameterNames } from '../../schemas/kernel/context.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { queriesOf } from '../../schemas/kernel/history.ts';

const FOLDER = join(import.meta.dirname, '../../docs/walkthroughs');

/** The contexts that have a walk-through. */
export const walkthroughNames = (): string[] =>
  readdirSync(FOLDER).flatMap((file) => (file.endsWith('.md') ? [file.slice(0, -'.md'.length)] : []));

type Request = { method: string; path: string; headers: Record<string, string>; body?: string };
type Step = { title: string; requests: Request[]; refusal?: { status: number; type: string } };

/** Splits a line of shell into words: bare, in single quotes, or in double quotes with variables. */
const wordsOf = (line: string, variables: ReadonlyMap<string, string>): string[] =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) =>
    single !== undefined
      ? single
      : (double ?? bare ?? '').replaceAll(/\$(\w+)/g, (_, name) => variables.get(name) ?? ''),
  );

/** Reads the words after `curl`. @throws Error for an option that is not supported */
const requestOf = (words: readonly string[]): Request => {
  const request: Request = { method: '', path: '', headers: {} };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '-i') continue;
    if (word === '-X') request.method = rest.shift() ?? '';
    else if (word === '-d') request.body = rest.shift() ?? '';
    else if (word === '-H') {
      const [name = '', value = ''] = (rest.shift() ?? '').split(/:\s*(.*)/);
      request.headers[name] = value;
    } else if (word.startsWith('-')) throw new Error(`A walk-through cannot use curl ${word}`);
    else request.path = word.replace(/^(https?:\/\/)?[^/]+/, '');
  }
  if (request.method === '') request.method = request.body === undefined ? 'GET' : 'POST';
  return request;
};

/**
 * Returns the steps of a document's first shell block: each comment with its requests. A refusal belongs to the last.
 */
export const stepsOf = (document: string): Step[] => {
  const [, script = ''] = /```sh\n(.*?)```/s.exec(document) ?? [];
  const variables = new Map<string, string>();
  const steps: Step[] = [];
  for (const line of script.replaceAll('\\\n', ' ').split('\n')) {
    const [, name, value] = /^([A-Z]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) variables.set(name, wordsOf(value ?? '', variables).join(''));
    if (line.startsWith('# ')) {
      const last = steps.at(-1);
      const before = last && last.requests.length === 0 ? `${steps.pop()!.title} ` : '';
      const title = before + line.slice(2);
      const [, status, type] = /\b([45]\d\d) ([a-z-]+)\.$/.exec(title) ?? [];
      const refusal = status === undefined ? {} : { refusal: { status: Number(status), type: `/problems/${type}` } };
      steps.push({ title, requests: [], ...refusal });
    }
    if (line.startsWith('curl ')) steps.at(-1)?.requests.push(requestOf(wordsOf(line, variables).slice(1)));
  }
  return steps;
};

/** Appends a suffix to each part of an id. */
const fresh = (id: string, suffix: string): string =>
  id
    .split('.')
    .map((part) => `${part}-${suffix}`)
    .join('.');

const isId = (name: string) => name.endsWith('Id');

const freshValues = (value: unknown, suffix: string): unknown => {
  if (Array.isArray(value)) return value.map((each) => freshValues(each, suffix));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inside]) => [
      name,
      isId(name) && typeof inside === 'string' ? fresh(inside, suffix) : freshValues(inside, suffix),
    ]),
  );
};

const pathsOf = (schema: ContextSchema): string[] => [
  ...Object.values(schema.commands).flatMap(({ http }) => (http ? [http.path] : [])),
  ...Object.values(queriesOf(schema)).map(({ path }) => path),
];

/** Returns a request with other ids than the document's, so that it may be sent again: in path, query and body. */
const withFreshIds = (request: Request, templates: readonly string[], suffix: string): Request => {
  const [path = '', query] = request.path.split('?');
  const parts = path.split('/');
  const fits = (template: string) => {
    const given = template.split('/');
    return given.length === parts.length && given.every((part, at) => part.startsWith('{') || part === parts[at]);
  };
  // Of several templates the one with the fewest parameters is meant: `/bookings/mine` rather than `/bookings/{id}`.
  const [template = ''] = templates.filter(fits).sort((a, b) => parameterNames(a).length - parameterNames(b).length);
  const named = template.split('/').map((part) => /^\{(\w+)\}$/.exec(part)?.[1] ?? '');
  const freshPath = parts.map((part, at) => (isId(named[at] ?? '') ? fresh(part, suffix) : part)).join('/');
  const parameters = [...new URLSearchParams(query)].map(([name, value]) => [
    name,
    isId(name) ? fresh(value, suffix) : value,
  ]);
  return {
    ...request,
    path: parameters.length === 0 ? freshPath : `${freshPath}?${new URLSearchParams(parameters)}`,
    ...(request.body === undefined ? {} : { body: JSON.stringify(freshValues(JSON.parse(request.body), suffix)) }),
  };
};

type Answer = { status: number; text: string; type?: string; position: string | null };

const send = async (base: string, { method, path, headers, body }: Request, more = {}): Promise<Answer> => {
  const response = await fetch(base + path, {
    method,
    headers: { ...headers, ...more },
    ...defined({ body }),
  });
  const text = await response.text();
  const isProblem = response.headers.get('Content-Type')?.startsWith('application/problem+json');
  return {
    status: response.status,
    text,
    ...(isProblem ? { type: JSON.parse(text).type } : {}),
    position: response.headers.get('Event-Position'),
  };
};

/** Milliseconds for which a query is repeated: views and policies follow a moment after a command. */
const PATIENCE = 20_000;

/** Repeats a query until its views have reached a position, and what a policy makes is there. */
const ask = async (base: string, request: Request, position: string | null): Promise<Answer> => {
  const wait = { Prefer: 'wait=5', ...(position === null ? {} : { 'Min-Event-Position': position }) };
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const answer = await send(base, request, wait);
    if (![404, 503].includes(answer.status) || performance.now() > deadline) return answer;
    await delay(100);
  }
};

export type PlayOptions = {
  /** The address of Plaza, without a path. */
  base: string;
  /** Added to each id, so that a walk-through may be played again. */
  suffix: string;
  contexts: readonly ContextSchema[];
  onStep?(title: string): void;
  onAnswer?(request: Request, answer: Answer): void;
};

/**
 * Plays a walk-through against a running Plaza: sends the commands and queries of its document, one after the other.
 * @param name of the document in docs/walkthroughs, which is a context's name
 * @returns the number of requests
 * @throws Error when an answer is not what the document says; TypeError when Plaza does not answer
 */
export const playWalkthrough = async (
  name: string,
  { base, suffix, contexts, onStep, onAnswer }: PlayOptions,
): Promise<number> => {
  const templates = contexts.flatMap(pathsOf);
  let position: string | null = null;
  let count = 0;
  for (const { title, requests, refusal } of stepsOf(readFileSync(join(FOLDER, `${name}.md`), 'utf8'))) {
    onStep?.(title);
    if (requests.length === 0) throw new Error(`${name}: "${title}" has no request`);
    for (const [index, given] of requests.entries()) {
      const request = withFreshIds(given, templates, suffix);
      const isQuery = request.method === 'GET';
      const answer: Answer = isQuery ? await ask(base, request, position) : await send(base, request);
      onAnswer?.(request, answer);
      position = answer.position ?? position;
      count++;
      const expected = index === requests.length - 1 ? refusal : undefined;
      const isAsSaid = expected
        ? answer.status === expected.status && answer.type === expected.type
        : (isQuery ? [200] : [200, 201, 202]).includes(answer.status);
      if (!isAsSaid) {
        const words = `"${title}" ${request.method} ${request.path}`;
        throw new Error(`${name}: ${words} answers ${answer.status} ${answer.text.slice(0, 500)}`);
      }
    }
  }
  return count;
};
