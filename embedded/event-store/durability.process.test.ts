import {
  closeSync,
  copyFileSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEmbeddedStores } from '../start.ts';
import { type EventStoreServer, startEventStoreServer } from './server.ts';
import { event, idsOf, settled } from './testing.ts';

let folder: string;
let cleanups: (() => Promise<unknown> | unknown)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-store-'));
  cleanups = [];
});

afterEach(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
  rmSync(folder, { recursive: true });
});

const serve = async (file: string, options: { maxPages?: number } = {}): Promise<EventStoreServer> => {
  const server = await startEventStoreServer({ file, ...options });
  cleanups.push(() => server.close());
  return server;
};

const connect = (url: string): EventStoreDBClient => {
  const client = EventStoreDBClient.connectionString(url);
  cleanups.push(() => client.dispose());
  return client;
};

describe('a full disk', () => {
  it('answers an error, keeps acknowledged events, and continues when there is space again', async () => {
    const file = join(folder, 'events.sqlite');
    const tight = await startEventStoreServer({ file, maxPages: 100 });
    const client = connect(tight.url);
    let acknowledged = 0;
    let refused: (Error & { type?: string }) | undefined;
    while (!refused) {
      refused = await settled(client.appendToStream('stream', event(10_000)));
      if (!refused) acknowledged++;
    }
    expect(refused.message).toMatch(/full/);
    // Small ones may still fit: the store itself works.
    expect(await idsOf(client, 'stream')).toHaveLength(acknowledged);
    await tight.close();
    const roomy = await serve(file);
    const again = connect(roomy.url);
    await again.appendToStream('stream', event(10_000), { expectedRevision: BigInt(acknowledged - 1) });
    expect(await idsOf(again, 'stream')).toHaveLength(acknowledged + 1);
  });

  it('does not remember an append that was rolled back as done', async () => {
    const file = join(folder, 'events.sqlite');
    const server = await serve(file, { maxPages: 40 });
    const client = connect(server.url);
    const large = event(200_000);
    expect((await settled(client.appendToStream('stream', large)))?.message).toMatch(/full/);
    expect((await settled(client.appendToStream('stream', large)))?.message).toMatch(/full/);
    const small = await client.appendToStream('stream', event(10), { expectedRevision: 'no_stream' });
    expect(small.nextExpectedRevision).toBe(0n);
  });
});

describe('damaged files', () => {
  const filled = async (): Promise<string> => {
    const file = join(folder, 'events.sqlite');
    const server = await startEventStoreServer({ file });
    const client = connect(server.url);
    for (let n = 0; n < 20; n++) await client.appendToStream(`stream-${n}`, [event(3_000), event(3_000)]);
    await server.close();
    return file;
  };

  /** Returns the files of a killed process: the newest events are only in the write-ahead log. */
  const killed = async (): Promise<string> => {
    const stores = await startEmbeddedStores({ dataFolder: folder });
    const client = connect(stores.eventStoreUrl);
    for (let n = 0; n < 20; n++) await client.appendToStream(`stream-${n}`, [event(3_000), event(3_000)]);
    process.kill(stores.pid, 'SIGKILL');
    await stores.exited;
    return join(folder, 'events.sqlite');
  };

  const opening = (file: string) => settled(startEventStoreServer({ file }).then((server) => server.close()));

  it('open when they are intact', async () => {
    expect(await opening(await filled())).toBeUndefined();
    rmSync(folder, { recursive: true });
    expect(await opening(await killed())).toBeUndefined();
  });

  it.each([
    ['cut in the middle', (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))],
    ['cut by one page', (file: string) => truncateSync(file, statSync(file).size - 4_096)],
    ['with a damaged header', (file: string) => overwrite(file, 0, 64)],
    ['with a page of zeros inside', (file: string) => overwrite(file, 4_096 * 12, 4_096, 0)],
    ['with a flipped byte inside an event', (file: string) => flip(file, 'x'.repeat(200))],
    ['that are no SQLite file', (file: string) => copyFileSync(new URL(import.meta.url), file)],
  ])('are said at the start: %s', async (_case, damage) => {
    const file = await filled();
    damage(file);
    const error = await opening(file);
    expect(error).toMatchObject({ code: 'data-corrupt' });
    expect(error!.message).not.toContain('\n');
  });

  it.each([
    ['cut in the middle', (wal: string) => truncateSync(wal, Math.floor(statSync(wal).size / 2))],
    ['removed', (wal: string) => rmSync(wal)],
    ['overwritten in the middle', (wal: string) => overwrite(wal, Math.floor(statSync(wal).size / 3), 500)],
    ['with a damaged header', (wal: string) => overwrite(wal, 0, 16)],
  ])('are said at the start: a write-ahead log %s', async (_case, damage) => {
    const file = await killed();
    damage(`${file}-wal`);
    expect(await opening(file)).toMatchObject({ code: 'data-corrupt' });
  });

  it('open when only an unfinished write is torn', async () => {
    const file = await killed();
    const wal = openSync(`${file}-wal`, 'a');
    writeSync(wal, Buffer.alloc(1_000, 7));
    closeSync(wal);
    expect(await opening(file)).toBeUndefined();
  });
});

describe('one owner', () => {
  it('a second server on the same file is refused while the first one runs', async () => {
    const file = join(folder, 'events.sqlite');
    const first = await startEventStoreServer({ file });
    expect(await settled(startEventStoreServer({ file }))).toMatchObject({ code: 'data-in-use' });
    await first.close();
    await serve(file);
  });

  it('files are for the owner only', async () => {
    const file = join(folder, 'events.sqlite');
    const server = await serve(file);
    await connect(server.url).appendToStream('stream', event(10));
    for (const suffix of ['', '-wal', '-tail']) expect(statSync(file + suffix).mode & 0o777).toBe(0o600);
  });
});

const overwrite = (file: string, at: number, bytes: number, value = 0xa5): void => {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(bytes, value), 0, bytes, at);
  closeSync(fd);
};

const flip = (file: string, text: string): void => {
  overwrite(file, readFileSync(file).lastIndexOf(text) + 10, 1);
};
