import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startEmbeddedStores } from '../embedded/start.ts';
import { temporaryData } from '../tests/support/plaza.ts';
import { createMongoClient } from './mongo.ts';

it('connects when the server starts after the first command', async () => {
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port: mongoPort } = nobody.address() as AddressInfo;
  nobody.close();
  await once(nobody, 'close');

  const client = createMongoClient(`mongodb://127.0.0.1:${mongoPort}`);
  onTestFinished(() => client.close());
  const ping = () => client.db('plaza').command({ ping: 1 });
  await expect(ping()).rejects.toThrow();
  await expect(ping()).rejects.toThrow();

  const data = temporaryData();
  const stores = await startEmbeddedStores({ dataFolder: data.folder, mongoPort });
  onTestFinished(async () => {
    await client.close();
    await stores.stop();
    data.remove();
  });
  await expect.poll(() => ping().catch(() => undefined), { timeout: 10_000 }).toMatchObject({ ok: 1 });
});
