import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startEmbeddedStores } from '../embedded/start.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { readSide as parking } from './parking.ts';
import { reach, serveReadApi, startDatabase, viewOf } from './testing.ts';

const paths = ['/parking/lots', '/parking/lots/lot-1', '/parking/lots/lot-1/history', '/control-center'];

const views = [...new Set(Object.values(parking.schema.queries).map(({ view }) => view)), 'parking.history'];

type Api = Awaited<ReturnType<typeof serveReadApi>>;

/**
 * Expects that every query is refused and says when to try again. If the API waited for the stopped server, the
 * requests that allow a wait of 30 seconds would take two minutes, one after the other, and the test would time out.
 */
const expectUnavailable = async (api: Api): Promise<void> => {
  for (const path of paths) {
    for (const headers of [{}, { 'Min-Event-Position': '1000', Prefer: 'wait=30' }]) {
      const { status, body, headers: answered } = await api.get(path, headers as Record<string, string>);
      expect([path, status, body.type], String(api.errors)).toEqual([path, 503, '/problems/views-unavailable']);
      expect(answered.get('retry-after')).toBe('1');
    }
  }
};

describe('while the read models are unavailable', () => {
  it('queries are 503 without waiting, and are answered again when they are back', async () => {
    const database = await startDatabase(startEmbeddedStores);
    onTestFinished(database.stop);
    await viewOf(database.db, 'parking.lots').insertOne({ _id: 'lot-1', lotId: 'lot-1' });
    for (const view of views) await reach(database.db, view, 7n);
    const api = await serveReadApi(database.db, [parking]);
    onTestFinished(api.stop);
    expect((await api.get('/parking/lots/lot-1')).body).toEqual({ lotId: 'lot-1' });
    expect((await api.get('/readyz')).status).toBe(200);

    await database.stores.stop();
    await expectUnavailable(api);
    expect((await api.get('/livez')).status).toBe(200);
    expect((await api.get('/readyz?verbose')).body).toMatchObject({
      status: 'failing',
      checks: { readModels: { ok: false } },
    });

    const mongoPort = Number(new URL(database.stores.mongoUrl).port);
    const again = await startEmbeddedStores({ dataFolder: database.dataFolder, mongoPort });
    onTestFinished(again.stop);
    await expect.poll(async () => (await api.get('/parking/lots/lot-1')).status).toBe(200);
    expect(api.errors).toEqual([]);
  });

  it('queries are 503 without waiting when the server accepts connections but does not answer', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const client = createMongoClient(`mongodb://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const api = await serveReadApi(client.db('plaza'), [parking]);
    onTestFinished(async () => {
      await api.stop();
      await client.close();
      silent.close();
    });
    await expectUnavailable(api);
  });
});

describe('a view that has never been built', () => {
  const paths = ['/parking/lots', '/parking/lots/lot-1', '/parking/lots/lot-1/history'];

  it('answers 503 instead of an empty list or 404, until it is built', async () => {
    const database = await startDatabase();
    onTestFinished(database.stop);
    const api = await serveReadApi(database.db, [parking]);
    onTestFinished(api.stop);
    for (const path of paths) {
      const { status, body, headers } = await api.get(path);
      expect([path, status, body.type], String(api.errors)).toEqual([path, 503, '/problems/views-unavailable']);
      expect(body.detail).toMatch(/^parking\.(lots|history) is being built for the first time$/);
      expect(headers.get('retry-after')).toBe('1');
    }
    // A first build that has not finished yet.
    for (const view of views) await reach(database.db, view, -1n, 0);
    expect((await api.get('/parking/lots')).status).toBe(503);
    expect(await api.get('/readyz?verbose')).toMatchObject({
      status: 503,
      body: {
        checks: { readModels: { ok: true }, views: { detail: expect.stringMatching(/first time: .*parking.lots/) } },
      },
    });
    const center = await api.get('/control-center');
    expect(center).toMatchObject({ status: 200, body: { position: '-1', contexts: { parking: null } } });

    for (const view of views) await reach(database.db, view, -1n);
    await expect.poll(async () => (await api.get('/parking/lots')).status).toBe(200);
    expect((await api.get('/readyz')).status).toBe(200);
    expect((await api.get('/parking/lots')).body).toEqual({ items: [] });
    expect((await api.get('/parking/lots/lot-1')).status).toBe(404);
    await expect.poll(async () => (await api.get('/control-center')).body.contexts.parking).not.toBeNull();
    expect(api.errors).toEqual([]);
  });

  it('answers a request that waits as soon as it is built', async () => {
    const database = await startDatabase();
    onTestFinished(database.stop);
    const api = await serveReadApi(database.db, [parking]);
    onTestFinished(api.stop);
    const wait = { 'Min-Event-Position': '5', Prefer: 'wait=10' };
    const answer = api.get('/parking/lots', wait);
    await reach(database.db, 'parking.lots', 5n);
    expect(await answer).toMatchObject({ status: 200, body: { items: [] } });
    expect(await api.get('/parking/coupons', { ...wait, Prefer: 'wait=0' })).toMatchObject({
      status: 503,
      body: { type: '/problems/views-unavailable' },
    });
  });
});
