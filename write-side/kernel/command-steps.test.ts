import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Type } from 'typebox';
import { afterEach, expect, it } from 'vitest';
import type { Position } from '../../platform/event-store/types.ts';
import { createApp } from '../../platform/http/app.ts';
import { type ContextSchema, command } from '../../schemas/kernel/context.ts';
import { Id } from '../../schemas/kernel/values.ts';
import type { CommandHandler, GivenCommand } from './command-handler.ts';
import type { CommandSteps, Settled } from './command-steps.ts';
import { commandRoutes } from './http.ts';
import type { Outcome, Tried } from './request.ts';

const schema = {
  name: 'things',
  title: 'Things',
  events: {},
  commands: {
    Make: command('Make a thing', Type.Object({ thingId: Id }), {
      route: 'POST /things',
      id: 'thingId',
      mayTakeLonger: true,
      answer: Type.Object({ thingId: Id, status: Type.String() }),
    }),
    Open: command('Open a thing', Type.Object({ thingId: Id }), {
      route: 'POST /things/{thingId}/opening',
      answer: Type.Object({ thingId: Id, status: Type.String() }),
    }),
  },
  queries: {},
  problems: {
    'not-now': { status: 503, title: 'Not now', retryAfter: 7 },
    'no-thing': { status: 409, title: 'No thing' },
  },
} as const satisfies ContextSchema;

const at = (commit: bigint): Position => ({ commit, prepare: commit });
const done: Outcome = { kind: 'done', events: [{ type: 'ThingMade', data: {} }], revision: 3n, position: at(100n) };

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve)))));

/** The command's route over a handler that does everything that it would do, and remembers what it was given. */
const serveSteps = async (steps: CommandSteps<{ thingId: string }>) => {
  const given: GivenCommand[] = [];
  const errors: unknown[] = [];
  let outcome: Outcome = done;
  let tried: Outcome | Tried = { kind: 'tried' };
  const handler: CommandHandler = {
    async handle(one) {
      given.push(one);
      return outcome;
    },
    attempt: async () => tried,
    answer: ({ data }) => ({ ...data, status: 'begun' }),
    busy: 0,
    fingerprint: () => '',
    forget() {},
    close: async () => {},
  };
  const router = commandRoutes({
    contexts: [schema],
    handler,
    answerWithin: 900,
    steps: { Make: steps, Open: steps },
    tail: async () => at(900n),
    onError: (error) => errors.push(error),
  });
  const server = createServer(createApp([router], [schema], () => {}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const send = async (path: string, body: object) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', Connection: 'close' },
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as object };
  };
  const post = (thingId: string) => send('/things', { thingId });
  return {
    post,
    open: (thingId: string) => send(`/things/${thingId}/opening`, {}),
    given,
    errors,
    set outcome(one: Outcome) {
      outcome = one;
    },
    set tried(one: Outcome | Tried) {
      tried = one;
    },
  };
};

const settled = (position: Position | undefined): Settled => ({
  kind: 'done',
  revision: 5n,
  position,
  body: { status: 'made' },
});

it('answers with the outcome of the steps: their revision, position and state', async () => {
  const { post, given } = await serveSteps({
    async settle(data, events, dispatch) {
      expect(events).toHaveLength(1);
      await dispatch({ type: 'Finish', data });
      return settled(at(200n));
    },
  });
  const { status, headers, body } = await post('a');
  expect({ status, body }).toEqual({ status: 201, body: { thingId: 'a', status: 'made' } });
  expect([headers.get('ETag'), headers.get('Event-Position')]).toEqual(['"5"', '200']);
  expect(given.map(({ type }) => type)).toEqual(['Make', 'Finish']);
  expect(given[1]).toMatchObject({ correlationId: given[0]?.correlationId, causationId: given[0]?.commandId });
});

it('has the command decided with what the steps prepared, which is not part of the command', async () => {
  const { post, given } = await serveSteps({
    async prepare(data, dispatch) {
      const outcome = await dispatch({ type: 'Read', data });
      return outcome.kind === 'done' ? { price: 700 } : 'unavailable';
    },
  });
  expect((await post('a')).status).toBe(201);
  expect(given.map(({ type, data, prepared }) => [type, data, prepared])).toEqual([
    ['Read', { thingId: 'a' }, undefined],
    ['Make', { thingId: 'a' }, { price: 700 }],
  ]);
});

/** Steps that change something before the decision, and what they did. */
const changing = () => {
  const changes: string[] = [];
  const steps: CommandSteps<{ thingId: string }> = {
    async prepare({ thingId }) {
      changes.push(`prepared ${thingId}`);
      return { price: 700 };
    },
    async undo({ thingId }, { price }) {
      changes.push(`undid ${thingId}, ${price}`);
    },
  };
  return { changes, steps };
};

const notDone: [name: string, outcome: Outcome, status: number][] = [
  ['is refused', { kind: 'refused', refusal: { refused: 'no-thing' } }, 409],
  ["is not the caller's to give", { kind: 'not-owner' }, 404],
  ['requires another revision', { kind: 'stale', revision: 3n }, 412],
  ['has the key of another command', { kind: 'key-reused' }, 422],
  ['is too large', { kind: 'too-large' }, 413],
  ['is one too many', { kind: 'overloaded' }, 503],
  ['meets too many conflicts', { kind: 'conflicting' }, 503],
  ['fails by a defect', { kind: 'failed' }, 500],
  ['meets events of a newer version', { kind: 'too-new' }, 502],
  ['meets an event of another program', { kind: 'foreign', detail: '' }, 503],
  ['meets a truncated stream', { kind: 'truncated', detail: '' }, 503],
  ['is certainly not appended', { kind: 'unavailable', uncertain: false }, 503],
];

const dropped: Outcome = { kind: 'dropped' };

it.each([...notDone, ['is dropped', dropped, 503] as const])(
  'changes nothing before a command that %s',
  async (_name, outcome, status) => {
    const { changes, steps } = changing();
    const served = await serveSteps(steps);
    served.tried = outcome;
    expect((await served.post('a')).status).toBe(status);
    expect([changes, served.given]).toEqual([[], []]);
  },
);

it.each(notDone)(
  'undoes what was prepared for a command that %s, before it answers',
  async (_name, outcome, status) => {
    const { changes, steps } = changing();
    const served = await serveSteps(steps);
    served.outcome = outcome;
    expect((await served.post('a')).status).toBe(status);
    expect(changes).toEqual(['prepared a', 'undid a, 700']);
  },
);

it('answers a repeat with the first outcome, without preparing it again', async () => {
  const { changes, steps } = changing();
  const served = await serveSteps({ ...steps, settle: async () => settled(at(200n)) });
  served.tried = done;
  expect(await served.post('a')).toMatchObject({ status: 201, body: { status: 'made' } });
  expect([changes, served.given]).toEqual([[], []]);
});

it('keeps what was prepared for a command that was done, may have been, or may come again', async () => {
  const { changes, steps } = changing();
  const served = await serveSteps(steps);
  expect((await served.post('a')).status).toBe(201);
  served.outcome = { kind: 'unavailable', uncertain: true };
  expect((await served.post('b')).status).toBe(503);
  served.outcome = dropped;
  expect((await served.post('c')).status).toBe(503);
  expect(changes).toEqual(['prepared a', 'prepared b', 'prepared c']);
});

it('undoes what was prepared for a command that the check refuses', async () => {
  const { changes, steps } = changing();
  const { post, given } = await serveSteps({ ...steps, check: async () => ({ refused: 'no-thing' }) });
  expect((await post('a')).status).toBe(409);
  expect([changes, given]).toEqual([['prepared a', 'undid a, 700'], []]);
});

it('tries no command for which the steps only read', async () => {
  const { changes, steps } = changing();
  const served = await serveSteps({ ...steps, onlyReads: ({ thingId }) => thingId === 'a' });
  served.tried = { kind: 'stale', revision: 3n };
  expect((await served.post('a')).status).toBe(201);
  expect((await served.post('b')).status).toBe(412);
  expect(changes).toEqual(['prepared a']);
});

it('answers 503 and decides nothing when the steps cannot prepare the command', async () => {
  const { post, given } = await serveSteps({ prepare: async () => 'unavailable' });
  expect(await post('a')).toMatchObject({ status: 503, body: { detail: 'The command was not done' } });
  expect(given).toEqual([]);
});

it('answers with the position of the log when another process had taken the steps', async () => {
  const { post } = await serveSteps({ settle: async () => settled(undefined) });
  expect((await post('a')).headers.get('Event-Position')).toBe('900');
});

it('answers with the outcome of the command when it has no further steps', async () => {
  const { post } = await serveSteps({ settle: async () => ({ kind: 'as-decided' }) });
  const { status, headers, body } = await post('a');
  expect({ status, body }).toEqual({ status: 201, body: { thingId: 'a', status: 'begun' } });
  expect(headers.get('ETag')).toBe('"3"');
});

it('answers a refusal of a step as the refusal of the command', async () => {
  const { post } = await serveSteps({ settle: async () => ({ kind: 'refused', refusal: { refused: 'no-thing' } }) });
  expect(await post('a')).toMatchObject({ status: 409, body: { type: '/problems/no-thing' } });
});

it('does not decide a command that the check refuses', async () => {
  const { post, given } = await serveSteps({ check: async () => ({ refused: 'no-thing' }) });
  expect(await post('a')).toMatchObject({ status: 409 });
  expect(given).toEqual([]);
});

it('does not decide a command when the outcome of the check is unknown', async () => {
  const { post, given } = await serveSteps({ check: async () => 'unavailable' });
  expect(await post('a')).toMatchObject({ status: 503, body: { type: '/problems/event-store-unavailable' } });
  expect(given).toEqual([]);
});

it('answers a refusal with the path of the resource that is in the way', async () => {
  const { post } = await serveSteps({ check: async () => ({ refused: 'no-thing', existing: '/things/b' }) });
  expect(await post('a')).toMatchObject({ status: 409, body: { existing: '/things/b' } });
});

it('answers 202 with the location when the steps take longer, and continues them', async () => {
  let finish = (_: Settled) => {};
  const steps = new Promise<Settled>((resolve) => {
    finish = resolve;
  });
  const { post } = await serveSteps({ settle: () => steps, settleWithin: 20 });
  const { status, headers, body } = await post('a');
  expect({ status, body }).toEqual({ status: 202, body: { thingId: 'a', status: 'begun' } });
  expect([headers.get('Location'), headers.get('Event-Position')]).toEqual(['/things/a', '100']);
  finish(settled(undefined));
});

it('answers 202 when the outcome of the steps is unknown', async () => {
  const unknown = await serveSteps({ settle: async () => ({ kind: 'later' }) });
  expect((await unknown.post('a')).status).toBe(202);
  const thrown = await serveSteps({ settle: () => Promise.reject(new Error('lost')) });
  expect((await thrown.post('a')).status).toBe(202);
  expect(thrown.errors).toHaveLength(1);
});

it('answers 503 when the outcome is unknown and the command may not take longer', async () => {
  const { open } = await serveSteps({ settle: async () => ({ kind: 'later' }) });
  expect(await open('a')).toMatchObject({ status: 503, body: { type: '/problems/event-store-unavailable' } });
});

it('handles no more commands at a time than the limit', async () => {
  let begun = () => {};
  let finish = (_: Settled) => {};
  const isBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const steps = new Promise<Settled>((resolve) => {
    finish = resolve;
  });
  const { post } = await serveSteps({
    limit: { most: 1, refusal: { refused: 'not-now' } },
    settle() {
      begun();
      return steps;
    },
  });
  const first = post('a');
  await isBegun;
  const second = await post('b');
  expect(second.status).toBe(503);
  expect(second.headers.get('Retry-After')).toBe('7');
  finish(settled(at(200n)));
  expect((await first).status).toBe(201);
  expect((await post('c')).status).toBe(201);
});
