import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { localRoles, type Role } from '../../schemas/access.ts';
import { SEARCH } from '../../schemas/kernel/found.ts';
import { type OpenApiDocument, type Operation, openApi } from '../../schemas/openapi.ts';
import { type Answer, callUnchecked, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import { fill, isMove, needsBegun, needsFull, onceBegun, withoutSessionsAndHall } from './full.ts';
import { type Issuer, startIssuer } from './provider.ts';

/**
 * Two worlds, made by the examples of the OpenAPI document: every id, customer, hospital and place of them bears the
 * world's name. A token whose scope is a part of the first world must find no trace of the second one on any route.
 */
const MINE = 'worlda';
const OTHER = 'worldb';

const document: OpenApiDocument = JSON.parse(JSON.stringify(openApi(contextSchemas, '1.0.0')));
type Route = { method: string; path: string; operation: Operation; isOpen: boolean; isCommand: boolean };

const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    isOpen: (operation['x-access'] as Record<string, unknown>).anyone === 'all',
    isCommand: operation.operationId.includes('.') && method !== 'get',
  })),
);
const closedQueries = routes.filter(
  ({ method, isOpen, path }) => method === 'GET' && !isOpen && !path.endsWith('/events'),
);
const commands = routes.filter(({ isCommand }) => isCommand);

const TEXTS = new Set(['hospitalName', 'location']);
const named = (name: string, example: unknown, world: string): unknown => {
  if (name === 'couponId') return `${world}-lotId.${world}-reservationId`;
  if (name === 'parkedId' || name === 'view' || name === 'eventId') return example;
  if (name === 'token') return 'approve';
  if (TEXTS.has(name)) return `${world} 곳`;
  return name.endsWith('Id') ? `${world}-${name}` : example;
};

const inWorld = (example: unknown, world: string): unknown => {
  if (Array.isArray(example)) return example.map((one) => inWorld(one, world));
  if (typeof example !== 'object' || example === null) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, one]) => [name, named(name, inWorld(one, world), world)]),
  );
};

const data = temporaryData();
let issuer: Issuer;
/** An event of each context and world that names a part of its context. */
let eventIds: string[] = [];
let plaza: Plaza;

type Who = { roles: readonly Role[]; scope?: readonly string[]; sub?: string };

const HOUR = 60 * 60;
/**
 * The token of each caller: signing one for each of thousands of requests, and checking it, takes longer than these do.
 */
const tokens = new Map<string, Promise<string>>();
const bearer = async ({ roles, scope, sub = 'someone' }: Who) => {
  const key = JSON.stringify([roles, scope, sub]);
  const claims = scope ? { claims: { plaza_scope: scope } } : {};
  const token = tokens.get(key) ?? issuer.token({ sub, roles, expiresIn: HOUR, ...claims });
  tokens.set(key, token);
  return { Authorization: `Bearer ${await token}` };
};

const targetOf = ({ path, operation }: Route, world: string): string => {
  const examples = new Map(
    operation.parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [[one.name, one.example]] : [])) as [
      string,
      unknown,
    ][],
  );
  return path.replaceAll(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(named(name, examples.get(name), world))));
};

const holdsOf = ({ path }: Route): string => path.replace(/waiting-list$/, 'holds');

const ask = async (route: Route, who: Who, world: string): Promise<Answer> => {
  const { method, operation } = route;
  const example = operation.requestBody?.content['application/json']?.example;
  const body = example === undefined ? undefined : withoutSessionsAndHall(inWorld(example, world));
  const target = route.path === SEARCH ? `${SEARCH}?q=${world}` : targetOf(route, world);
  return callUnchecked(plaza.url, method, target, body, await bearer(who));
};

const ADMIN: Who = { roles: ['admin'], sub: 'maker' };
const depth = ({ method, path }: Route): number =>
  path.split('/').length +
  (path.includes('/menu/') ? -1.5 : 0) +
  (needsFull({ method, path }) || needsBegun({ method, path }) ? 0.5 : 0);

/** Reads the events of every context from the first one on, as a token's reader, until one satisfies a test. */
const eventsUntil = async (who: Who, isLast: (event: { type: string; data: object }) => boolean) => {
  const leave = new AbortController();
  const response = await fetch(`${plaza.url}/control-center/events?after=-1`, {
    headers: await bearer(who),
    signal: leave.signal,
  });
  expect(response.status).toBe(200);
  const events: { context: string; eventId: string; type: string; data: object }[] = [];
  const parser = createParser({ onEvent: ({ data: text }) => events.push(JSON.parse(text)) });
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    parser.feed(chunk);
    if (events.some(isLast)) break;
  }
  leave.abort();
  return events;
};

beforeAll(async () => {
  issuer = await startIssuer();
  plaza = await openPlaza({
    PLAZA_DATA: data.folder,
    AUTH: 'on',
    AUTH_ISSUER: issuer.url,
    PAYMENT_URL: 'sandbox',
    COMMAND_TIMEOUT_MS: '20000',
    QUERY_TIMEOUT_MS: '20000',
  });
  const makers = commands
    .filter(
      ({ method, path, operation }) => (method === 'PUT' && path.includes('/menu/')) || '201' in operation.responses,
    )
    .toSorted((a, b) => depth(a) - depth(b));
  for (const world of [OTHER, MINE]) {
    for (const maker of makers) {
      if (needsFull(maker)) {
        const holds = commands.find(({ method, path }) => method === 'POST' && path === holdsOf(maker))!;
        const target = targetOf(holds, world);
        await fill(async (body) => callUnchecked(plaza.url, 'POST', target, body, await bearer(ADMIN)));
      }
      const make = () => ask(maker, ADMIN, world);
      const move = async (body: object) =>
        callUnchecked(plaza.url, 'PATCH', targetOf(routes.find(isMove)!, world), body, await bearer(ADMIN));
      // A policy awards the points that a conversion takes.
      const onceAwarded = () => eventually(make, ({ body }) => body.type !== '/problems/not-enough-points');
      const made = await (needsBegun(maker) ? onceBegun(move, make) : onceAwarded());
      expect(made.status, `${maker.method} ${maker.path}: ${JSON.stringify(made.body)}`).toBeLessThan(300);
    }
  }
  // Waits for both worlds in the views, including the events of their policies.
  const coupon = routes.find(({ method, path }) => method === 'GET' && path === '/parking/coupons/{couponId}')!;
  for (const world of [OTHER, MINE]) {
    await eventually(
      () => ask(coupon, ADMIN, world),
      ({ status }) => status === 200,
    );
  }
  const coupons = new Set<unknown>();
  const seen = await eventsUntil(ADMIN, ({ type, data }) => {
    if (type === 'CouponIssued') coupons.add((data as { lotId?: string }).lotId);
    return coupons.size === 2;
  });
  const worldOf = ({ data }: (typeof seen)[number]) => (JSON.stringify(data).includes(OTHER) ? OTHER : MINE);
  const isScoped = ({ context, data }: (typeof seen)[number]) => {
    const { scope } = contextSchemas.find(({ name }) => name === context) ?? {};
    return scope !== undefined && Object.hasOwn(data, scope.field);
  };
  const scoped = seen.filter(isScoped).map((event) => [`${worldOf(event)} ${event.context}`, event.eventId] as const);
  eventIds = [...new Map(scoped).values()];
});
afterAll(async () => {
  await plaza.close();
  issuer.stop();
  data.remove();
});

const text = ({ body }: Answer): string => JSON.stringify(body);

const parts = contextSchemas.flatMap(({ name, scope }): [string, string][] => {
  if (!scope) return [];
  const value = TEXTS.has(scope.field) ? `${MINE} 곳` : `${MINE}-${scope.field}`;
  return [[name, `${name}:${scope.kind}:${value}`]];
});

const limited: [string, Who, string][] = [
  ...(['staff', 'admin', 'shop', 'manager'] as const).flatMap((role) =>
    parts.map(([context, part]): [string, Who, string] => [
      `${role} of ${part}`,
      { roles: [role], scope: [part] },
      context,
    ]),
  ),
  ['shop without a scope', { roles: ['shop'], sub: `${MINE}-shopId` }, 'food-court'],
];

describe.each(limited)('%s', (_, who, context) => {
  const contextOf = ({ path }: Route) => path.split('/')[1];

  test('finds no trace of the other world on any route', async () => {
    for (const route of closedQueries) {
      for (const world of [MINE, OTHER]) {
        const answer = await ask(route, who, world);
        const about = `${route.path} in ${world}: ${answer.status} ${text(answer)}`;
        expect([200, 403, 404], about).toContain(answer.status);
        expect(text(answer), about).not.toContain(OTHER);
        const isElsewhere = contextSchemas.some(({ name }) => name === contextOf(route) && name !== context);
        if (isElsewhere) expect([403, 404], about).toContain(answer.status);
      }
    }
  });

  test('finds the things of its scope', async () => {
    const answer = await callUnchecked<{ items: { context: string; path: string }[] }>(
      plaza.url,
      'GET',
      `${SEARCH}?q=${MINE}`,
      undefined,
      await bearer(who),
    );
    expect(answer.body.items.length).toBeGreaterThan(0);
    expect(new Set(answer.body.items.map((found) => found.context))).toEqual(new Set([context]));
    for (const { path } of answer.body.items) expect(path).toContain(MINE);
  });

  test('finds no trace of the other world in the causes of an event', async () => {
    let found = 0;
    for (const eventId of eventIds) {
      const answer = await callUnchecked(plaza.url, 'GET', `/history/${eventId}/causes`, undefined, await bearer(who));
      expect([200, 404]).toContain(answer.status);
      expect(text(answer)).not.toContain(OTHER);
      if (answer.status === 200) found += 1;
    }
    expect([eventIds.length > found, found > 0]).toEqual([true, true]);
  });

  test('reads a control centre with only its scope', async () => {
    const center = await callUnchecked<{
      contexts: Record<string, unknown>;
      events: { context: string }[];
      projections: { name: string }[];
    }>(plaza.url, 'GET', '/control-center', undefined, await bearer(who));
    expect(center.status).toBe(200);
    for (const [name, part] of Object.entries(center.body.contexts)) {
      if (name === context) expect(JSON.stringify(part)).toContain(MINE);
      else expect(part, name).toBeNull();
    }
    expect(center.body.events.length).toBeGreaterThan(0);
    expect(new Set(center.body.events.map((event) => event.context))).toEqual(new Set([context]));
    for (const { name } of center.body.projections) expect(name).toMatch(new RegExp(`(^|:)${context}\\.`));
    const activity = await callUnchecked(plaza.url, 'GET', '/control-center/activity', undefined, await bearer(who));
    expect(Object.values(activity.body.contexts as object)).toEqual(contextSchemas.map(() => null));
  });

  test('follows only the events of its scope, from the first one on', async () => {
    const center = await callUnchecked<{ events: { position: string; data: object }[] }>(
      plaza.url,
      'GET',
      '/control-center',
      undefined,
      await bearer(who),
    );
    const [latest] = center.body.events;
    const events = await eventsUntil(who, (event) => (event as { position?: string }).position === latest?.position);
    expect(events.length).toBeGreaterThan(0);
    expect(new Set(events.map((event) => event.context))).toEqual(new Set([context]));
    expect(JSON.stringify(events)).not.toContain(OTHER);
  });
});

describe('a whole context as the scope', () => {
  test.each(contextSchemas.map(({ name }): [string] => [name]))(
    '%s shows this context, and no other one',
    async (name) => {
      const who: Who = { roles: ['staff'], scope: [name] };
      const { body } = await callUnchecked<{ contexts: Record<string, unknown> }>(
        plaza.url,
        'GET',
        '/control-center',
        undefined,
        await bearer(who),
      );
      for (const [other, part] of Object.entries(body.contexts)) {
        if (other !== name) expect(part).toBeNull();
        else if (name === 'customers')
          expect(part).not.toBeNull(); // It shows only messages that failed.
        else expect(JSON.stringify(part)).toContain(OTHER);
      }
    },
  );
});

test('without a scope, staff see both worlds', async () => {
  const seen = await Promise.all(
    closedQueries.map(async (route) => text(await ask(route, { roles: ['staff'] }, OTHER))),
  );
  expect(seen.filter((one) => one.includes(OTHER)).length).toBeGreaterThan(20);
});

test('a shop may change its own shop by its scope, and a station’s staff its own bikes', async () => {
  const accept = commands.find(({ path }) => path.endsWith('/acceptance'))!;
  const shop: Who = { roles: ['shop'], sub: 'employee-7', scope: [`food-court:shop:${MINE}-shopId`] };
  expect((await ask(accept, shop, OTHER)).status).toBe(403);
  expect((await ask(accept, shop, MINE)).status).toBe(200);
  const close = commands.find(({ method, path }) => method === 'DELETE' && path === '/screening/slots/{slotId}')!;
  const desk: Who = { roles: ['admin'], scope: [`screening:hospital:${MINE} 곳`] };
  expect((await ask(close, desk, OTHER)).status).toBe(404);
  expect((await ask(close, desk, MINE)).status).toBe(200);
});

test('a claim with only unknown entries gives no access', async () => {
  for (const scope of [[], ['casino'], ['parking:lot:'], ['parking:shop:1']] as const) {
    const who: Who = { roles: ['staff'], scope };
    const { body } = await callUnchecked(plaza.url, 'GET', '/control-center', undefined, await bearer(who));
    expect(Object.values(body.contexts as object)).toEqual(contextSchemas.map(() => null));
    expect(body.events).toEqual([]);
  }
});

test('every role with access to the control centre is either limited or deliberately unlimited', () => {
  expect([...localRoles].sort()).toEqual(['kiosk', 'manager', 'shop']);
  const named = contextSchemas.flatMap(({ name, scope }) =>
    Object.entries(scope?.roles ?? {}).map((one) => [name, ...one]),
  );
  expect(named).toEqual([
    ['food-court', 'shop', 'own'],
    ['food-court', 'kiosk', 'all'],
    ['bike-rental', 'manager', 'all'],
  ]);
});
