import { describe, expect, it } from 'vitest';
import { collect, events, refusal, revisions, uniqueStream, useServer } from './server.ts';

const server = useServer();

describe('an append of ids that are already stored', () => {
  it.each([
    ['no_stream', 0],
    [0n, 1],
  ] as const)('answers %s with the original revision and position', async (expectedRevision, before) => {
    const stream = uniqueStream();
    if (before > 0) await server.client.appendToStream(stream, events(before));
    const batch = events(2);
    const first = await server.client.appendToStream(stream, batch, { expectedRevision });
    await server.client.appendToStream(stream, events(3));
    expect(await server.client.appendToStream(stream, batch, { expectedRevision })).toEqual(first);
    expect(await collect(server.client.readStream(stream))).toHaveLength(before + 5);
  });

  it('decides by the id, not by the data', async () => {
    const stream = uniqueStream();
    const [event] = events(1);
    const first = await server.client.appendToStream(stream, event!, { expectedRevision: 'no_stream' });
    const other = { ...event!, data: { n: 'another' } };
    expect(await server.client.appendToStream(stream, other, { expectedRevision: 'no_stream' })).toEqual(first);
    expect((await collect(server.client.readStream(stream))).map((found) => found.data)).toEqual([{ n: 0 }]);
  });

  it('writes a second copy when the expected revision is the current one', async () => {
    const stream = uniqueStream();
    const batch = events(1);
    await server.client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    await server.client.appendToStream(stream, batch, { expectedRevision: 0n });
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
  });

  it('refuses one stored and one new id', async () => {
    const stream = uniqueStream();
    const [stored, fresh] = events(2);
    await server.client.appendToStream(stream, stored!);
    const error = await refusal(
      server.client.appendToStream(stream, [stored!, fresh!], { expectedRevision: 'no_stream' }),
    );
    expect(error.type).toBe('wrong-expected-version');
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0]);
  });

  it('treats an id that is stored in another stream as new', async () => {
    const [one, other] = [uniqueStream(), uniqueStream()];
    const batch = events(1);
    await server.client.appendToStream(one, batch, { expectedRevision: 'no_stream' });
    await server.client.appendToStream(other, batch, { expectedRevision: 'no_stream' });
    expect(revisions(await collect(server.client.readStream(other)))).toEqual([0]);
  });

  it('answers without a position when the events are no longer readable', async () => {
    const stream = uniqueStream();
    const batch = events(2);
    await server.client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    await server.client.appendToStream(stream, events(1));
    await server.client.setStreamMetadata(stream, { maxCount: 1 });
    const again = await server.client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    expect(again).toEqual({ success: true, nextExpectedRevision: 1n, position: undefined });
  });

  it('writes the same id twice when one append has it twice', async () => {
    const stream = uniqueStream();
    const [event] = events(1);
    await server.client.appendToStream(stream, [event!, event!]);
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
  });

  it('writes once when two appends race with the same ids, and then answers a repetition like the first', async () => {
    const stream = uniqueStream();
    const batch = events(2);
    const append = () => server.client.appendToStream(stream, batch, { expectedRevision: 'no_stream' });
    // EventStoreDB lets the second time out if the first is written but not yet indexed.
    const both = await Promise.allSettled([append(), append()]);
    const first = both.find((attempt) => attempt.status === 'fulfilled');
    expect(await append()).toEqual(first!.value);
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
  });
});
