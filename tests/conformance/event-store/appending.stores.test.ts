import { randomUUID } from 'node:crypto';
import { binaryEvent, jsonEvent } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { collect, events, numbers, refusal, revisions, uniqueStream, useServer } from './server.ts';

const server = useServer();

describe('an append', () => {
  it('answers with the revision and position of its last event', async () => {
    const stream = uniqueStream();
    const result = await server.client.appendToStream(stream, events(3), { expectedRevision: 'no_stream' });
    const found = await collect(server.client.readStream(stream));
    expect(result).toMatchObject({ success: true, nextExpectedRevision: 2n });
    expect(revisions(found)).toEqual([0, 1, 2]);
    expect(found[2]!.position).toEqual(result.position);
    expect(result.position!.commit).toBe(result.position!.prepare);
  });

  it('gives every event of one append its own, growing position', async () => {
    const stream = uniqueStream();
    await server.client.appendToStream(stream, events(3));
    const [first, second, third] = (await collect(server.client.readStream(stream))).map((e) => e.position!.commit);
    expect(first! < second! && second! < third!).toBe(true);
  });

  it('accepts no stream, the exact revision and any', async () => {
    const stream = uniqueStream();
    const append = (expectedRevision: 'any' | 'no_stream' | bigint) =>
      server.client.appendToStream(stream, events(1), { expectedRevision });
    await append('no_stream');
    await append(0n);
    expect((await append('any')).nextExpectedRevision).toBe(2n);
  });

  it.each([
    ['no_stream on a stream that is there', 1, 'no_stream', 'no_stream', 0n],
    ['a revision that is behind', 3, 0n, 0n, 2n],
    ['a revision that is ahead', 1, 7n, 7n, 0n],
    ['a revision on a stream that is not there', 0, 0n, 0n, 'no_stream'],
  ] as const)(
    'refuses %s with what it expected and found',
    async (_case, before, expectedRevision, expected, actual) => {
      const stream = uniqueStream();
      if (before > 0) await server.client.appendToStream(stream, events(before));
      const error = await refusal(server.client.appendToStream(stream, events(1), { expectedRevision }));
      expect({ ...error }).toMatchObject({
        type: 'wrong-expected-version',
        streamName: stream,
        expectedVersion: expected,
        actualVersion: actual,
      });
      expect(error.message).toBe('');
      expect(error.code).toBeUndefined();
    },
  );

  it('writes nothing of a refused append', async () => {
    const stream = uniqueStream();
    await server.client.appendToStream(stream, events(1));
    await refusal(server.client.appendToStream(stream, events(5), { expectedRevision: 'no_stream' }));
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0]);
  });

  it('accepts 900 KiB and refuses more than 1 MiB in one append', async () => {
    const stream = uniqueStream();
    const sized = (bytes: number) => binaryEvent({ type: 'Large', data: new Uint8Array(bytes) });
    await server.client.appendToStream(stream, sized(900 * 1024));
    const one = await refusal(server.client.appendToStream(stream, sized(1024 * 1024 + 1)));
    const parts = Array.from({ length: 11 }, () => sized(100 * 1024));
    const several = await refusal(server.client.appendToStream(stream, parts));
    expect(one).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1_048_576 });
    expect(several).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1_048_576 });
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0]);
  });

  it('keeps data, metadata, type and id unchanged', async () => {
    const stream = uniqueStream('Übung 🚲');
    const id = randomUUID();
    const data = { text: 'ä\u0000🚲"\\', nested: [1, null, { deep: 1e21 }] };
    const metadata = { $correlationId: id, who: 'ß' };
    await server.client.appendToStream(stream, jsonEvent({ id, type: 'Tÿpe-🚲', data, metadata }));
    const [event] = await collect(server.client.readStream(stream));
    expect(event).toMatchObject({ streamId: stream, id, type: 'Tÿpe-🚲', data, metadata, isJson: true });
  });

  it('keeps binary data and metadata byte for byte', async () => {
    const stream = uniqueStream();
    const bytes = Uint8Array.from({ length: 512 }, (_, n) => n % 256);
    const metadata = Uint8Array.from([0, 255, 1, 254]);
    await server.client.appendToStream(stream, binaryEvent({ type: 'Bytes', data: bytes, metadata }));
    const [event] = await collect(server.client.readStream(stream));
    expect(event!.isJson).toBe(false);
    expect(Buffer.from(event!.data as Uint8Array).equals(bytes)).toBe(true);
    expect(Buffer.from(event!.metadata as unknown as Uint8Array).equals(metadata)).toBe(true);
  });

  it('records the time of the event', async () => {
    const stream = uniqueStream();
    const before = Date.now();
    await server.client.appendToStream(stream, events(1));
    const [event] = await collect(server.client.readStream(stream));
    expect(Math.abs(event!.created.getTime() - before)).toBeLessThan(60_000);
  });
});

it('keeps the order of 200 concurrent appends', async () => {
  const stream = uniqueStream();
  await Promise.all(events(200).map((event) => server.client.appendToStream(stream, event)));
  expect(numbers(await collect(server.client.readStream(stream)))).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

it('accepts exactly one of many appends that expect the same revision', async () => {
  const stream = uniqueStream();
  await server.client.appendToStream(stream, events(1));
  const attempts = await Promise.allSettled(
    Array.from({ length: 32 }, () => server.client.appendToStream(stream, events(1), { expectedRevision: 0n })),
  );
  expect(attempts.filter((attempt) => attempt.status === 'fulfilled')).toHaveLength(1);
  expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
});
