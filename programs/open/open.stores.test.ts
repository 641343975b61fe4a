import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import {
  call,
  callUnchecked,
  eventually,
  openPlaza,
  openProgram,
  temporaryData,
  viewsAreBuilt,
} from '../../tests/support/plaza.ts';

const folders: ReturnType<typeof temporaryData>[] = [];
const newFolder = (): string => {
  folders.push(temporaryData());
  return folders.at(-1)!.folder;
};
afterEach(() => {
  for (const { remove } of folders.splice(0)) remove();
});

/** Counts what keeps a process running, by its type: sockets, servers, timers, threads. */
const resources = (): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

const listeners = (): number => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

const isAsBefore = (before: Record<string, number>) => (now: Record<string, number>) =>
  Object.entries(now).every(([type, count]) => count <= (before[type] ?? 0));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Returns the bytes of the objects that are still in use. */
const heap = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

/** Opens a Plaza, gives it a command, waits for its views, and closes it. */
const useOnce = async (): Promise<void> => {
  const plaza = await openPlaza({ PLAZA_DATA: newFolder(), PLAZA_CONTEXTS: 'parking' });
  const lot = await call(plaza.url, 'POST', '/parking/lots', { lotId: '1', name: 'A', spots: 1 });
  expect(lot.status).toBe(201);
  await viewsAreBuilt(plaza.url);
  await plaza.close();
};

test('fifty Plazas, one after another, leave no handle, listener or memory behind', async () => {
  for (let round = 0; round < 10; round++) await useOnce();
  const before = { resources: resources(), listeners: listeners(), heap: heap() };
  for (let round = 0; round < 40; round++) await useOnce();
  await eventually(async () => resources(), isAsBefore(before.resources));
  expect(listeners()).toBe(before.listeners);
  // A Plaza that is open holds several megabytes.
  expect(heap() - before.heap).toBeLessThan(20e6);
});

test('two Plazas of one process know nothing of each other', async () => {
  const [one, other] = await Promise.all([
    openPlaza({ PLAZA_DATA: newFolder(), PLAZA_CONTEXTS: 'parking' }),
    openPlaza({ PLAZA_DATA: newFolder(), PLAZA_CONTEXTS: 'parking,cinema' }),
  ]);
  await Promise.all([viewsAreBuilt(one.url), viewsAreBuilt(other.url)]);
  const made = await call(one.url, 'POST', '/parking/lots', { lotId: '1', name: 'A', spots: 1 });
  const after = { 'Min-Event-Position': made.headers.get('Event-Position') ?? '', Prefer: 'wait=10' };
  expect((await call(one.url, 'GET', '/parking/lots/1', undefined, after)).status).toBe(200);
  expect((await call(other.url, 'GET', '/parking/lots/1')).status).toBe(404);
  const metrics = async (url: string) => (await fetch(`${url}/metrics`)).text();
  expect(await metrics(one.url)).toContain('plaza_events_appended_total 1\n');
  expect(await metrics(other.url)).toContain('plaza_events_appended_total 0\n');
  await one.close();
  expect((await call(other.url, 'POST', '/parking/lots', { lotId: '2', name: 'B', spots: 1 })).status).toBe(201);
  expect((await callUnchecked(other.url, 'GET', '/readyz')).status).toBe(200);
  await other.close();
});

test('what was acknowledged is there when the same folder opens again', async () => {
  const folder = newFolder();
  const first = await openPlaza({ PLAZA_DATA: folder, PLAZA_CONTEXTS: 'parking' });
  await call(first.url, 'POST', '/parking/lots', { lotId: '1', name: 'A', spots: 1 });
  await first.close();
  const second = await openPlaza({ PLAZA_DATA: folder, PLAZA_CONTEXTS: 'parking' });
  expect((await call(second.url, 'POST', '/parking/lots', { lotId: '1', name: 'B', spots: 1 })).status).toBe(409);
  await second.close();
});

test.each([
  ['the port is taken', /Can't listen on 127\.0\.0\.1:\d+: the port is taken/, { PORT: 'taken' }],
  ['the folder is in use', /is in use by another process/, { PLAZA_DATA: 'used' }],
  ['settings are wrong', /PERSONAL_KEY/, { PERSONAL_KEY: 'short' }],
  [
    'sign-in has keys and no issuer',
    /AUTH_ISSUER must be set with AUTH_JWKS/,
    { AUTH: 'on', AUTH_JWKS: 'https://id.example/keys' },
  ],
])('a Plaza that cannot open because %s says so and leaves nothing open', async (_, message, wrong) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const used = newFolder();
  const other = await openPlaza({ PLAZA_DATA: used, PLAZA_CONTEXTS: 'parking' });
  await viewsAreBuilt(other.url);
  const before = resources();
  const env: Record<string, string> = { PLAZA_DATA: newFolder(), PLAZA_CONTEXTS: 'parking', ...wrong };
  if (env.PORT === 'taken') env.PORT = String((taken.address() as AddressInfo).port);
  if (env.PLAZA_DATA === 'used') env.PLAZA_DATA = used;
  await expect(openPlaza(env)).rejects.toThrow(message);
  await eventually(async () => resources(), isAsBefore(before));
  expect((await callUnchecked(other.url, 'GET', '/readyz')).status).toBe(200);
  await other.close();
  await new Promise((resolve) => taken.close(resolve));
});

test('a separate program that lacks a setting says which', async () => {
  await expect(openProgram('write-side', {})).rejects.toThrow('EVENTSTORE_URL must be set');
});
