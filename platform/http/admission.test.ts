import type { Request, Response } from 'express';
import { expect, it } from 'vitest';
import { admission } from './admission.ts';
import { nameClient, rememberClient } from './client.ts';

const remember = rememberClient(0);

/** Does something as a request of a client. */
const as = (client: string, act: () => void): void => {
  remember({ headers: {}, socket: {} } as Request, {} as Response, () => {
    nameClient(client);
    act();
  });
};

/** Admits work that ends when it is told to. */
const deskOf = (running: number, waiting: number) => {
  const admit = admission(running, waiting);
  const begun: string[] = [];
  const refused: string[] = [];
  const ends: (() => void)[] = [];
  return {
    begun,
    refused,
    send: (client: string, name: string) =>
      as(client, () => {
        const work = () => {
          begun.push(name);
          return new Promise<void>((end) => ends.push(end));
        };
        admit(work).catch(({ problem }) => refused.push(`${name} ${problem.type}`));
      }),
    async end() {
      ends.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
};

it('lets clients take turns, however much one of them sends', async () => {
  const { send, end, begun } = deskOf(1, 10);
  for (const name of ['a1', 'a2', 'a3', 'a4']) send('a', name);
  send('b', 'b1');
  for (const _each of begun.concat('', '', '', '')) await end();
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'a4']);
});

it('refuses the newest work of the client that has the most, when too much waits', async () => {
  const { send, refused, begun, end } = deskOf(1, 2);
  for (const name of ['a1', 'a2', 'a3', 'a4']) send('a', name);
  send('b', 'b1');
  await new Promise((resolve) => setImmediate(resolve));
  expect(refused).toEqual(['a4 /problems/overloaded', 'a3 /problems/overloaded']);
  for (const _each of ['a1', 'a2', 'b1']) await end();
  expect(begun).toEqual(['a1', 'a2', 'b1']);
});

it('gives room back when work fails', async () => {
  const admit = admission(1);
  await expect(admit(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  await expect(admit(async () => 1)).resolves.toBe(1);
});
