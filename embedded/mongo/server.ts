import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Holdable } from '../backup-server.ts';
import { storesError } from '../errors.ts';
import type { Context } from './command.ts';
import { execute, isCursor } from './commands.ts';
import { createCursors } from './cursors.ts';
import { CommandError, errorReply } from './errors.ts';
import { openStorage } from './storage.ts';
import { cursorFrame, FrameError, frameLength, parseFrame, type Request, replyFrame } from './wire.ts';

export type MongoServerOptions = {
  /** The SQLite file; created if it is missing. */
  file: string;
  /** A loopback address. */
  host?: string;
  port?: number;
  /** The size in bytes past which writes are refused with OutOfDiskSpace. */
  maxBytes?: number;
  log?: (line: string) => void;
};

export type MongoServer = {
  /** `mongodb://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** Closes every connection, then the file. */
  close(): Promise<void>;
} & Holdable;

/** Time for a frame after its first byte, and for the first frame after the connection. */
const FRAME_MS = 30_000;
const MAX_CONNECTIONS = 20_000;

/**
 * Serves the subset of MongoDB's wire protocol that the README lists, over one SQLite file. Every acknowledged write is
 * on disk.
 * @throws StoresError `data-in-use`, `data-corrupt`, `data-folder-unwritable` or `port-taken`; Error when the host is
 *   no loopback address
 */
export const startMongoServer = async (options: MongoServerOptions): Promise<MongoServer> => {
  const { file, host = '127.0.0.1', port = 0, log = () => {} } = options;
  if (!/^(127\.|::1$|localhost$)/.test(host)) throw new Error(`${host} is not a loopback address`);
  const storage = openStorage(file, options.maxBytes);
  const cursors = createCursors();
  const context: Context = { storage, cursors, log };
  const connections = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    connections.add(socket);
    socket.on('close', () => connections.delete(socket));
    serve(socket, context);
  });
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    cursors.close();
    storage.close();
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw isTaken ? storesError('port-taken', `Port ${port} on ${host} is taken.`, error) : error;
  }
  const bound = (server.address() as { port: number }).port;
  return {
    url: `mongodb://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    file,
    async hold() {
      storage.hold();
    },
    release: storage.release,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of connections) socket.destroy();
      await closed;
      cursors.close();
      storage.close();
    },
  };
};

/** Answers the commands of one connection in order, and reads no further while one is in progress. */
const serve = async (socket: Socket, context: Context): Promise<void> => {
  socket.on('error', () => {});
  try {
    for await (const frame of frames(socket)) {
      const request = parseFrame(frame);
      const reply = await answer(request, context);
      if (!request.wantsReply) continue;
      if (!socket.write(reply) && !socket.destroyed) await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
    }
  } catch (error) {
    if (error instanceof FrameError) context.log(`closed a connection: ${error.message}`);
    else if (!socket.destroyed) context.log(`closed a connection: ${(error as Error).stack}`);
  }
  socket.destroy();
};

const answer = async (request: Request, context: Context): Promise<Buffer> => {
  try {
    if (request.refusal) throw request.refusal;
    const reply = await execute(context, request.command);
    return isCursor(reply) ? cursorFrame(request, reply.cursor) : replyFrame(request, reply);
  } catch (error) {
    if (!(error instanceof CommandError)) context.log(`a command failed: ${(error as Error).stack}`);
    return replyFrame(request, errorReply(error));
  }
};

/** Yields the whole frames of a connection. An unfinished frame ends it after a time limit. */
async function* frames(socket: Socket): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let held = 0;
  let timer: NodeJS.Timeout | undefined = setTimeout(() => socket.destroy(), FRAME_MS);
  const wait = () => {
    timer ??= setTimeout(() => socket.destroy(), FRAME_MS);
  };
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      held += chunk.length;
      for (;;) {
        if (held < 4) break;
        if (chunks.length > 1 && (chunks[0] as Buffer).length < 4) chunks = [Buffer.concat(chunks)];
        const length = frameLength(chunks[0] as Buffer);
        if (held < length) break;
        const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
        clearTimeout(timer);
        timer = undefined;
        held -= length;
        chunks = held > 0 ? [all.subarray(length)] : [];
        yield all.subarray(0, length);
      }
      if (held > 0) wait();
    }
  } finally {
    clearTimeout(timer);
  }
}
