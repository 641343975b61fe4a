import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A store that can keep its file unchanged while it works: what it writes meanwhile is in its write-ahead log. */
export type Holdable = {
  file: string;
  /** Moves everything committed into the file and keeps the file unchanged until it is released. */
  hold(): Promise<void>;
  release(): void;
};

/** Milliseconds after which the files are released although the backup has not ended: the logs grow meanwhile. */
const LONGEST = 3_600_000;

/**
 * Serves `POST /hold` to the owner of the data folder: the answer is a line of JSON with the files, which are whole and
 * do not change until the client closes the connection. The stores work on meanwhile.
 *
 * Another process copies the files, because closing a file in this one would drop SQLite's locks on it.
 * @param stores in the order of their moments: views must not be newer than the events that they are made of
 * @param token that a request must carry
 */
export const startBackupServer = async (stores: readonly Holdable[], token: string) => {
  let isHeld = false;
  const open = new Set<ServerResponse>();

  const hold = async (res: ServerResponse): Promise<void> => {
    isHeld = true;
    const held: Holdable[] = [];
    const release = () => {
      isHeld = false;
      for (const store of held.splice(0)) store.release();
    };
    try {
      for (const store of stores) {
        await store.hold();
        held.push(store);
      }
    } catch (error) {
      release();
      res.writeHead(503).end(error instanceof Error ? error.message : String(error));
      return;
    }
    const late = setTimeout(() => res.destroy(), LONGEST);
    res.once('close', () => {
      clearTimeout(late);
      release();
    });
    if (res.destroyed) return release();
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.write(`${JSON.stringify(stores.map(({ file }) => file))}\n`);
  };

  const server = createServer((req, res) => {
    open.add(res);
    res.once('close', () => open.delete(res));
    if (req.headers.authorization !== `Bearer ${token}`) res.writeHead(401).end();
    else if (req.method !== 'POST' || req.url !== '/hold') res.writeHead(404).end();
    else if (isHeld) res.writeHead(409).end('another backup is in progress');
    else void hold(res);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Ends a backup in progress. */
    async close() {
      for (const res of open) res.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
