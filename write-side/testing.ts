import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { PLAZA_STREAMS } from '../platform/event-store/tail.ts';
import { memoryStreams, newEvent } from '../platform/event-store/testing.ts';
import { formatPosition, START, type StoredEvent } from '../platform/event-store/types.ts';
import { createApp } from '../platform/http/app.ts';
import type { Caller } from '../platform/identity/caller.ts';
import { ownerId } from '../platform/identity/subject.ts';
import { type Role, roles, ruleOf } from '../schemas/access.ts';
import { type CommandHttp, parameterNames } from '../schemas/kernel/context.ts';
import { breachesOf } from '../tests/support/contract.ts';
import type { WriteSideContext } from './context.ts';
import { commandHandler } from './kernel/command-handler.ts';
import { fillPath } from './kernel/command-request.ts';
import type { StepsByCommand } from './kernel/command-steps.ts';
import { commandRoutes } from './kernel/http.ts';
import { TIME_ZONE } from './kernel/testing.ts';

/** An event of a stream: `{ stream: 'parkingLot-1', type: 'LotRegistered', data: { … } }`. */
type StreamEvent = { stream: string; type: string; data: object };

type Options = {
  /** The time of every decision, UTC with milliseconds; a specification's is in 2026 unless given. */
  now?: string;
  /** The callers by their tokens, as with sign-in on. Left out, everybody may do everything. */
  callers?: Readonly<Record<string, Caller>>;
  /** The steps of commands that call services. */
  steps?: StepsByCommand;
};

type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

const plazaStream = new RegExp(PLAZA_STREAMS);

const NOW = '2026-01-31T09:00:00.000Z';

/** Milliseconds for a command: a test that meets them hangs. */
const PATIENCE = 20_000;

/**
 * Serves a context's commands over HTTP through the real app: routing, validation, access, steps, desk and decider. Only
 * the event store is one in memory.
 * @param before the events that it has
 */
export const serveCommands = async (
  { steps: ownSteps, ...context }: WriteSideContext,
  { now, callers, steps = {} }: Options = {},
  before: readonly StreamEvent[] = [],
) => {
  const schemas = [context.schema];
  const store = memoryStreams();
  for (const [stream, events] of Map.groupBy(before, (event) => event.stream))
    await store.append(
      stream,
      events.map((event) => newEvent({ ...event, schemaVersion: context.schema.events[event.type]?.version ?? 1 })),
      'no-stream',
    );
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const handler = commandHandler({
    store,
    contexts: [context],
    timeZone: TIME_ZONE,
    now: now === undefined ? undefined : () => new Date(now),
    onError,
  });
  const router = commandRoutes({
    contexts: schemas,
    handler,
    answerWithin: PATIENCE,
    identify: callers && (async (authorization = '') => callers[authorization.replace('Bearer ', '')]),
    steps: { ...ownSteps, ...steps },
    tail: async () => store.all().at(-1)?.position ?? START,
    onError,
  });
  const server = createServer(createApp([router], schemas, onError));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    store,
    /** Gives a command of Plaza itself. */
    give: (type: string, data: object) => handler.handle({ type, data, actor: 'plaza:test' }),
    /** Sends a request. Its answer must keep its contract. @param body JSON, or a text that is sent as it is */
    async send(method: string, path: string, body?: unknown, headers: object = {}): Promise<Answer> {
      const response = await fetch(url + path, {
        method,
        headers: { 'Content-Type': 'application/json', Connection: 'close', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const answer = { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : {} };
      const type = response.headers.get('Content-Type') ?? '';
      expect(breachesOf(method, path, answer.status, type, answer.body)).toEqual([]);
      return answer;
    },
    /** @throws when an error had no answer */
    async stop() {
      await new Promise((resolve) => server.close(resolve));
      expect(errors).toEqual([]);
    },
  };
};

/**
 * Specifies the endpoints of a context's commands: given these events, when a request comes, then this answer, and
 * exactly these new events in the store.
 */
export const apiSpecification = (context: WriteSideContext, options: Options = {}) => ({
  given: (...before: StreamEvent[]) => ({
    /** @param body JSON, or a text that is sent as it is */
    when(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const answered = async (): Promise<{ answer: Answer; added: StoredEvent[] }> => {
        const { store, send, stop } = await serveCommands(context, { now: NOW, ...options }, before);
        const had = store.all().length;
        const answer = await send(method, path, body, headers).finally(stop);
        return {
          answer,
          added: store
            .all()
            .slice(had)
            .filter(({ stream }) => plazaStream.test(stream)),
        };
      };
      return {
        /** Returns the answer, and the new events. */
        answered,
        /** Expects an answer with at least these fields, and exactly these new events. @returns the answer */
        async thenAnswered(status: number, fields: object, ...events: StreamEvent[]): Promise<Answer> {
          const { answer, added } = await answered();
          expect(answer).toMatchObject({ status, body: fields });
          expect(added.map(({ stream, type, data }) => ({ stream, type, data }))).toEqual(events);
          return answer;
        },
        /** Expects a problem, by the end of its type, and no new event. @returns the answer */
        async thenRefused(status: number, problem: string, fields: object = {}): Promise<Answer> {
          const { answer, added } = await answered();
          expect(answer).toMatchObject({ status, body: { type: `/problems/${problem}`, ...fields } });
          expect(added).toEqual([]);
          return answer;
        },
      };
    },
  }),
});

/** Returns a caller, for `callers`. @param scope the entries of the token's scope claim */
export const callerOf = (sub: string, role: Role, ...scope: string[]): Caller => ({
  sub,
  id: ownerId(sub),
  roles: [role],
  ...(scope.length > 0 && { scope }),
  expiresAt: Number.POSITIVE_INFINITY,
});

/** Returns events of one stream, for `given` and `thenAnswered`. */
export const inStream = (stream: string, ...events: { type: string; data: object }[]): StreamEvent[] =>
  events.map((event) => ({ stream, ...event }));

/** An example of an endpoint: given these events, the command with this data is answered so, and stores these events. */
export type Example = {
  given?: StreamEvent[];
  /** The data that the path, the query and the body carry. The things that it names belong to {@link OWNER}. */
  data: Record<string, unknown>;
  /** The fields that the answer has at least. */
  answer: object;
  /** Exactly the new events. */
  stored: StreamEvent[];
  /** Problems that the request meets, each with the events after the given ones that lead to it. */
  refused?: Readonly<Record<string, StreamEvent[]>>;
};

/** The customer of the examples whose data names none. */
const OWNER = 'CUST1';

const requestOf = ({ method, path, inQuery = [] }: CommandHttp, data: Example['data']) => {
  const entries = Object.entries(data);
  const elsewhere = new Set([...parameterNames(path), ...inQuery]);
  const query = entries.filter(([name]) => inQuery.includes(name)).map(([name, value]) => `${name}=${value}`);
  const body = Object.fromEntries(entries.filter(([name]) => !elsewhere.has(name)));
  return { method, path: [fillPath(path, data), ...query].join('?'), body };
};

/**
 * Specifies what holds for every endpoint of a context, each by an example, under its route: `POST /parking/lots`. An
 * endpoint without an example fails.
 */
export const endpointContract = (
  context: WriteSideContext,
  examples: Readonly<Record<string, Example>>,
  options: Options = {},
): void => {
  const { name: contextName, commands, problems, scope } = context.schema;
  const endpoints = Object.entries(commands).flatMap(([type, { http, data, problems: own }]) =>
    http ? [{ route: `${http.method} ${http.path}`, type, http, fields: data.required ?? [], problems: own }] : [],
  );
  test('every endpoint has an example', () =>
    expect(Object.keys(examples).toSorted()).toEqual(endpoints.map(({ route }) => route).toSorted()));

  const known = endpoints.flatMap((endpoint) => {
    const example = examples[endpoint.route];
    if (!example) return [];
    const { category, id } = context.deciders.find(({ commands: own }) => own.includes(endpoint.type))!;
    return [{ ...endpoint, example, stream: `${category}-${id(example.data)}` }];
  });

  for (const { route, type, http, fields, problems: own, example, stream } of known) {
    const { given = [], data, answer, refused = {} } = example;
    const { method, path, body } = requestOf(http, data);
    const inPath = parameterNames(http.path);
    const serve = async (callers: Options['callers'] = undefined, around: readonly StreamEvent[] = []) => {
      const served = await serveCommands(context, { now: NOW, ...options, ...(callers && { callers }) }, [
        ...given,
        ...around,
      ]);
      onTestFinished(served.stop);
      return { ...served, sendAs: (caller: string) => served.send(method, path, body, { Authorization: caller }) };
    };
    const specified = apiSpecification(context, options);

    describe(route, () => {
      test('stores its events, and answers with the resource, its revision and the position', async () => {
        const answered = await specified
          .given(...given)
          .when(method, path, body)
          .answered();
        expect(answered.answer).toMatchObject({ status: http.status, body: answer });
        const added = answered.added.map(({ stream: its, type: event, data: of }) => ({
          stream: its,
          type: event,
          data: of,
        }));
        expect(added).toEqual(example.stored);
        const { headers } = answered.answer;
        expect(headers.get('Location')).toBe(fillPath(http.location, data));
        expect(answered.added.map(({ revision }) => `"${revision}"`)).toContain(headers.get('ETag'));
        expect(headers.get('Event-Position')).toBe(formatPosition(answered.added.at(-1)!.position));
      });

      if (http.id !== undefined)
        test('names what the client has not named', async () => {
          const { send, store } = await serve();
          const { [http.id!]: _, ...unnamed } = body;
          const { status, body: made } = await send(method, path, unnamed);
          expect(status).toBe(http.status);
          expect(made[http.id!]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
          expect(store.all().some(({ data: of }) => (of as Example['data'])[http.id!] === made[http.id!])).toBe(true);
        });

      test('is done once under its Idempotency-Key, which is for no other command of the stream', async () => {
        const other = known.find((one) => one.stream === stream && one.type !== type);
        const touched = new Set([stream, ...[...given, ...example.stored].map((event) => event.stream)]);
        // The other command's own events: without them its steps could refuse it first.
        const around = other?.example.given?.filter((event) => !touched.has(event.stream)) ?? [];
        const { send, store } = await serve(undefined, around);
        const key = { 'Idempotency-Key': 'k' };
        const first = await send(method, path, body, key);
        const stored = store.all();
        const again = await send(method, path, body, key);
        expect([again.status, again.body]).toEqual([http.status, first.body]);
        expect([first, again].map(({ headers }) => headers.get('Idempotent-Replayed'))).toEqual([null, 'true']);
        if (other) {
          const reusing = requestOf(other.http, other.example.data);
          const reused = await send(reusing.method, reusing.path, reusing.body, key);
          expect(shortly(reused)).toBe('422 /problems/idempotency-key-reused');
        }
        expect(store.all()).toEqual(stored);
      });

      test('refuses what is malformed, with its field, and what is stale', async () => {
        const { send, store } = await serve();
        const stored = store.all();
        const required = fields.filter((name) => name !== http.id && !inPath.includes(name));
        for (const [pointer, wrongPath, wrongBody] of [
          ['/unknown', path, { ...body, unknown: true }],
          ['/unknown', `${path}${path.includes('?') ? '&' : '?'}unknown=1`, body],
          ...inPath.map((name) => [`/${name}`, requestOf(http, { ...data, [name]: 'no id' }).path, body] as const),
          ...required.map((name) => [`/${name}`, path, { ...body, [name]: undefined }] as const),
        ] as const)
          expect(await send(method, wrongPath, wrongBody), `${pointer} of ${wrongPath}`).toMatchObject({
            status: 400,
            body: { type: '/problems/invalid-request', errors: [{ pointer }] },
          });
        expect(shortly(await send(method, path, body, { 'If-Match': '"999"' }))).toBe(
          '412 /problems/precondition-failed',
        );
        expect(store.all()).toEqual(stored);
      });

      const missing = own.filter((problem) => problems[problem]?.status === 404);
      if (missing.length > 0 && given.length > 0)
        test('refuses where nothing is', async () => {
          const nowhere = await specified.given().when(method, path, body).answered();
          expect(nowhere.answer.status).toBe(404);
          expect(missing.map((problem) => `/problems/${problem}`)).toContain(nowhere.answer.body.type);
          expect(nowhere.added).toEqual([]);
        });

      test.each(Object.entries(refused))('refuses with %s', async (problem, more) => {
        await specified
          .given(...given, ...more)
          .when(method, path, body)
          .thenRefused(problems[problem]?.status ?? 0, problem);
      });

      const rule = ruleOf(context.schema, type);
      test('refuses callers without a token, of other roles and of other scopes', async () => {
        const scopes = ['elsewhere', ...(scope ? [`${contextName}:${scope.kind}:elsewhere`] : [])];
        const callers: Record<string, Caller> = {};
        for (const role of roles) {
          const grant = rule[role];
          if (grant === undefined) callers[role] = callerOf(OWNER, role);
          // An owner needs no scope.
          else if (grant === 'all' || (typeof grant === 'object' && grant.own === scope?.field))
            for (const limit of scopes) callers[`${role} of ${limit}`] = callerOf(OWNER, role, limit);
        }
        const { sendAs, send, store } = await serve(callers);
        const stored = store.all();
        expect(shortly(await send(method, path, body))).toBe('401 /problems/unauthenticated');
        for (const caller of Object.keys(callers)) expect(DENIED, caller).toContain(shortly(await sendAs(caller)));
        expect(store.all()).toEqual(stored);
      });

      test.each(
        Object.entries(rule).flatMap(([role, grant]) => (typeof grant === 'string' ? [] : [[role, grant.own]])),
      )('takes it from a %s for what has their id as its %s', async (role, field) => {
        const { sendAs, store } = await serve({
          owner: callerOf(String(data[field!] ?? OWNER), role as Role),
          stranger: callerOf('STRANGER', role as Role),
        });
        const stored = store.all();
        expect(DENIED).toContain(shortly(await sendAs('stranger')));
        expect(store.all()).toEqual(stored);
        expect((await sendAs('owner')).status).toBe(http.status);
      });
    });
  }
};

/** The answers to a caller who may not give a command: one that may not know of the resource gets the second one. */
const DENIED = ['403 /problems/forbidden', '404 /problems/not-found'];

const shortly = ({ status, body }: Answer): string => `${status} ${body.type}`;
