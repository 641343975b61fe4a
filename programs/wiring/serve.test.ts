import { Agent, get } from 'node:http';
import { describe, expect, test } from 'vitest';
import { serve } from './serve.ts';

const agent = new Agent({ keepAlive: true });

const ask = (url: string) =>
  new Promise<string | undefined>((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.headers.connection));
    }).once('error', reject);
  });

test('a draining server answers and closes each connection after its answer; then it accepts no connection', async () => {
  const serving = await serve({ HOST: '127.0.0.1', AUTH: 'off' }, 0);
  serving.handle((_req, res) => res.end('done'));
  expect(await ask(serving.url)).toBe('keep-alive');
  let isOver = false;
  const draining = serving.drain(300).then(() => {
    isOver = true;
  });
  let answers = 0;
  while (!isOver) {
    expect(await ask(serving.url)).toBe('close');
    answers += 1;
  }
  expect(answers).toBeGreaterThan(1);
  await draining;
  await serving.close();
  await expect(ask(serving.url)).rejects.toThrow('ECONNREFUSED');
});

test('a kept-alive connection whose last answer began before the end does not delay it', async () => {
  const serving = await serve({ HOST: '127.0.0.1', AUTH: 'off' }, 0);
  const { promise: asked, resolve: arrived } = Promise.withResolvers<() => void>();
  serving.handle((_req, res) => {
    res.writeHead(200, { Connection: 'keep-alive' });
    arrived(() => res.end('done'));
  });
  const answer = ask(serving.url);
  const finish = await asked;
  const closed = serving.close();
  finish();
  expect(await answer).toBe('keep-alive');
  await closed;
});

describe('a request for another host (DNS rebinding)', () => {
  const askFor = (url: string, host: string) =>
    new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      get(url, { headers: { host } }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text) => {
          body += text;
        });
        response.once('end', () => resolve({ status: response.statusCode, body }));
      }).once('error', reject);
    });
  const withServer = async (settings: Parameters<typeof serve>[0], check: (url: string) => Promise<void>) => {
    const serving = await serve(settings, 0);
    serving.handle((_req, res) => res.end('done'));
    await check(serving.url.replace('0.0.0.0', '127.0.0.1'));
    await serving.close();
  };

  test('is refused on loopback without sign-in', () =>
    withServer({ HOST: '127.0.0.1', AUTH: 'off' }, async (url) => {
      for (const host of ['evil.example', 'evil.example:8088', 'localhost.evil.example', '127.0.0.1.evil.example']) {
        const { status, body } = await askFor(url, host);
        expect(status, host).toBe(421);
        expect(JSON.parse(body)).toMatchObject({ type: '/problems/misdirected-request', status: 421 });
      }
      for (const host of ['localhost', 'LOCALHOST:8088', '127.0.0.1:1', '[::1]', '[::1]:8088'])
        expect(await askFor(url, host), host).toEqual({ status: 200, body: 'done' });
    }));

  test.each([
    ['with sign-in', { HOST: '127.0.0.1', AUTH: 'on' }],
    ['at an address that others can reach', { HOST: '0.0.0.0', AUTH: 'off' }],
  ] as const)('is answered %s', (_, settings) =>
    withServer(settings, async (url) => {
      expect((await askFor(url, 'plaza.example')).status).toBe(200);
    }),
  );
});
