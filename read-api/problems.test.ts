import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../platform/http/app.ts';
import { contextSchemas } from '../programs/contexts.ts';
import { commonProblems } from '../schemas/kernel/problems.ts';
import { problemRoutes } from './problems.ts';

const server = createServer(createApp([problemRoutes(contextSchemas)], contextSchemas, () => {}));
let url: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const page = async (name: string) => {
  const res = await fetch(`${url}/problems/${name}`);
  return { status: res.status, type: res.headers.get('content-type'), text: await res.text() };
};

describe('the page of a problem type', () => {
  it.each([...Object.keys(commonProblems), ...contextSchemas.flatMap(({ problems }) => Object.keys(problems))])(
    '%s says when the problem happens and what to do',
    async (name) => {
      const { status, type, text } = await page(name);
      expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
      expect(text).toMatch(/<h3>When it happens<\/h3><p>[^<]{20,}<\/p>/);
      expect(text).toMatch(/<h3>What to do<\/h3><p>[^<]{20,}<\/p>/);
    },
  );

  it('names the commands that answer with it', async () => {
    const { text } = await page('lot-full');
    expect(text).toContain('No spot is free in the lot');
    expect(text).toContain('<a href="/reference#parking.ReserveParking">');
  });

  it('shows each meaning of a name that several contexts use', async () => {
    const { text } = await page('already-canceled');
    for (const title of ['The reservation is cancelled already', 'The order is cancelled already'])
      expect(text).toContain(title);
  });

  it.each(['no-such-problem', 'constructor', '%3Cscript%3E'])('%s does not exist', async (name) => {
    const { status, type } = await page(name);
    expect([status, type]).toEqual([404, 'application/problem+json']);
  });
});
