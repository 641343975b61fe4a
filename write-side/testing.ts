import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { PLAZA_STREAMS } from '../platform/event-store/tail.ts';
import { memoryStreams, newEvent } from '../platform/event-store/testing.ts';
import { START, type StoredEvent } from '../platform/event-store/types.ts';
import { createApp } from '../platform/http/app.ts';
import type { Caller } from '../platform/identity/caller.ts';
import { ownerId } from '../platform/identity/subject.ts';
import type { Role } from '../schemas/access.ts';
import { breachesOf } from '../tests/support/contract.ts';
import type { WriteSideContext } from './context.ts';
import { commandHandler } from './kernel/command-handler.ts';
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
