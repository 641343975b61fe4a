import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../platform/http/app.ts';
import type { SignIn } from '../platform/identity/system.ts';
import { pageRoutes } from './page.ts';

/** The page as a build leaves it, served. @param files by name */
const servePage = async (files: Readonly<Record<string, string>>, signIn?: SignIn) => {
  const folder = await mkdtemp(join(tmpdir(), 'plaza-page-'));
  for (const name of ['assets', 'staff', 'app']) await mkdir(join(folder, name));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const server = createServer(createApp([pageRoutes(signIn, folder)], [], () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(base + path, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
};

const built = {
  'staff/index.html': '<!doctype html>the page',
  'app/index.html': '<!doctype html>the page for customers',
  'app/worker.js': 'the service worker',
  'app/manifest.webmanifest': '{}',
  'assets/index-Ab1.js': 'the script',
  'assets/font-Ab1.woff2': 'the font',
};

test.each(['/', '/board', '/signed-in', '/view/parking/lots/1', '/view/what/there/is/not'])(
  '%s is the page',
  async (path) => {
    const get = await servePage(built);
    const { status, headers, text } = await get(path);
    expect([status, text]).toEqual([200, built['staff/index.html']]);
    expect(headers.get('Content-Type')).toBe('text/html; charset=utf-8');
    expect(headers.get('Cache-Control')).toBe('no-cache');
    const policy = headers.get('Content-Security-Policy');
    expect(policy).toContain("default-src 'self'; connect-src 'self';");
    expect(policy).not.toMatch(/unsafe|data:|\*/);
  },
);

test.each(['/app', '/app/', '/app/parking/1'])('%s is the page for customers', async (path) => {
  const get = await servePage(built);
  const { status, text } = await get(path);
  expect([status, text]).toEqual([200, built['app/index.html']]);
});

test.each([
  ['worker.js', 'text/javascript; charset=utf-8'],
  ['manifest.webmanifest', 'application/manifest+json'],
] as const)('/app/%s is asked for each time, and a service worker there may serve /app', async (name, type) => {
  const get = await servePage(built);
  const { status, headers, text } = await get(`/app/${name}`);
  expect([status, text, headers.get('Content-Type')]).toEqual([200, built[`app/${name}`], type]);
  expect(headers.get('Cache-Control')).toBe('no-cache');
  expect(headers.get('Service-Worker-Allowed')).toBe('/app');
});

test.each([
  ['https://login.example/realms/plaza', "connect-src 'self' https://login.example;"],
  [null, "connect-src 'self';"],
])('with %s as the provider it may ask nobody but that', async (issuer, sources) => {
  const get = await servePage(built, { signIn: 'on', issuer, clientId: 'page', audience: 'plaza' });
  expect((await get('/')).headers.get('Content-Security-Policy')).toContain(sources);
});

test('an asset is cached permanently', async () => {
  const get = await servePage(built);
  const { headers, text } = await get('/assets/index-Ab1.js');
  expect(text).toBe('the script');
  expect(headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable');
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
});

test.each(['/assets/index-Ab2.js', '/assets/..%2Findex.html', '/assets/.sources', '/elsewhere'])(
  '%s does not exist',
  async (path) => {
    const get = await servePage({ ...built, '.sources': 'secret' });
    expect((await get(path)).status).toBe(404);
  },
);

test('a page that is not built answers with the command that builds it', async () => {
  const get = await servePage({});
  const { status, text } = await get('/');
  expect(status).toBe(404);
  expect(JSON.parse(text).detail).toBe('The page is not built: npm run build');
});
