import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Serving, serve } from '../../programs/wiring/serve.ts';
import { call, openPlaza, type Plaza, temporaryData } from '../support/plaza.ts';

/** Sends text over a connection and waits until the server ends it. @returns the answer */
const sendSlowly = (url: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname, () => socket.write(text));
    let answered = '';
    socket.setEncoding('utf8').on('data', (part) => {
      answered += part;
    });
    socket.once('close', () => resolve(answered));
    socket.once('error', reject);
  });

describe('slow clients', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve({ HOST: '127.0.0.1', AUTH: 'on' }, 0, { headers: 300, request: 600, look: 50 });
    serving.handle((req, res) => {
      req.resume().once('end', () => res.end('done'));
    });
  });
  afterAll(() => serving.close());

  test('that never finish their headers are disconnected', async () => {
    expect(await sendSlowly(serving.url, 'GET / HTTP/1.1\r\nHost: plaza\r\nX-Slow: ')).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('that never finish their body are disconnected', async () => {
    const head = 'POST / HTTP/1.1\r\nHost: plaza\r\nContent-Length: 100\r\n\r\n';
    expect(await sendSlowly(serving.url, `${head}{"lotId":`)).toMatch(/^HTTP\/1\.1 408 /);
  });

  test('do not delay others', async () => {
    const slow = Array.from({ length: 50 }, () => sendSlowly(serving.url, 'GET / HTTP/1.1\r\n'));
    expect((await fetch(serving.url)).status).toBe(200);
    expect((await Promise.all(slow)).every((answer) => answer.startsWith('HTTP/1.1 408'))).toBe(true);
  });

  test('with too large headers are refused', async () => {
    const answer = await fetch(serving.url, { headers: { 'X-Large': 'x'.repeat(17_000) } });
    expect(answer.status).toBe(431);
  });
});

describe('the single entry', () => {
  const data = temporaryData();
  let plaza: Plaza;
  beforeAll(async () => {
    plaza = await openPlaza({
      PLAZA_DATA: data.folder,
      PLAZA_CONTEXTS: 'parking',
      RATE_LIMIT_PER_MINUTE: '5',
    });
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  test('refuses a client that sends too many requests, with documented answers', async () => {
    const answers = [];
    for (let count = 0; count < 7; count++) answers.push(await call(plaza.url, 'GET', '/sign-in'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
    const command = await call(plaza.url, 'POST', '/parking/lots', { lotId: 'l', name: '정자역', spots: 1 });
    expect(command).toMatchObject({ status: 429, body: { type: '/problems/too-many-requests' } });
    expect(command.headers.get('RateLimit')).toMatch(/r=0/);
  });
});

describe('HTML answers', () => {
  const data = temporaryData();
  let plaza: Plaza;
  beforeAll(async () => {
    plaza = await openPlaza({ PLAZA_DATA: data.folder, PLAZA_CONTEXTS: 'parking' });
  });
  afterAll(async () => {
    await plaza.close();
    data.remove();
  });

  test('run no script, allow no frame and have their declared type', async () => {
    const { headers } = await fetch(`${plaza.url}/reference`);
    expect(headers.get('Content-Security-Policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers.get('Content-Security-Policy')).not.toContain('unsafe');
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff');
    expect(headers.get('Referrer-Policy')).toBe('no-referrer');
    expect(headers.get('X-Powered-By')).toBeNull();
  });
});
