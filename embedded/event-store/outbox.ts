/**
 * What a call has to say, in order. grpc-js passes on one message, waits until HTTP/2 has taken it, and only then takes the next:
 * a system call and a segment for each. Here the messages that come meanwhile are gathered and go out as one piece.
 */
import type { ServerDuplexStream, ServerWritableStream, StatusObject } from '@grpc/grpc-js';

/** A call whose method has `framed` as its responseSerialize. */
export type LongCall = Pick<
  ServerWritableStream<unknown, readonly Buffer[]> | ServerDuplexStream<unknown, readonly Buffer[]>,
  'cancelled' | 'destroyed' | 'writableEnded' | 'write' | 'end' | 'emit' | 'once'
>;

/** So many may be under way, and as many may wait behind them. A larger message is not cut. */
const GATHERED_BYTES = 64 * 1024;
const PREFIX_BYTES = 5;

export type Outbox = ReturnType<typeof createOutbox>;

export const createOutbox = (call: LongCall) => {
  let gathered: Buffer[] = [];
  let bytes = 0;
  let underWay = false;
  let scheduled = false;
  let room: PromiseWithResolvers<void> | undefined;

  call.once('cancelled', abandon);
  call.once('close', abandon);

  /** The reader has gone, or everything was said. */
  function isGone(): boolean {
    return call.cancelled || call.destroyed || call.writableEnded;
  }

  /**
   * Sends one message, together with the others of this turn and those that come while earlier ones are under way.
   * Returns undefined while the reader keeps up; otherwise a promise to await before the next message, which also resolves
   * when the reader goes.
   */
  function send(message: Buffer): Promise<void> | undefined {
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
  }

  function flush(): void {
    if (gathered.length === 0 || isGone()) return;
    underWay = true;
    const messages = gathered;
    gathered = [];
    bytes = 0;
    call.write(messages, taken);
  }

  function taken(): void {
    underWay = false;
    flush();
    makeRoom();
  }

  function abandon(): void {
    gathered = [];
    bytes = 0;
    makeRoom();
  }

  function makeRoom(): void {
    room?.resolve();
    room = undefined;
  }

  /** Ends the call after all that was sent: with `reason`, otherwise well. */
  function end(reason?: Partial<StatusObject>): void {
    if (isGone()) return;
    flush();
    if (reason) call.emit('error', reason);
    else call.end();
  }

  return { send, end, isGone };
};

/**
 * Messages as one piece, for grpc-js to take for one. It asks a serialised message for its length and to be copied behind the
 * five bytes that go before a message; here each brings its own five, and the first one's replace those that grpc-js wrote.
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
