import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A fault of a connection. */
export const FAULTS = ['latency', 'reset', 'half-close', 'black-hole', 'slow-bytes', 'reply-lost', 'refuse'] as const;
export type Fault = (typeof FAULTS)[number];

export type Wire = {
  port: number;
  /** Applies a fault to open and new connections; undefined removes it. */
  set(fault?: Fault): void;
  close(): Promise<void>;
};

/**
 * A TCP proxy with faults.
 * @param target the port on loopback that it forwards to
 * @param onRequest called with what clients send, before it is forwarded: a fault set now applies to it
 */
export const startWire = async (target: number, onRequest: (bytes: Buffer) => void = () => {}): Promise<Wire> => {
  let fault: Fault | undefined;
  const pairs = new Set<[Socket, Socket]>();

  const forward = (from: Socket, to: Socket, isReply: boolean) => {
    let turn = Promise.resolve();
    const pass = async (bytes: Buffer): Promise<void> => {
      if (!isReply) onRequest(bytes);
      if (fault === 'latency') await new Promise((resolve) => setTimeout(resolve, 50));
      if (fault === 'black-hole' || (fault === 'reply-lost' && isReply)) return;
      if (fault === 'slow-bytes') {
        for (let at = 0; at < bytes.length && fault === 'slow-bytes'; at += 64) {
          to.write(bytes.subarray(at, at + 64));
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (at + 64 >= bytes.length) return;
          if (fault !== 'slow-bytes') to.write(bytes.subarray(at + 64));
        }
        return;
      }
      to.write(bytes);
    };
    from.on('data', (bytes: Buffer) => {
      turn = turn.then(() => pass(bytes));
    });
    from.on('end', () => {
      turn = turn.then(() => void to.end());
    });
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    if (fault === 'refuse') return near.resetAndDestroy();
    const far = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
    forward(near, far, false);
    forward(far, near, true);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      // Swallowed bytes cannot be replaced: the connection is unusable.
      const isSpoiled = fault === 'black-hole' || fault === 'reply-lost';
      fault = next;
      for (const [near, far] of pairs) {
        if (isSpoiled || next === 'reset' || next === 'refuse') {
          near.resetAndDestroy();
          far.destroy();
        } else if (next === 'half-close') {
          near.end();
        }
      }
    },
    async close() {
      server.close();
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      await once(server, 'close');
    },
  };
};
