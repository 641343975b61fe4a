import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openTestStores } from '../embedded/testing.ts';
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
  const stores = await openTestStores({ dataFolder: data.folder, mongoPort });
  onTestFinished(async () => {
    await client.close();
    await stores.stop();
    data.remove();
  });
  await expect.poll(() => ping().catch(() => undefined)).toMatchObject({ ok: 1 });
});

it('connects again to a server that is slower than a request may wait', async () => {
  const data = temporaryData();
  const stores = await openTestStores({ dataFolder: data.folder });
  let late = 0;
  const pairs = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(Number(new URL(stores.mongoUrl).port), '127.0.0.1');
    near.on('data', (bytes) => setTimeout(() => far.write(bytes), late));
    far.pipe(near);
    for (const socket of [near, far]) {
      pairs.add(socket);
      socket.on('error', () => {}).on('close', () => near.destroy() && far.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const client = createMongoClient(`mongodb://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await client.close();
    proxy.close();
    await stores.stop();
    data.remove();
  });
  const ping = () => client.db('plaza').command({ ping: 1 });
  await expect.poll(() => ping().catch(() => undefined)).toMatchObject({ ok: 1 });

  late = 1_000;
  for (const socket of pairs) socket.destroy();
  await expect.poll(() => ping().catch(() => undefined)).toMatchObject({ ok: 1 });
});
