import { describe, expect, it } from 'vitest';
import { collect, events, ours, refusal, revisions, uniqueStream, useServer } from './server.ts';

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

  it('hides nothing from $all', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(stream, events(1));
    await server.client.appendToStream(stream, events(4));
    await server.client.setStreamMetadata(stream, { maxCount: 1 });
    const found = await ours(server.client, { fromPosition: position! }, [stream], 5);
    expect(revisions(found)).toEqual([0, 1, 2, 3, 4]);
  });
});
