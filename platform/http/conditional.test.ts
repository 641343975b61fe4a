import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { sendTagged } from './conditional.ts';

type Answer = { status: number | undefined; headers: IncomingHttpHeaders; body: Buffer };

/** Serves a body. @returns a function that gets it without decompressing it */
const serving = async (body: string | Buffer, headers: Record<string, string>) => {
  const app = express();
  app.get('/', (req, res) => sendTagged(req, res, body, headers));
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return (sent: Record<string, string> = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      request({ host: '127.0.0.1', port, headers: sent }, async (res) => {
        const chunks = await res.toArray();
        resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) });
      })
        .once('error', reject)
        .end();
    });
};

const JSON_TYPE = { 'Content-Type': 'application/json', Vary: 'Accept' };
const large = JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ id, name: '정자역 주차장' })));
const GZIP = { 'Accept-Encoding': 'gzip, br' };

it.each([
  ['a text', large],
  ['a buffer', Buffer.from(large)],
] as const)('compresses %s that is large, for clients that accept it, under the same ETag', async (_, body) => {
  const get = await serving(body, JSON_TYPE);
  const [plain, first, second] = [await get(), await get(GZIP), await get(GZIP)];
  expect(plain.body.toString()).toBe(large);
  expect(plain.headers['content-encoding']).toBeUndefined();
  for (const { body: packed, headers } of [first, second]) {
    expect(gunzipSync(packed).toString()).toBe(large);
    expect(packed.length).toBeLessThan(large.length / 5);
    expect([headers['content-encoding'], headers['content-length'], headers.vary, headers.etag]).toEqual([
      'gzip',
      String(packed.length),
      'Accept, Accept-Encoding',
      plain.headers.etag,
    ]);
  }
  const again = await get({ ...GZIP, 'If-None-Match': first.headers.etag! });
  expect([again.status, again.headers.vary, again.body.length]).toEqual([304, 'Accept, Accept-Encoding', 0]);
});

it.each([
  ['small', '{}', 'application/json', GZIP],
  ['compressed already', large, 'font/woff2', GZIP],
  ['for a client that refuses gzip', large, 'application/json', { 'Accept-Encoding': 'gzip;q=0' }],
] as const)('sends as it is what is %s', async (_, body, type, sent) => {
  const { headers, body: received } = await (await serving(body, { 'Content-Type': type }))(sent);
  expect([headers['content-encoding'], received.toString()]).toEqual([undefined, body]);
});
