import { describe, expect, it } from 'vitest';
import { CREDENTIALS, collect, events, refusal, revisions, uniqueStream, useServer } from './server.ts';

const server = useServer();

describe.each([
  ['BatchAppend', {}],
  ['Append', { credentials: CREDENTIALS }],
])('%s of ids that are already stored', (_name, call) => {
  type Expected = 'any' | 'no_stream' | 'stream_exists' | bigint;

  it.each([['no_stream'], ['any']] as const)(
    'answers %s with the original revision and position',
    async (expectedRevision) => {
      const stream = uniqueStream();
      const batch = events(2);
      const first = await server.client.appendToStream(stream, batch, { ...call, expectedRevision });
      await server.client.appendToStream(stream, events(3), call);
      expect(await server.client.appendToStream(stream, batch, { ...call, expectedRevision })).toEqual(first);
      expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1, 2, 3, 4]);
    },
  );

  it.each([[0n], ['stream_exists']] as const)(
    'answers %s with the original revision and position',
    async (expectedRevision) => {
      const stream = uniqueStream();
      await server.client.appendToStream(stream, events(1), call);
      const batch = events(2);
      const first = await server.client.appendToStream(stream, batch, {
        ...call,
        expectedRevision: expectedRevision as Expected,
      });
      await server.client.appendToStream(stream, events(3), call);
      expect(await server.client.appendToStream(stream, batch, { ...call, expectedRevision })).toEqual(first);
      expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1, 2, 3, 4, 5]);
    },
  );

  it('decides by the id, not by the data', async () => {
    const stream = uniqueStream();
    const [event] = events(1);
    const first = await server.client.appendToStream(stream, event!, { ...call, expectedRevision: 'no_stream' });
    const other = { ...event!, data: { n: 'another' } };
    expect(await server.client.appendToStream(stream, other, { ...call, expectedRevision: 'no_stream' })).toEqual(
      first,
    );
    expect((await collect(server.client.readStream(stream))).map((found) => found.data)).toEqual([{ n: 0 }]);
  });

  it('writes a second copy when the expected revision is the current one', async () => {
    const stream = uniqueStream();
    const batch = events(1);
    await server.client.appendToStream(stream, batch, { ...call, expectedRevision: 'no_stream' });
    await server.client.appendToStream(stream, batch, { ...call, expectedRevision: 0n });
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
  });

  it.each([['no_stream'], ['any']] as const)('refuses one stored and one new id with %s', async (expectedRevision) => {
    const stream = uniqueStream();
    const [stored, fresh] = events(2);
    await server.client.appendToStream(stream, stored!, call);
    const error = await refusal(server.client.appendToStream(stream, [stored!, fresh!], { ...call, expectedRevision }));
    expect(error.type).toBe('wrong-expected-version');
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0]);
  });

  it('treats an id that is stored in another stream as new', async () => {
    const [one, other] = [uniqueStream(), uniqueStream()];
    const batch = events(1);
    await server.client.appendToStream(one, batch, { ...call, expectedRevision: 'no_stream' });
    await server.client.appendToStream(other, batch, { ...call, expectedRevision: 'no_stream' });
    expect(revisions(await collect(server.client.readStream(other)))).toEqual([0]);
  });

  it.each([['any'], ['stream_exists']] as const)(
    'takes an id that another stream had first as new with %s, every time',
    async (expectedRevision) => {
      const [one, other] = [uniqueStream(), uniqueStream()];
      const [event, start] = events(2);
      await server.client.appendToStream(one, event!, call);
      await server.client.appendToStream(other, start!, call);
      await server.client.appendToStream(other, event!, { ...call, expectedRevision });
      await server.client.appendToStream(other, event!, { ...call, expectedRevision });
      expect(revisions(await collect(server.client.readStream(other)))).toEqual([0, 1, 2]);
    },
  );

  it('answers without a position when the events are no longer readable', async () => {
    const stream = uniqueStream();
    const batch = events(2);
    await server.client.appendToStream(stream, batch, { ...call, expectedRevision: 'no_stream' });
    await server.client.appendToStream(stream, events(1), call);
    await server.client.setStreamMetadata(stream, { truncateBefore: 2 });
    const again = await server.client.appendToStream(stream, batch, { ...call, expectedRevision: 'no_stream' });
    expect(again).toEqual({ success: true, nextExpectedRevision: 1n, position: undefined });
  });

  it('writes the same id twice when one append has it twice', async () => {
    const stream = uniqueStream();
    const [event] = events(1);
    await server.client.appendToStream(stream, [event!, event!], call);
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
  });

  it('writes once when two appends race with the same ids, and then answers a repetition like the first', async () => {
    const stream = uniqueStream();
    const batch = events(2);
    const append = () => server.client.appendToStream(stream, batch, { ...call, expectedRevision: 'no_stream' });
    // EventStoreDB lets the second time out if the first is written but not yet indexed.
    const both = await Promise.allSettled([append(), append()]);
    const first = both.find((attempt) => attempt.status === 'fulfilled');
    expect(await append()).toEqual(first!.value);
    expect(revisions(await collect(server.client.readStream(stream)))).toEqual([0, 1]);
  });
});
