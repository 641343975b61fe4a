import fc from 'fast-check';
import timestamp from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { describe, expect, it } from 'vitest';
import { type BatchRequest, readByClasses, readByHand } from './batch-requests.ts';
import {
  AllStreamPosition,
  BatchAppendReq,
  BatchAppendResp,
  Empty,
  Status,
  StreamIdentifier,
  UUID,
} from './protocol.ts';
import { encodeBatchAnswer, encodeIdentifier, encodeSuccess } from './wire.ts';

const uuid = fc.uuid().map((text) => new UUID().setString(text));
const blob = fc.uint8Array({ maxLength: 300 });
const ascii = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 });

const proposed = fc
  .record({ id: uuid, type: ascii, contentType: fc.constantFrom('application/json', 'x'), data: blob, metadata: blob })
  .map(({ id, type, contentType, data, metadata }) => {
    const message = new BatchAppendReq.ProposedMessage().setId(id).setData(data).setCustomMetadata(metadata);
    message.getMetadataMap().set('type', type).set('content-type', contentType).set('other', type);
    return message;
  });

const options = fc
  .record({
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }).filter((name) => name !== '$$'),
    expected: fc.oneof(fc.constantFrom('any', 'no_stream', 'stream_exists'), fc.integer({ min: 0, max: 2 ** 48 })),
    deadline: fc.option(fc.record({ seconds: fc.nat(), nanos: fc.nat(999_999_999) }), { nil: undefined }),
  })
  .map(({ name, expected, deadline }) => {
    const message = new BatchAppendReq.Options();
    message.setStreamIdentifier(new StreamIdentifier().setStreamName(Buffer.from(name)));
    if (expected === 'any') message.setAny(new Empty());
    else if (expected === 'no_stream') message.setNoStream(new Empty());
    else if (expected === 'stream_exists') message.setStreamExists(new Empty());
    else message.setStreamPosition(String(expected));
    if (deadline) {
      message.setDeadline(new timestamp.Timestamp().setSeconds(deadline.seconds).setNanos(deadline.nanos));
    }
    return message;
  });

const plain = fc
  .record({
    correlationId: uuid,
    options: fc.option(options, { nil: undefined }),
    proposed: fc.array(proposed, { maxLength: 4 }),
    isFinal: fc.boolean(),
  })
  .map(({ correlationId, options, proposed, isFinal }) => {
    const request = new BatchAppendReq().setCorrelationId(correlationId).setIsFinal(isFinal);
    if (options) request.setOptions(options);
    return Buffer.from(request.setProposedMessagesList(proposed).serializeBinary());
  });

/** As the same kinds of bytes, so that what is compared is their content. */
const comparable = (request: BatchRequest | undefined) =>
  request && {
    ...request,
    correlationId: request.correlationId.toString('hex'),
    proposed: request.proposed.map((event) =>
      'problem' in event
        ? event
        : {
            ...event,
            data: Buffer.from(event.data).toString('hex'),
            metadata: Buffer.from(event.metadata).toString('hex'),
          },
    ),
  };

describe('requests read by hand', () => {
  it('are those that clients send, and are read as the generated classes read them', () => {
    fc.assert(
      fc.property(plain, (bytes) => {
        expect(comparable(readByHand(bytes))).toEqual(comparable(readByClasses(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it('are read as the generated classes read them, or not at all, when they are damaged', () => {
    const change = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.uint8Array({ maxLength: 3 }) });
    const first = fc.record({
      at: fc.nat(60),
      remove: fc.constant(1),
      insert: fc.uint8Array({ minLength: 1, maxLength: 1 }),
    });
    let read = 0;
    fc.assert(
      fc.property(plain, fc.array(fc.oneof(change, first), { minLength: 1, maxLength: 3 }), (bytes, changes) => {
        const damaged = changes.reduce((before, { at, remove, insert }) => {
          const from = at % (before.length + 1);
          return Buffer.concat([before.subarray(0, from), insert, before.subarray(from + remove)]);
        }, bytes);
        const request = readByHand(damaged);
        if (!request) return;
        read++;
        expect(comparable(request)).toEqual(comparable(readByClasses(damaged)));
      }),
      { numRuns: 20_000 },
    );
    expect(read).toBeGreaterThan(100);
  });

  it('leave to the generated classes what is repeated, unknown or missing', () => {
    const correlationId = [0x0a, 38, 0x12, 36, ...Buffer.from('6a3b8f0e-5f0e-4c3e-9f5e-0d5f6f1c2b3a')];
    const final = [0x20, 1];
    expect(readByHand(Buffer.from([...correlationId, ...final]))).toBeDefined();
    for (const unusual of [
      [],
      final,
      [...correlationId, ...correlationId],
      [...correlationId, ...final, ...final],
      [...correlationId, 0x20, 2],
      [...correlationId, ...final, 0x28, 1],
      [...correlationId, 0x12, 0],
      [...correlationId, 0x1a, 0],
      [...correlationId, 0x1a, 5, 0x22],
    ]) {
      expect(readByHand(Buffer.from(unusual))).toBeUndefined();
    }
  });
});

describe('answers written by hand', () => {
  const correlationId = new UUID().setString('6a3b8f0e-5f0e-4c3e-9f5e-0d5f6f1c2b3a');
  const name = 'lot-Ü🚲';
  const answer = () =>
    new BatchAppendResp()
      .setCorrelationId(correlationId)
      .setStreamIdentifier(new StreamIdentifier().setStreamName(Buffer.from(name)));
  const byHand = (outcome: Parameters<typeof encodeBatchAnswer>[2]) =>
    encodeBatchAnswer(Buffer.from(correlationId.serializeBinary()), encodeIdentifier(name), outcome);

  it.each([
    [-1, undefined],
    [-1, 0],
    [0, 0],
    [127, 128],
    [2 ** 33, 2 ** 45 + 3],
    [5, undefined],
  ])('are those of the generated classes: revision %s at %s', (revision, position) => {
    const success = new BatchAppendResp.Success();
    if (revision < 0) success.setNoStream(new Empty());
    else success.setCurrentRevision(String(revision));
    if (position === undefined) success.setNoPosition(new Empty());
    else {
      success.setPosition(
        new AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position)),
      );
    }
    const meant = BatchAppendResp.deserializeBinary(answer().setSuccess(success).serializeBinary());
    const read = BatchAppendResp.deserializeBinary(byHand({ success: encodeSuccess(revision, position) }));
    expect(read.toObject()).toEqual(meant.toObject());
  });

  it('are those of the generated classes: an error', () => {
    const error = new Status().setCode(6).setMessage('why');
    expect(byHand({ error: error.serializeBinary() })).toEqual(Buffer.from(answer().setError(error).serializeBinary()));
  });
});
