import { describe, expect, it } from 'vitest';
import { collect, events, numbers, ours, refusal, revisions, uniqueStream, useServer } from './server.ts';

const server = useServer();

async function streamOf(count: number) {
  const stream = uniqueStream();
  await server.client.appendToStream(stream, events(count));
  return stream;
}

const read = (stream: string) => collect(server.client.readStream(stream));

describe('stream metadata', () => {
  it('is returned as set, including custom properties', async () => {
    const stream = await streamOf(1);
    await server.client.setStreamMetadata(stream, { maxCount: 7, maxAge: 60, owner: 'Ü' });
    expect(await server.client.getStreamMetadata(stream)).toMatchObject({
      streamName: stream,
      metadata: { maxCount: 7, maxAge: 60, owner: 'Ü' },
    });
  });

  it('is absent where none was set', async () => {
    expect((await server.client.getStreamMetadata(uniqueStream())).metadata).toBeUndefined();
  });

  it('is replaced as a whole, and its stream shows only the last event', async () => {
    const stream = await streamOf(1);
    await server.client.setStreamMetadata(stream, { maxCount: 7 });
    await server.client.setStreamMetadata(stream, { owner: 'you' });
    expect((await server.client.getStreamMetadata(stream)).metadata).toEqual({ owner: 'you' });
    expect(revisions(await read(`$$${stream}`))).toEqual([1]);
  });

  it('obeys the expected revision of its own stream', async () => {
    const stream = await streamOf(5);
    await server.client.setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision: 'no_stream' });
    const again = server.client.setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 'no_stream' });
    expect((await refusal(again)).type).toBe('wrong-expected-version');
  });

  it('$maxCount leaves the newest events readable, in both directions, and keeps doing so', async () => {
    const stream = await streamOf(10);
    await server.client.setStreamMetadata(stream, { maxCount: 3 });
    expect(revisions(await read(stream))).toEqual([7, 8, 9]);
    const backwards = server.client.readStream(stream, { direction: 'backwards', fromRevision: 'end' });
    expect(revisions(await collect(backwards))).toEqual([9, 8, 7]);
    await server.client.appendToStream(stream, events(1), { expectedRevision: 9n });
    expect(revisions(await read(stream))).toEqual([8, 9, 10]);
  });

  it('$tb hides the events before it', async () => {
    const stream = await streamOf(10);
    await server.client.setStreamMetadata(stream, { truncateBefore: 6 });
    expect(revisions(await read(stream))).toEqual([6, 7, 8, 9]);
    expect(revisions(await collect(server.client.readStream(stream, { fromRevision: 2n, maxCount: 2 })))).toEqual([
      6, 7,
    ]);
  });

  it('$maxAge hides events that are older', async () => {
    const stream = await streamOf(3);
    await server.client.setStreamMetadata(stream, { maxAge: 60 });
    expect(revisions(await read(stream))).toEqual([0, 1, 2]);
    await server.client.setStreamMetadata(stream, { maxAge: 1 });
    await expect.poll(async () => revisions(await read(stream)), { interval: 100 }).toEqual([]);
    await server.client.appendToStream(stream, events(1), { expectedRevision: 2n });
    expect(revisions(await read(stream))).toEqual([3]);
  });

  it('hides nothing from $all', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(stream, events(1));
    await server.client.appendToStream(stream, events(4));
    await server.client.setStreamMetadata(stream, { maxCount: 1 });
    const found = await ours(server.client, { fromPosition: position! }, [stream], 5);
    expect(revisions(found)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('a soft-deleted stream', () => {
  it('reads as stream-not-found', async () => {
    const stream = await streamOf(3);
    expect((await server.client.deleteStream(stream)).position).toBeDefined();
    expect((await refusal(read(stream))).type).toBe('stream-not-found');
  });

  it.each([['no_stream'], ['any'], [2n]] as const)(
    'comes back by an append with %s, and its numbering goes on',
    async (expectedRevision) => {
      const stream = await streamOf(3);
      await server.client.deleteStream(stream);
      const result = await server.client.appendToStream(stream, events(2), { expectedRevision });
      expect(result.nextExpectedRevision).toBe(4n);
      expect(revisions(await read(stream))).toEqual([3, 4]);
      expect((await server.client.getStreamMetadata(stream)).metadata).toMatchObject({ truncateBefore: 3 });
    },
  );

  it('is not deleted when the expected revision is another', async () => {
    const stream = await streamOf(3);
    const error = await refusal(server.client.deleteStream(stream, { expectedRevision: 0n }));
    expect(error).toMatchObject({ type: 'wrong-expected-version', streamName: stream, actualVersion: 2n });
    expect(revisions(await read(stream))).toEqual([0, 1, 2]);
  });

  it('is deleted when the expected revision is the last', async () => {
    const stream = await streamOf(3);
    await server.client.deleteStream(stream, { expectedRevision: 2n });
    expect((await refusal(read(stream))).type).toBe('stream-not-found');
  });

  it('is still in $all', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(stream, events(1));
    await server.client.deleteStream(stream);
    const [event] = await collect(server.client.readAll({ fromPosition: position!, maxCount: 1 }));
    expect(event!.streamId).toBe(stream);
  });
});

describe('a tombstoned stream', () => {
  it('is stream-deleted for reads, appends, subscriptions and deletes', async () => {
    const stream = await streamOf(3);
    expect((await server.client.tombstoneStream(stream)).position).toBeDefined();
    expect(await refusal(read(stream))).toMatchObject({ type: 'stream-deleted', streamName: stream });
    for (const expectedRevision of ['any', 'no_stream', 2n] as const) {
      const append = server.client.appendToStream(stream, events(1), { expectedRevision });
      expect(await refusal(append)).toMatchObject({ type: 'stream-deleted', streamName: stream });
    }
    expect((await refusal(server.client.deleteStream(stream))).type).toBe('stream-deleted');
    expect((await refusal(collect(server.client.subscribeToStream(stream)))).type).toBe('stream-deleted');
  });

  it('is not tombstoned when the expected revision is another', async () => {
    const stream = await streamOf(3);
    const error = await refusal(server.client.tombstoneStream(stream, { expectedRevision: 0n }));
    expect(error.type).toBe('wrong-expected-version');
    expect(numbers(await read(stream))).toEqual([0, 1, 2]);
  });
});
