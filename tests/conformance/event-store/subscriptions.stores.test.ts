import { eventTypeFilter, jsonEvent, type Position, streamNameFilter } from '@eventstore/db-client';
import { describe, expect, it } from 'vitest';
import { events, numbers, revisions, uniqueStream, useServer, watch } from './server.ts';

const server = useServer();
/** Selects the events of one stream. */
const only = (stream: string) => streamNameFilter({ regex: `^${stream}$` });
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('a subscription to $all', () => {
  it('starts after the position it is given, with commit and prepare position on every event', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(stream, events(1));
    await server.client.appendToStream(stream, events(2));
    const filter = only(stream);
    const subscription = server.client.subscribeToAll({ fromPosition: position!, filter });
    const watched = watch(subscription);
    await watched.count(2);
    expect(revisions(watched.found)).toEqual([1, 2]);
    for (const event of watched.found) expect(event.position!.commit).toBe(event.position!.prepare);
    await subscription.unsubscribe();
  });

  it('loses and repeats nothing while it catches up under appends', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(uniqueStream(), events(1));
    await server.client.appendToStream(stream, events(1_000));
    const subscription = server.client.subscribeToAll({ fromPosition: position!, filter: only(stream) });
    const watched = watch(subscription);
    for (let n = 0; n < 20; n++) await server.client.appendToStream(stream, events(10));
    await watched.count(1_200);
    expect(revisions(watched.found)).toEqual(upTo(1_200));
    expect(watched.told[0]).toBe('confirmation');
    await subscription.unsubscribe();
  });

  it('without a filter delivers every event, caught up and live', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(stream, events(3));
    const subscription = server.client.subscribeToAll({ fromPosition: position! });
    const watched = watch(subscription);
    await watched.heard('caughtUp');
    await server.client.appendToStream(stream, events(2));
    const ours = () => watched.found.filter((event) => event.streamId === stream);
    await watched.until(() => ours().length === 2);
    expect(revisions(ours())).toEqual([3, 4]);
    await subscription.unsubscribe();
  });

  it('from the end has only later events', async () => {
    const stream = uniqueStream();
    await server.client.appendToStream(stream, events(2));
    const subscription = server.client.subscribeToAll({
      fromPosition: 'end',
      filter: only(stream),
    });
    const watched = watch(subscription);
    await watched.heard('caughtUp');
    await server.client.appendToStream(stream, events(1));
    await watched.count(1);
    expect(revisions(watched.found)).toEqual([2]);
    await subscription.unsubscribe();
  });

  it('from beyond the end, as after a restored backup, has later events', async () => {
    const stream = uniqueStream();
    const subscription = server.client.subscribeToAll({
      fromPosition: { commit: 1n << 50n, prepare: 1n << 50n },
      filter: only(stream),
    });
    const watched = watch(subscription);
    await watched.heard('caughtUp');
    await server.client.appendToStream(stream, events(1));
    await watched.count(1);
    expect(revisions(watched.found)).toEqual([0]);
    await subscription.unsubscribe();
  });

  it.each([
    ['a pattern of the stream name', (key: string) => streamNameFilter({ regex: `^${key}[bc]` }), [1, 2]],
    ['a pattern of the event type', (key: string) => eventTypeFilter({ regex: `^${key}[AC]$` }), [0, 2]],
  ] as const)('filters by %s, caught up and live', async (_case, filterOf, expected) => {
    const key = uniqueStream('filter');
    const append = async () => {
      for (const [n, letter] of ['a', 'b', 'c'].entries()) {
        const event = jsonEvent({ type: key + letter.toUpperCase(), data: { n } });
        await server.client.appendToStream(`${key}${letter}`, event);
      }
    };
    const { position } = await server.client.appendToStream(uniqueStream(), events(1));
    await append();
    const subscription = server.client.subscribeToAll({ fromPosition: position!, filter: filterOf(key) });
    const watched = watch(subscription);
    await watched.heard('caughtUp');
    await append();
    await watched.count(4);
    expect(numbers(watched.found)).toEqual([...expected, ...expected]);
    await subscription.unsubscribe();
  });

  it('delivers each of ten subscribers its filtered events', async () => {
    const key = uniqueStream('ten');
    const subscriptions = upTo(10).map((n) =>
      server.client.subscribeToAll({ fromPosition: 'end', filter: only(`${key}.${n}.x`) }),
    );
    const watched = subscriptions.map((subscription) => watch(subscription));
    await Promise.all(watched.map((each) => each.heard('caughtUp')));
    await Promise.all(
      upTo(200).map((n) =>
        server.client.appendToStream(`${key}.${n % 10}.x`, jsonEvent({ type: 'Happened', data: { n } })),
      ),
    );
    await Promise.all(watched.map((each) => each.count(20)));
    for (const [n, each] of watched.entries()) expect(numbers(each.found)).toEqual(upTo(20).map((k) => k * 10 + n));
    await Promise.all(subscriptions.map((subscription) => subscription.unsubscribe()));
  });
});

describe('checkpoints', () => {
  it('come live every checkpointInterval × maxSearchWindow considered events, whether they match or not', async () => {
    const stream = uniqueStream();
    const checkpoints: Position[] = [];
    const subscription = server.client.subscribeToAll({
      fromPosition: 'end',
      filter: streamNameFilter({
        regex: '^nothing-has-this-name$',
        maxSearchWindow: 10,
        checkpointInterval: 2,
        checkpointReached: (_subscription, position) => void checkpoints.push(position),
      }),
    });
    const watched = watch(subscription);
    await watched.heard('caughtUp');
    let last = 0n;
    for (let n = 0; n < 110; n++) {
      last = (await server.client.appendToStream(stream, events(1))).position!.commit;
    }
    await expect.poll(() => checkpoints.length).toBeGreaterThanOrEqual(5);
    for (const checkpoint of checkpoints) expect(checkpoint.commit).toBe(checkpoint.prepare);
    expect(checkpoints.every((checkpoint, n) => n === 0 || checkpoint.commit > checkpoints[n - 1]!.commit)).toBe(true);
    expect(checkpoints[0]!.commit < last).toBe(true);
    await subscription.unsubscribe();
  });

  it('let a subscription continue without losing an event', async () => {
    const stream = uniqueStream();
    const { position } = await server.client.appendToStream(uniqueStream(), events(1));
    for (let n = 0; n < 10; n++) {
      await server.client.appendToStream(stream, events(30));
      await server.client.appendToStream(uniqueStream(), events(30));
    }
    const before: { checkpoint: Position; seen: number }[] = [];
    const filter = (reached?: (position: Position) => void) =>
      streamNameFilter({
        regex: `^${stream}$`,
        checkpointInterval: 1,
        ...(reached ? { checkpointReached: (_subscription: unknown, position: Position) => reached(position) } : {}),
      });
    const first = server.client.subscribeToAll({
      fromPosition: position!,
      filter: filter((checkpoint) => void before.push({ checkpoint, seen: firstWatched.found.length })),
    });
    const firstWatched = watch(first);
    await firstWatched.count(300);
    await first.unsubscribe();
    expect(before.length).toBeGreaterThan(0);
    const { checkpoint, seen } = before[Math.floor(before.length / 2)]!;
    const second = server.client.subscribeToAll({ fromPosition: checkpoint, filter: filter() });
    const secondWatched = watch(second);
    await secondWatched.until(() => secondWatched.found.at(-1)?.revision === 299n);
    expect(Number(secondWatched.found[0]!.revision)).toBeLessThanOrEqual(seen);
    expect(revisions(secondWatched.found)).toEqual(upTo(300).slice(Number(secondWatched.found[0]!.revision)));
    await second.unsubscribe();
  });
});

it('drops a live subscriber that does not read, instead of buffering for it', async () => {
  const stream = uniqueStream();
  const subscription = server.client.subscribeToAll({
    fromPosition: 'end',
    filter: only(stream),
  });
  const watched = watch(subscription);
  await watched.heard('caughtUp');
  subscription.pause();
  const data = { text: 'x'.repeat(1_000) };
  for (let n = 0; n < 16; n++) {
    await server.client.appendToStream(
      stream,
      upTo(500).map(() => jsonEvent({ type: 'Happened', data })),
    );
  }
  subscription.resume();
  expect(await watched.error()).toMatchObject({ type: 'timeout', code: 10 });
  expect(watched.found.length).toBeLessThan(8_000);
});
