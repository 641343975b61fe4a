/**
 * The outgoing messages of a call, in order. grpc-js passes one message to HTTP/2, waits until it is accepted, and then
 * takes the next: a system call and a segment each. Here messages that arrive meanwhile are collected and sent as one
 * piece.
 */
import type { ServerDuplexStream, ServerWritableStream, StatusObject } from '@grpc/grpc-js';

/** A call whose method has `framed` as its responseSerialize. */
export type LongCall = Pick<
  ServerWritableStream<unknown, readonly Buffer[]> | ServerDuplexStream<unknown, readonly Buffer[]>,
  'cancelled' | 'destroyed' | 'writableEnded' | 'write' | 'end' | 'emit' | 'once'
>;

/** Bytes that may be in flight, and bytes that may wait after them. A larger message is not cut. */
const GATHERED_BYTES = 64 * 1024;
const PREFIX_BYTES = 5;

export type Outbox = ReturnType<typeof createOutbox>;

export const createOutbox = (call: LongCall) => {
  let gathered: Buffer[] = [];
  let bytes = 0;
  let underWay = false;
  let scheduled = false;
  let room: PromiseWithResolvers<void> | undefined;

  /** Returns whether the reader has disconnected or the call has ended. */
  const isGone = (): boolean => call.cancelled || call.destroyed || call.writableEnded;

  /**
   * Sends one message, together with the others of this turn and those that arrive while a piece is in flight. Returns
   * undefined while the reader keeps up; otherwise a promise to await before the next message, which also resolves when
   * the reader disconnects.
   */
  const send = (message: Buffer): Promise<void> | undefined => {
    if (isGone()) return undefined;
    gathered.push(message);
    bytes += message.length;
    if (underWay) {
      if (bytes < GATHERED_BYTES) return undefined;
      room ??= Promise.withResolvers();
      return room.promise;
    }
    if (bytes >= GATHERED_BYTES) flush();
    else if (!scheduled) {
      scheduled = true;
      queueMicrotask(() => {
        scheduled = false;
        if (!underWay) flush();
      });
    }
    return undefined;
  };

  const flush = (): void => {
    if (gathered.length === 0 || isGone()) return;
    underWay = true;
    const messages = gathered;
    gathered = [];
    bytes = 0;
    call.write(messages, taken);
  };

  const taken = (): void => {
    underWay = false;
    flush();
    makeRoom();
  };

  const abandon = (): void => {
    gathered = [];
    bytes = 0;
    makeRoom();
  };

  const makeRoom = (): void => {
    room?.resolve();
    room = undefined;
  };

  /** Ends the call after all messages, with `reason` as its error if given. */
  const end = (reason?: Partial<StatusObject>): void => {
    if (isGone()) return;
    flush();
    if (reason) call.emit('error', reason);
    else call.end();
  };

  call.once('cancelled', abandon);
  call.once('close', abandon);
  return { send, end, isGone };
};

/**
 * Joins messages into one piece for grpc-js. It copies a serialised message of this length after a prefix of five
 * bytes. Here each message is copied with its own prefix, and the first prefix overwrites the one of grpc-js.
 */
export const framed = (messages: readonly Buffer[]): Buffer => {
  let byteLength = -PREFIX_BYTES;
  for (const message of messages) byteLength += PREFIX_BYTES + message.length;
  const copy = (out: Buffer): number => {
    let at = 0;
    for (const message of messages) {
      out[at] = 0;
      out.writeUInt32BE(message.length, at + 1);
      out.set(message, at + PREFIX_BYTES);
      at += PREFIX_BYTES + message.length;
    }
    return byteLength;
  };
  return { byteLength, copy } as Buffer;
};
