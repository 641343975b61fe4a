import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutbox, framed, type LongCall } from './outbox.ts';

const KIB = 1024;

/** A call whose reader takes messages when the test says so. It ends like those of grpc-js. */
const heldCall = () => {
  const pieces: Buffer[][] = [];
  const takes: (() => void)[] = [];
  const stream = new Writable({
    objectMode: true,
    write(piece, _encoding, taken) {
      pieces.push(piece);
      takes.push(taken);
    },
  });
  const call = Object.assign(stream, { cancelled: false });
  const ended = new Promise<unknown>((resolve) => {
    let status: unknown = 'well';
    call.once('error', (reason) => {
      status = reason;
      call.end();
    });
    call.once('finish', () => resolve(status));
  });
  return {
    call,
    outbox: createOutbox(call as unknown as LongCall),
    pieces,
    ended,
    bytes: () => pieces.flat().reduce((sum, message) => sum + message.length, 0),
    /** Lets the reader take the piece in flight. */
    take: () => takes.shift()!(),
  };
};

const turn = () => new Promise((resolve) => setImmediate(resolve));
const numbered = (n: number, length = 100) => Buffer.alloc(length, n);

describe('an outbox', () => {
  it('sends the messages of one turn as one piece, and messages that arrive meanwhile as the next', async () => {
    const { outbox, pieces, take } = heldCall();
    for (const n of [1, 2, 3]) expect(outbox.send(numbered(n))).toBeUndefined();
    await turn();
    expect(pieces).toEqual([[1, 2, 3].map((n) => numbered(n))]);
    outbox.send(numbered(4));
    await turn();
    outbox.send(numbered(5));
    await turn();
    expect(pieces).toHaveLength(1);
    take();
    await turn();
    expect(pieces[1]).toEqual([4, 5].map((n) => numbered(n)));
  });

  it('holds at most 128 KiB for a reader that does not read, and continues when it does', async () => {
    const { outbox, bytes, take } = heldCall();
    let sent = 0;
    let room: Promise<void> | undefined;
    while (!room) {
      room = outbox.send(numbered(1, KIB));
      sent++;
    }
    expect(sent).toBe(128);
    await turn();
    expect(bytes()).toBe(64 * KIB);
    take();
    await room;
    expect(bytes()).toBe(128 * KIB);
  });

  it.each([
    ['well', undefined],
    ['with a reason', Object.assign(new Error('why'), { code: 14 })],
  ])('ends %s after all that was sent', async (_case, reason) => {
    const { outbox, pieces, take, ended } = heldCall();
    outbox.send(numbered(1));
    await turn();
    outbox.send(numbered(2));
    outbox.end(reason);
    take();
    await turn();
    take();
    expect(await ended).toBe(reason ?? 'well');
    expect(pieces).toEqual([[numbered(1)], [numbered(2)]]);
  });

  it('releases all senders when the reader has disconnected, and sends nothing more', async () => {
    const { outbox, call, pieces } = heldCall();
    let room: Promise<void> | undefined;
    while (!room) room = outbox.send(numbered(1, KIB));
    call.cancelled = true;
    call.emit('cancelled');
    await room;
    expect(outbox.isGone()).toBe(true);
    expect(outbox.send(numbered(2))).toBeUndefined();
    outbox.end();
    await turn();
    expect(pieces).toHaveLength(1);
  });
});

it('a piece is read as its messages', () => {
  const messages = [numbered(1, 0), numbered(2, 300), numbered(3, 70_000)];
  const piece = framed(messages);
  const out = Buffer.alloc(5 + piece.byteLength);
  piece.copy(out, 5);
  const found: Buffer[] = [];
  for (let at = 0; at < out.length; ) {
    expect(out[at]).toBe(0);
    const end = at + 5 + out.readUInt32BE(at + 1);
    found.push(out.subarray(at + 5, end));
    at = end;
  }
  expect(found).toEqual(messages);
});
