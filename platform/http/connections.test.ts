import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { oneAtATime } from './connections.ts';

/** Serves a listener behind {@link oneAtATime} and opens connections to it. */
const serve = async (listener: RequestListener, stalledAfter?: number) => {
  const server = createServer(oneAtATime(listener, stalledAfter));
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (text: string) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(text));
    sockets.push(socket);
    const client = { socket, received: '', isClosed: false };
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      client.received += part;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      client.isClosed = true;
    });
    return client;
  };
};

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

it('answers the pipelined requests of a connection one at a time, in order', async () => {
  const open: { path: string; res: ServerResponse }[] = [];
  const client = await serve((req, res) => open.push({ path: req.url ?? '', res }));
  const { length } = [client(`${get('/a')}${get('/b')}${get('/c')}`), client(get('/other'))];
  await expect.poll(() => open.map(({ path }) => path).sort()).toEqual(['/a', '/other']);
  for (const path of ['/b', '/c']) {
    open.find(({ res, path: at }) => at !== '/other' && !res.writableEnded)!.res.end(path);
    await expect.poll(() => open.at(-1)?.path).toBe(path);
  }
  expect(open).toHaveLength(length + 2);
});

it('reads the body of a pipelined request when its turn comes', async () => {
  const bodies: string[] = [];
  const client = await serve(async (req, res) => {
    let body = '';
    for await (const part of req) body += part;
    bodies.push(body);
    res.end();
  });
  const post = (body: string) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const large = 'x'.repeat(200_000);
  client(`${get('/')}${post('first')}${post(large)}${post('last')}`);
  await expect.poll(() => bodies.map(({ length }) => length)).toEqual([0, 5, large.length, 4]);
});

it('disconnects a client that pipelines more than 100 requests', async () => {
  let answered = 0;
  const client = await serve(() => {
    answered += 1;
  });
  const greedy = client(get('/').repeat(1_000));
  await expect.poll(() => greedy.isClosed).toBe(true);
  expect(answered).toBe(1);
});

it('disconnects a client that stops reading, and no other', async () => {
  const page = Buffer.alloc(8 * 1024 * 1024);
  const client = await serve((req, res) => {
    if (req.url === '/later') setTimeout(() => res.end('late'), 600);
    else res.end(page);
  }, 200);
  const stalled = client(get('/page'));
  stalled.socket.pause();
  const reading = client(get('/page'));
  const waiting = client(get('/later'));
  await expect.poll(() => reading.received.length).toBeGreaterThan(page.length);
  await expect.poll(() => waiting.received).toMatch(/late/);
  // A paused socket notices the end only when it reads again.
  stalled.socket.resume();
  await expect.poll(() => stalled.isClosed).toBe(true);
  expect(stalled.received.length).toBeLessThan(page.length);
  expect([reading.isClosed, waiting.isClosed]).toEqual([false, false]);
});
