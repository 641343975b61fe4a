import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Milliseconds after which a client that does not read its answer is disconnected. */
const STALLED_AFTER = 30_000;

/** The most requests of one connection that wait for the answer to an earlier one. */
const MAX_PIPELINED = 100;

type Exchange = [IncomingMessage, ServerResponse];

/**
 * Answers the requests of each connection one at a time, so that a client's share depends on its connections and not on
 * the requests that it pipelines (RFC 9112 9.3.2). Disconnects a client that pipelines too many, or that stops reading.
 */
export const oneAtATime = (listener: RequestListener, stalledAfter = STALLED_AFTER): RequestListener => {
  const waiting = new WeakMap<Socket, Exchange[]>();

  const answer = (queue: Exchange[], [req, res]: Exchange): void => {
    const { socket } = req;
    res.setTimeout(stalledAfter, () => {
      if (socket.writableLength > 0) socket.destroy();
    });
    res.once('close', () => {
      const next = queue.shift();
      if (next === undefined) waiting.delete(socket);
      if (socket.destroyed) return;
      // Reading the body of the request that was answered may have resumed the connection.
      if (queue.length > 0) socket.pause();
      else socket.resume();
      if (next) answer(queue, next);
    });
    listener(req, res as Parameters<RequestListener>[1]);
  };

  return (req, res) => {
    const { socket } = req;
    const queue = waiting.get(socket);
    if (!queue) {
      const own: Exchange[] = [];
      waiting.set(socket, own);
      answer(own, [req, res]);
    } else if (queue.length >= MAX_PIPELINED) {
      socket.destroy();
    } else {
      queue.push([req, res]);
      socket.pause();
    }
  };
};
