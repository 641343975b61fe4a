import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { type Grant, roles } from '../../schemas/access.ts';
import { type OpenApiDocument, type Operation, openApi } from '../../schemas/openapi.ts';
import { type Answer, call, eventually, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';
import { fill, isMove, needsBegun, needsFull, onceBegun, withoutSessionsAndHall } from './full.ts';
import { type Issuer, startIssuer } from './provider.ts';

/**
 * Every route, out of the OpenAPI document: callers without access are refused, and the others see only their own
 * resources. The world is made by the document's own examples, and is OWNER's. The contexts' commands have their access
 * in `endpointContract` of write-side/testing.ts; here each needs a token.
 */
const OWNER = 'OWNER';
const STRANGER = 'STRANGER';

const document: OpenApiDocument = JSON.parse(JSON.stringify(openApi(contextSchemas, '1.0.0')));
type Access = Record<string, Grant>;
type Route = { method: string; path: string; operation: Operation; access: Access; isCommand: boolean };

const routes: Route[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
    access: operation['x-access'] as Access,
    isCommand: operation.operationId.includes('.') && method !== 'get',
  })),
);
const closed = routes.filter(({ access }) => access.anyone !== 'all');
const withoutCommands = closed.filter(({ isCommand }) => !isCommand);
const named = (chosen: readonly Route[]) =>
  chosen.map((route): [string, Route] => [`${route.method} ${route.path}`, route]);

/** Ids that must match where the examples do not. */
const TOGETHER: Record<string, string> = {
  reservationId: 'r-1',
  couponId: 'lot-1.r-1',
  fromSlotId: 'slot-1',
  token: 'approve',
};
const OWNERS = new Set(['customerId', 'userId', 'managerId']);

const filled = (name: string, example: unknown, owner: string): unknown =>
  OWNERS.has(name) ? owner : (TOGETHER[name] ?? example);

const withOwner = (example: unknown, owner: string): unknown => {
  if (Array.isArray(example)) return example.map((one) => withOwner(one, owner));
  if (typeof example !== 'object' || example === null) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, one]) => [name, filled(name, withOwner(one, owner), owner)]),
  );
};

/** Returns a request from the document's examples. @param owner of the addressed resources */
const requestOf = ({ path, operation }: Route, owner: string) => {
  const examples = new Map(
    operation.parameters.flatMap((one) => ('in' in one && one.in === 'path' ? [[one.name, one.example]] : [])) as [
      string,
      unknown,
    ][],
  );
  const target = path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(String(filled(name, examples.get(name), owner))),
  );
  const example = operation.requestBody?.content['application/json']?.example;
  return { target, body: example === undefined ? undefined : withoutSessionsAndHall(withOwner(example, owner)) };
};

const data = temporaryData();
let issuer: Issuer;
let plaza: Plaza;

beforeAll(async () => {
  issuer = await startIssuer();
  plaza = await openPlaza({
    PLAZA_DATA: data.folder,
    AUTH: 'on',
    PAYMENT_URL: 'sandbox',
    AUTH_ISSUER: issuer.url,
    COMMAND_TIMEOUT_MS: '20000',
  });
  // Creates every resource, parents first, a menu before its orders, and a waiting list and a review last.
  const makers = routes
    .filter(
      ({ isCommand, method, path, operation }) =>
        isCommand &&
        ((method === 'PUT' && (path.includes('/menu/') || path.endsWith('/contact'))) || '201' in operation.responses),
    )
    .toSorted((a, b) => depth(a) - depth(b));
  const admin = { sub: 'ADMIN', roles: ['admin'] };
  for (const maker of makers) {
    if (needsFull(maker)) {
      const { target } = requestOf(maker, OWNER);
      const headers = { Authorization: `Bearer ${await issuer.token(admin)}` };
      await fill((body) => call(plaza.url, 'POST', target.replace(/waiting-list$/, 'holds'), body, headers));
    }
    // A policy gives points after the report of a bike.
    const make = () =>
      eventually(
        () => ask(maker, admin, OWNER),
        ({ body }) => body?.type !== '/problems/not-enough-points',
      );
    const move = async (body: object) => {
      const { target } = requestOf(routes.find(isMove)!, OWNER);
      const headers = { Authorization: `Bearer ${await issuer.token(admin)}` };
      return call(plaza.url, 'PATCH', target, body, headers);
    };
    const made = await (needsBegun(maker) ? onceBegun(move, make) : make());
    expect(made.status, `${maker.method} ${maker.path}: ${JSON.stringify(made.body)}`).toBeLessThan(300);
  }
});
afterAll(async () => {
  await plaza.close();
  issuer.stop();
  data.remove();
});

const depth = ({ method, path }: Route): number =>
  path.split('/').length +
  (path.includes('/menu/') ? -1.5 : 0) +
  (needsFull({ method, path }) || needsBegun({ method, path }) ? 0.5 : 0);

type Who = { sub: string; roles: readonly string[] } | undefined;

const ask = async (route: Route, who: Who, owner: string, query = ''): Promise<Answer> => {
  const { target, body } = requestOf(route, owner);
  const headers: Record<string, string> = who ? { Authorization: `Bearer ${await issuer.token(who)}` } : {};
  if (!route.path.endsWith('/events')) return call(plaza.url, route.method, target + query, body, headers);
  const stream = await fetch(plaza.url + target, { headers });
  if (!stream.ok)
    return { status: stream.status, headers: stream.headers, body: (await stream.json()) as Answer['body'] };
  await stream.body?.cancel();
  return { status: stream.status, headers: stream.headers, body: {} };
};

describe('a closed route', () => {
  test.each(named(closed))('%s needs a token', async (_, route) => {
    const answer = await ask(route, undefined, OWNER);
    expect(answer).toMatchObject({ status: 401, body: { type: '/problems/unauthenticated' } });
    expect(answer.headers.get('WWW-Authenticate')).toBe('Bearer realm="plaza"');
  });

  test.each(named(withoutCommands))(
    '%s refuses every role that is not named for it, and a token without one',
    async (_, route) => {
      const strangers = roles.filter((role) => !(role in route.access));
      for (const held of [[], ...strangers.map((role) => [role])]) {
        const answer = await ask(route, { sub: OWNER, roles: held }, OWNER);
        expect(answer, String(held)).toMatchObject({ status: 403, body: { type: '/problems/forbidden' } });
      }
    },
  );
});

test.each(named(routes.filter(({ access }) => access.anyone === 'all')))('%s is open', async (_, route) => {
  const { target } = requestOf(route, OWNER);
  expect((await fetch(plaza.url + target)).status).not.toBe(401);
});

/** Routes with access to own resources only, with each such role. */
const own = withoutCommands.flatMap((route) =>
  Object.entries(route.access).flatMap(([role, grant]): [string, Route, string, string][] =>
    typeof grant === 'string' ? [] : [[`${route.method} ${route.path} as ${role}`, route, role, grant.own]],
  ),
);
/** A shop's token has the shop's id in the examples as its subject. */
const ownerOf = (field: string): string => (field === 'shopId' ? 'shop-1' : OWNER);

test('every context has such routes', () => {
  expect(own.length).toBeGreaterThan(40);
  expect(own.filter(([, { method }]) => method !== 'GET')).toEqual([]);
});

test.each(own)('another owner’s resource is not shown by %s', async (_, route, role, field) => {
  const stranger = { sub: STRANGER, roles: [role] };
  const answer = await ask(route, stranger, OWNER);
  if (answer.status === 200) {
    expect(answer.body).toEqual({ items: [] });
    const other = await ask(route, stranger, OWNER, `?${field}=${ownerOf(field)}`);
    expect(other).toMatchObject({ status: 403, body: { type: '/problems/forbidden' } });
  } else {
    expect([
      [403, '/problems/forbidden'],
      [404, '/problems/not-found'],
    ]).toContainEqual([answer.status, answer.body.type]);
  }
});

test.each(own)('the caller’s own resource is shown by %s', async (_, route, role, field) => {
  const owner = { sub: ownerOf(field), roles: [role] };
  const answer = await eventually(
    () => ask(route, owner, OWNER),
    ({ status }) => status === 200,
  );
  const items = answer.body.items as Record<string, unknown>[] | undefined;
  for (const item of items ?? []) if (field in item) expect(item[field]).toBe(owner.sub);
});

test('events name the actor', async () => {
  const bearer = async (who: { sub: string; roles: string[] }) => ({
    Authorization: `Bearer ${await issuer.token(who)}`,
  });
  const [admin, owner] = [
    await bearer({ sub: 'ADMIN', roles: ['admin'] }),
    await bearer({ sub: OWNER, roles: ['customer'] }),
  ];
  const path = '/parking/lots/lot-1/reservations/r-1';
  expect((await call(plaza.url, 'DELETE', path, undefined, owner)).status).toBe(200);
  const shown = await eventually(
    () =>
      call<{ items: { type: string; actor: string }[] }>(
        plaza.url,
        'GET',
        `${path}/history?limit=200`,
        undefined,
        admin,
      ),
    ({ body }) => body.items?.some(({ type }) => type === 'ReservationCanceled'),
  );
  const actors = shown.body.items.map(({ type, actor }) => `${type} ${actor}`);
  expect(actors).toContain('ParkingReserved ADMIN');
  expect(actors).toContain(`ReservationCanceled ${OWNER}`);
});
