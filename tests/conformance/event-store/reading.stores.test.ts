import { describe, expect, it } from 'vitest';
import { collect, events, numbers, ours, refusal, revisions, uniqueStream, useServer } from './server.ts';

const server = useServer();

async function streamOf(count: number) {
  const stream = uniqueStream();
  const { position } = await server.client.appendToStream(stream, events(count));
  return { stream, position: position! };
}

describe('a stream', () => {
  it.each([
    ['forwards from the start', {}, [0, 1, 2, 3, 4]],
    ['forwards from a revision, which is included', { fromRevision: 2n }, [2, 3, 4]],
    ['forwards with a maximum', { fromRevision: 1n, maxCount: 2 }, [1, 2]],
    ['backwards from the end', { direction: 'backwards', fromRevision: 'end' }, [4, 3, 2, 1, 0]],
    ['backwards from a revision, which is included', { direction: 'backwards', fromRevision: 2n }, [2, 1, 0]],
    ['backwards with a maximum', { direction: 'backwards', fromRevision: 'end', maxCount: 1 }, [4]],
    ['backwards from beyond its end', { direction: 'backwards', fromRevision: 1_000n, maxCount: 2 }, [4, 3]],
    ['forwards from beyond its end: nothing', { fromRevision: 5n }, []],
  ] as const)('reads %s', async (_case, options, expected) => {
    const { stream } = await streamOf(5);
    expect(revisions(await collect(server.client.readStream(stream, options)))).toEqual(expected);
  });

  it('reads more events than any page holds, in order', async () => {
    const { stream } = await streamOf(2_000);
    const found = await collect(server.client.readStream(stream));
    expect(numbers(found)).toEqual(Array.from({ length: 2_000 }, (_, n) => n));
    const backwards = await collect(server.client.readStream(stream, { direction: 'backwards', fromRevision: 'end' }));
    expect(numbers(backwards)).toEqual(numbers(found).reverse());
  });

  it('that does not exist is stream-not-found, in both directions', async () => {
    const stream = uniqueStream();
    const forwards = await refusal(collect(server.client.readStream(stream)));
    const options = { direction: 'backwards', fromRevision: 'end' } as const;
    const backwards = await refusal(collect(server.client.readStream(stream, options)));
    expect(forwards).toMatchObject({ type: 'stream-not-found', streamName: stream });
    expect(backwards).toMatchObject({ type: 'stream-not-found', streamName: stream });
  });

  it('refuses to be read forwards from its end', async () => {
    const { stream } = await streamOf(1);
    expect((await refusal(collect(server.client.readStream(stream, { fromRevision: 'end' })))).type).toBe('unknown');
  });

  it('refuses a maximum of 0 events', async () => {
    const { stream } = await streamOf(1);
    expect(await refusal(collect(server.client.readStream(stream, { maxCount: 0 })))).toBeInstanceOf(Error);
  });

  it('allows a reader to stop in the middle', async () => {
    const { stream } = await streamOf(2_000);
    let seen = 0;
    for await (const _ of server.client.readStream(stream)) if (++seen === 10) break;
    expect(revisions(await collect(server.client.readStream(stream, { maxCount: 1 })))).toEqual([0]);
  });
});

describe('$all', () => {
  it('reads forwards from a position, which is included', async () => {
    const { stream } = await streamOf(3);
    const [first] = await collect(server.client.readStream(stream));
    const found = await collect(server.client.readAll({ fromPosition: first!.position!, maxCount: 1 }));
    expect(found[0]).toMatchObject({ id: first!.id, streamId: stream });
  });

  it('reads backwards from a position, which is not included', async () => {
    const { stream, position } = await streamOf(3);
    const found = await collect(server.client.readAll({ direction: 'backwards', fromPosition: position, maxCount: 2 }));
    expect(found.map((event) => event.streamId)).toEqual([stream, stream]);
    expect(revisions(found)).toEqual([1, 0]);
  });

  it('reads backwards from the end', async () => {
    const { stream } = await streamOf(2);
    const found = await ours(server.client, { direction: 'backwards', fromPosition: 'end' }, [stream], 2);
    expect(revisions(found)).toEqual([1, 0]);
  });

  it('has the events of all streams in the order of their appends, positions growing', async () => {
    const [one, other] = [uniqueStream(), uniqueStream()];
    const { position } = await server.client.appendToStream(one, events(1));
    await server.client.appendToStream(other, events(1));
    await server.client.appendToStream(one, events(1));
    const found = await ours(server.client, { fromPosition: position! }, [one, other], 3);
    expect(found.map((event) => event.streamId)).toEqual([one, other, one]);
    const commits = found.map((event) => event.position!.commit);
    expect(commits.every((commit, n) => n === 0 || commit > commits[n - 1]!)).toBe(true);
  });
});
