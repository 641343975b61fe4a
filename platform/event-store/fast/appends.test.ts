import { EventEmitter } from 'node:events';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { Any } from 'google-protobuf/google/protobuf/any_pb.js';
import { describe, expect, it } from 'vitest';
import type { EventStoreClient } from '../client.ts';
import { streams } from '../streams.ts';
import { type NewEvent, type Revision, toWritten } from '../types.ts';
import { appendRequest } from './appends.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1 });
const newEvent: fc.Arbitrary<NewEvent> = fc.record({
  id: fc.uuid(),
  type: text,
  data: fc.dictionary(text, fc.jsonValue()),
  metadata: fc.record({
    $correlationId: text,
    $causationId: text,
    commandId: text,
    fingerprint: fc.string(),
    actor: text,
    time: text,
    schemaVersion: fc.nat(),
  }),
});
const expectedRevision = fc.oneof(
  fc.constant('no-stream' as const),
  fc.nat({ max: Number.MAX_SAFE_INTEGER }).map((revision) => BigInt(revision) as Revision),
);

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

const { BatchAppendReq, BatchAppendResp } = messages;

/** Returns the messages that a server reads from grpc-js's frame: a prefix for the length, then the copied message. */
const framed = (message: Buffer): Buffer[] => {
  const frame = Buffer.alloc(message.length + 5);
  frame.writeUInt32BE(message.length, 1);
  message.copy(frame, 5);
  const found: Buffer[] = [];
  for (let at = 0; at < frame.length; at += 5 + found.at(-1)!.length)
    found.push(frame.subarray(at + 5, at + 5 + frame.readUInt32BE(at + 1)));
  return found;
};

/** Returns a client whose server answers each request with `answer`; `written` lists the frames. */
const clientOf = (
  answer: (request: InstanceType<typeof BatchAppendReq>, call: EventEmitter) => void,
  written = { count: 0 },
) => {
  const call = Object.assign(new EventEmitter(), {
    write: (message: Buffer) => {
      written.count += 1;
      for (const bytes of framed(message)) answer(BatchAppendReq.deserializeBinary(bytes), call);
    },
  });
  return {
    GRPCStreamCreator: (_kind: unknown, _name: string, create: (connection: object) => unknown) => {
      const created = create({ makeBidiStreamRequest: () => call });
      return async () => created;
    },
    callArguments: () => [],
    supports: async () => true,
  } as unknown as EventStoreClient;
};

/** Returns a UUID as two signed 64-bit numbers, the form in which servers answer. */
const inHalves = (text: string) => {
  const [most = '', least = ''] = text.replaceAll('-', '').match(/.{16}/g) ?? [];
  const signed = (half: string) => BigInt.asIntN(64, BigInt(`0x${half}`)).toString();
  const halves = new shared.UUID.Structured();
  halves.setMostSignificantBits(signed(most));
  halves.setLeastSignificantBits(signed(least));
  return new shared.UUID().setStructured(halves);
};

describe('a request to append', () => {
  it('is decoded by the client’s own classes without loss', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        text,
        fc.array(newEvent, { minLength: 1, maxLength: 3 }),
        expectedRevision,
        (id, stream, events, expected) => {
          const request = BatchAppendReq.deserializeBinary(appendRequest(id, stream, events.map(toWritten), expected));
          const options = request.getOptions()!;
          expect(request.getCorrelationId()!.getString()).toBe(id);
          expect(Buffer.from(options.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(stream);
          expect(options.hasNoStream()).toBe(expected === 'no-stream');
          if (expected !== 'no-stream') expect(options.getStreamPosition()).toBe(String(expected));
          expect(options.hasDeadline()).toBe(false);
          expect(request.getIsFinal()).toBe(true);
          expect(
            request.getProposedMessagesList().map((message) => ({
              id: message.getId()!.getString(),
              type: message.getMetadataMap().get('type'),
              contentType: message.getMetadataMap().get('content-type'),
              data: parsed(message.getData_asU8()),
              metadata: parsed(message.getCustomMetadata_asU8()),
            })),
          ).toEqual(events.map((event) => ({ ...JSON.parse(JSON.stringify(event)), contentType: 'application/json' })));
        },
      ),
    );
  });

  it('is left to the client when the server has no batch appends', async () => {
    const appended = { success: true, nextExpectedRevision: 4n, position: { commit: 9n, prepare: 9n } };
    const client = {
      GRPCStreamCreator: () => () => expect.unreachable('connected'),
      supports: async () => false,
      appendToStream: async () => appended,
    };
    const { append } = streams(client as unknown as EventStoreClient);
    const [event] = fc.sample(newEvent, 1);
    expect(await append('counter-1', [event!], 3n as Revision)).toEqual({
      ok: true,
      revision: 4n,
      position: appended.position,
    });
  });

  it('leaves with the other requests of its turn and gets its own answer in any order', async () => {
    const requests: InstanceType<typeof BatchAppendReq>[] = [];
    const written = { count: 0 };
    const { append } = streams(
      clientOf((request, call) => {
        if (requests.push(request) < 3) return;
        for (const each of requests.reverse()) {
          const expected = each.getOptions()!.getStreamPosition();
          const position = new shared.AllStreamPosition().setCommitPosition(expected).setPreparePosition('7');
          const success = new BatchAppendResp.Success().setCurrentRevision(`${Number(expected) + 1}`);
          const answer = new BatchAppendResp().setSuccess(success.setPosition(position));
          call.emit('data', answer.setCorrelationId(inHalves(each.getCorrelationId()!.getString())));
        }
      }, written),
    );
    const [event] = fc.sample(newEvent, 1);
    const results = [10, 20, 30].map((at) => append('counter-1', [event!], BigInt(at) as Revision));
    expect(await Promise.all(results)).toEqual(
      [10n, 20n, 30n].map((at) => ({ ok: true, revision: at + 1n, position: { commit: at, prepare: 7n } })),
    );
    expect(written.count).toBe(1);
  });

  it.each([
    ['WrongExpectedVersion', 'conflict'],
    ['StreamDeleted', 'conflict'],
    ['MaximumAppendSizeExceeded', 'too-large'],
    ['MaximumAppendEventSizeExceeded', 'too-large'],
  ])('has the outcome of %s', async (kind, reason) => {
    const { append } = streams(
      clientOf((request, call) => {
        const details = new Any();
        details.pack(new Uint8Array(), `event_store.client.${kind}`);
        const answer = new BatchAppendResp().setError(new status.Status().setDetails(details));
        call.emit('data', answer.setCorrelationId(inHalves(request.getCorrelationId()!.getString())));
      }),
    );
    const [event] = fc.sample(newEvent, 1);
    expect(await append('counter-1', [event!], 'no-stream')).toEqual({ ok: false, reason });
  });

  it.each([
    'Could not recognize MaximumAppendEventSizeExceeded',
    '3 INVALID_ARGUMENT: Event with Id: 7, Size: 9, exceeds Maximum Append Event Size of 8.',
  ])('is too large when the client says: %s', async (message) => {
    const client = {
      GRPCStreamCreator: () => () => expect.unreachable('connected'),
      supports: async () => false,
      appendToStream: async () => Promise.reject(new Error(message)),
    };
    const { append } = streams(client as unknown as EventStoreClient);
    const [event] = fc.sample(newEvent, 1);
    expect(await append('counter-1', [event!], 'no-stream')).toEqual({ ok: false, reason: 'too-large' });
  });

  it('becomes unavailable at once when the server ends the call', async () => {
    const { append } = streams(clientOf((_request, call) => call.emit('end')));
    const [event] = fc.sample(newEvent, 1);
    await expect(append('counter-1', [event!], 'no-stream')).rejects.toThrow('it ended the call');
  });
});
