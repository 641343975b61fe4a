import { EventEmitter } from 'node:events';
import type { Request, Response } from 'express';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nameClient, rememberClient } from '../../platform/http/client.ts';
import { door } from './door.ts';

const PATIENCE = 400;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const remember = rememberClient(0);

/** A door, and the commands that came to it. */
const doorOf = () => {
  const handler = door(PATIENCE);
  const inside: { name: string; answer(status?: number): void }[] = [];
  const refused: string[] = [];
  const come = (client: string, name: string) => {
    const res = Object.assign(new EventEmitter(), {
      destroyed: false,
      headersSent: false,
      statusCode: 200,
      set: () => res,
      setHeader: () => res,
      writeHead(status: number) {
        res.statusCode = status;
        return res;
      },
      end(body: string) {
        refused.push(`${name} ${JSON.parse(body).type}`);
      },
    });
    const answer = (status = 201) => {
      Object.assign(res, { statusCode: status, headersSent: true, destroyed: true });
      res.emit('close');
    };
    const next = () => void inside.push({ name, answer });
    remember({ headers: {}, socket: {} } as Request, {} as Response, () => {
      nameClient(client);
      void handler({} as Request, res as unknown as Response, next);
    });
    return res;
  };
  const rush = (client: string, count: number) =>
    Array.from({ length: count }, (_, n) => come(client, `${client}${n + 1}`));
  /** Answers the oldest commands inside, one every few milliseconds. */
  const work = async (count: number, every: number, status?: number) => {
    for (let left = count; left > 0; left--) {
      await vi.advanceTimersByTimeAsync(every);
      inside.shift()?.answer(status);
    }
    await vi.advanceTimersByTimeAsync(0);
  };
  const names = () => inside.map(({ name }) => name);
  return { come, rush, work, names, inside, refused };
};

it('lets all commands in while few are in flight', async () => {
  const { rush, names } = doorOf();
  rush('a', 64);
  expect(names()).toHaveLength(64);
});

it('lets a client in at its turn, however many commands of another one wait', async () => {
  const { rush, come, work, names } = doorOf();
  rush('a', 300);
  const before = names().length;
  expect(before).toBeLessThanOrEqual(102);
  come('b', 'b1');
  expect(names()).not.toContain('b1');
  await work(4, 1);
  expect(names()).toContain('b1');
  expect(names().indexOf('b1')).toBeLessThan(before);
});

it('refuses a command that would wait for too long behind those of its client, and no other', async () => {
  const { rush, come, work, names, refused } = doorOf();
  rush('a', 600);
  come('b', 'b1');
  await work(200, 1);
  expect(names().concat('taken')).toContain('taken');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(refused.length).toBeGreaterThan(100);
  for (const each of refused) expect(each).toMatch(/^a.* \/problems\/overloaded$/);
});

it('says that the event store does not answer, when it answers nobody', async () => {
  const { rush, refused } = doorOf();
  rush('a', 80);
  await vi.advanceTimersByTimeAsync(2 * PATIENCE);
  rush('b', 1_000);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(new Set(refused.map((each) => each.split(' ')[1]))).toEqual(new Set(['/problems/event-store-unavailable']));
});

it('forgets a command whose client has left', async () => {
  const { rush, work, names } = doorOf();
  const all = rush('a', 150);
  for (const res of all.slice(120)) Object.assign(res, { destroyed: true });
  await work(150, 1);
  expect(names()).toEqual([]);
});
