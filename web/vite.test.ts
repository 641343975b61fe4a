import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ViteDevServer } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

let server: ViteDevServer;
let url: string;

beforeAll(async () => {
  const { createServer } = await import('vite');
  server = await createServer({
    configFile: join(import.meta.dirname, 'vite.config.ts'),
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { port: 0, ws: false, watch: null },
  });
  await server.listen();
  url = `http://localhost:${(server.httpServer!.address() as AddressInfo).port}`;
});
afterAll(() => server?.close());

const read = async (path: string, accept: string): Promise<string> =>
  (await fetch(url + path, { headers: { accept } })).text();

test.each([['/'], ['/board'], ['/signed-in'], ['/view/parking/lots/1?sort=name']])(
  'the development server answers %s with the control centre',
  async (path) => {
    expect(await read(path, 'text/html,*/*')).toContain('/staff/main.tsx');
  },
);

test.each([['/app'], ['/app/parking/1']])(
  'the development server answers %s with the page for customers',
  async (path) => {
    expect(await read(path, 'text/html,*/*')).toContain('/app/main.tsx');
  },
);

test('the development server answers the sources of the pages', async () => {
  expect(await read('/staff/main.tsx', '*/*')).toContain('render(');
});
