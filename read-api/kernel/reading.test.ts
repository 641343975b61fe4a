import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { admission } from '../../platform/http/admission.ts';
import { trackPositions } from './positions.ts';
import { awaitPosition, boundedQueries, fromViews, unlessGone } from './reading.ts';

it('stops waiting when the client leaves before the view has reached the position', async () => {
  let reads = 0;
  const positions = trackPositions(async () => BigInt(reads++) * 0n);
  const outcomes: string[] = [];
  const app = express();
  app.get('/', async (req, res) => {
    try {
      await awaitPosition(req, res, ['v'], {
        positions,
        lags: { of: async () => undefined },
        answerWithin: 900,
        waits: admission(1),
      });
    } catch (error) {
      unlessGone(error);
      outcomes.push((error as Error).name);
    }
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  onTestFinished(() => {
    positions.stop();
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));

  const leaving = new AbortController();
  const answer = fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    headers: { 'Min-Event-Position': '1', Prefer: 'wait=30' },
    signal: leaving.signal,
  });
  await expect.poll(() => reads, { interval: 5 }).toBeGreaterThan(2);
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await expect.poll(() => outcomes, { interval: 5 }).toEqual(['ClientGoneError']);
});

const never = () => new Promise<never>(() => {});

it('gives up on a silent MongoDB when the time is over', async () => {
  vi.useFakeTimers();
  onTestFinished(() => {
    vi.useRealTimers();
  });
  let refusal: unknown;
  void fromViews(never(), 900).catch((error) => {
    refusal = error;
  });
  await vi.advanceTimersByTimeAsync(899);
  expect(refusal).toBeUndefined();
  await vi.advanceTimersByTimeAsync(10);
  expect(refusal).toMatchObject({ problem: { type: '/problems/views-unavailable' } });
});

describe('queries in flight', () => {
  it('are bounded: one more is refused at once, and one that waited too long is not run', async () => {
    const ask = boundedQueries(admission(1, 1), 200);
    let isRun = false;
    const running = ask(never);
    const queued = ask(async () => {
      isRun = true;
    });
    await expect(ask(never)).rejects.toMatchObject({ problem: { type: '/problems/overloaded', retryAfter: 1 } });
    for (const late of [running, queued])
      await expect(late).rejects.toMatchObject({ problem: { type: '/problems/views-unavailable' } });
    expect(await ask(async () => 'again')).toBe('again');
    expect(isRun).toBe(false);
  });

  it('are refused as overloaded when their turn does not come because others are answered', async () => {
    const ask = boundedQueries(admission(1, 10), 100);
    const slow = () => new Promise<string>((resolve) => setTimeout(resolve, 60, 'slow'));
    const [first, second, third] = await Promise.allSettled([ask(slow), ask(slow), ask(slow)]);
    expect(first).toMatchObject({ value: 'slow' });
    expect(second).toMatchObject({ reason: { problem: { type: '/problems/views-unavailable' } } });
    expect(third).toMatchObject({ reason: { problem: { type: '/problems/overloaded' } } });
  });

  it('count as unavailable when MongoDB ends them for taking too long', async () => {
    const ask = boundedQueries(admission(1), 200);
    const expired = Object.assign(new Error('operation exceeded time limit'), { code: 50 });
    await expect(ask(() => Promise.reject(expired))).rejects.toMatchObject({
      problem: { type: '/problems/views-unavailable' },
    });
  });
});
