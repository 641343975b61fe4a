import { Agent, get } from 'node:http';
import { expect, test } from 'vitest';
import { serve } from './serve.ts';

const agent = new Agent({ keepAlive: true });

const ask = (url: string) =>
  new Promise<string | undefined>((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume().once('end', () => resolve(response.headers.connection));
    }).once('error', reject);
  });

test('while it drains a server answers, and ends each connection with its answer; then nobody is let in', async () => {
  const serving = await serve('127.0.0.1', 0);
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

test('a kept-alive connection whose last answer was begun before the end does not hold it up', async () => {
  const serving = await serve('127.0.0.1', 0);
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
