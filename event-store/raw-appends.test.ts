import messages from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventStoreClient } from './client.ts';
import { appendRequest } from './raw-appends.ts';
import { streams } from './streams.ts';
import type { NewEvent, Revision } from './types.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1 });
const half = fc.nat({ max: Number.MAX_SAFE_INTEGER });
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
  half.map((revision) => BigInt(revision) as Revision),
);

const parsed = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

describe('a request to append', () => {
  it('is read by the client’s own classes as it was meant', () => {
    fc.assert(
      fc.property(
        fc.tuple(half, half),
        text,
        fc.array(newEvent, { minLength: 1, maxLength: 3 }),
        expectedRevision,
        (id, stream, events, expected) => {
          const request = messages.BatchAppendReq.deserializeBinary(appendRequest(id, stream, events, expected));
          const uuid = request.getCorrelationId()!.getStructured()!;
          const options = request.getOptions()!;
          expect([uuid.getMostSignificantBits(), uuid.getLeastSignificantBits()]).toEqual(id.map(String));
          expect(Buffer.from(options.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe(stream);
          expect(options.hasNoStream()).toBe(expected === 'no-stream');
          if (expected !== 'no-stream') expect(options.getStreamPosition()).toBe(String(expected));
          expect(options.getDeadline()!.getSeconds() * 1000).toBeGreaterThan(Date.now());
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

  it('is the client’s own where the server has no long-lived calls for appends', async () => {
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
});
