import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, it, onTestFinished } from 'vitest';
import { trackPositions } from './positions.ts';
import { awaitPosition, unlessGone } from './reading.ts';

it('lets go of a client that leaves before the view is there', async () => {
  let reads = 0;
  const positions = trackPositions(async () => BigInt(reads++) * 0n);
  const outcomes: string[] = [];
  const app = express();
  app.get('/', async (req, res) => {
    try {
      await awaitPosition(req, res, ['v'], { positions, lags: { of: () => undefined }, answerWithin: 900 });
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
