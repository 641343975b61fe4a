import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { type PullOptions, pullBatches } from './subscription.ts';
import { type EventBatch, type Position, type Revision, START, WrongEventStoreError } from './types.ts';

const at = (commit: number): Position => ({ commit: BigInt(commit), prepare: BigInt(commit) });

const eventAt = (n: number) => ({ id: `${n}`, stream: 's', revision: 0n as Revision, position: at(n) });

/** A log of numbered events, with the client's side of a subscription to it. */
const fakeStore = (count: number) => {
  const opened: { from: number; stream: FakeSubscription }[] = [];
  let open = 0;
  let mostOpen = 0;
  let length = count;
  let onRead = (_event: number, _stream: FakeSubscription): void => {};

  type FakeSubscription = Readable & { unsubscribe(): Promise<void> };
  type Filter = { checkpointReached(subscription: Readable, position: Position): void };

  const subscribeToAll = (
    { fromPosition, filter }: { fromPosition: 'start' | Position; filter: Filter },
    { readableHighWaterMark: highWaterMark }: { readableHighWaterMark: number },
  ) => {
    let next = fromPosition === 'start' ? 1 : Number(fromPosition.commit) + 1;
    let caughtUp = false;
    let wake: (() => void) | undefined;
    const stream = Object.assign(
      new Readable({
        objectMode: true,
        highWaterMark,
        read() {
          setImmediate(() => {
            if (stream.destroyed || deaf.has(stream)) return;
            if (next > length) {
              if (!caughtUp) stream.emit('caughtUp');
              caughtUp = true;
              wake = () => stream._read(1);
              return;
            }
            const event = next++;
            // Like the client: callbacks run when their message arrives, before earlier events are read.
            if (event % 10 === 0) filter.checkpointReached(stream, at(event - 1));
            stream.push({
              event: {
                id: `${event}`,
                type: 'Counted',
                streamId: 's',
                revision: 0n,
                position: at(event),
                data: {},
                metadata: {},
              },
            });
            onRead(event, stream);
          });
        },
      }),
      {
        async unsubscribe() {
          open -= 1;
        },
      },
    );
    open += 1;
    mostOpen = Math.max(mostOpen, open);
    opened.push({ from: next, stream });
    grow.push(() => wake?.());
    return stream;
  };
  const grow: (() => void)[] = [];
  const deaf = new Set<Readable>();

  return {
    client: { subscribeToAll } as unknown as PullOptions['client'],
    opened,
    mostOpen: () => mostOpen,
    open: () => open,
    onRead(react: typeof onRead) {
      onRead = react;
    },
    append(more: number) {
      length += more;
      for (const wakeUp of grow) wakeUp();
    },
    /** Lets a subscription receive nothing more. */
    fallSilent(stream: Readable) {
      deaf.add(stream);
    },
    /** Appends events that existing subscriptions do not receive. */
    appendUnheard(more: number) {
      for (const { stream } of opened) deaf.add(stream);
      length += more;
    },
  };
};

const numbers = (batches: readonly EventBatch[]) =>
  batches.flatMap(({ events }) => events.map(({ position }) => Number(position.commit)));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe('a pulled subscription', () => {
  const stopping: AbortController[] = [];
  afterEach(() => {
    for (const controller of stopping.splice(0)) controller.abort();
  });

  const pull = (store: ReturnType<typeof fakeStore>, options: Partial<PullOptions> = {}) => {
    const controller = new AbortController();
    stopping.push(controller);
    const drops: string[] = [];
    const batches = pullBatches({
      client: store.client,
      from: START,
      maxBatch: 16,
      signal: controller.signal,
      backoff: { first: 1, most: 4 },
      onDrop: (reason) => drops.push(reason.message),
      ...options,
    });
    return { batches, drops, stop: () => controller.abort() };
  };

  const collect = async (batches: AsyncIterable<EventBatch>, last: number, onBatch?: () => Promise<void>) => {
    const got: EventBatch[] = [];
    for await (const batch of batches) {
      got.push(batch);
      await onBatch?.();
      if (batch.checkpoint.commit >= BigInt(last)) break;
    }
    return got;
  };

  test('gives every event once and in order, then says that it is live', async () => {
    const { batches } = pull(fakeStore(100));
    const got: EventBatch[] = [];
    for await (const batch of batches) {
      got.push(batch);
      if (batch.live) break;
    }
    expect(numbers(got)).toEqual(upTo(100));
  });

  test('starts after the given position', async () => {
    const store = fakeStore(20);
    const { batches } = pull(store, { from: at(15) });
    expect(numbers(await collect(batches, 20))).toEqual([16, 17, 18, 19, 20]);
  });

  test('never returns a checkpoint ahead of the delivered events', async () => {
    const { batches } = pull(fakeStore(200), { maxBatch: 3 });
    let last = 0;
    for await (const { events, checkpoint } of batches) {
      last = Math.max(last, ...events.map(({ position }) => Number(position.commit)));
      expect(Number(checkpoint.commit)).toBeLessThanOrEqual(last);
      if (last === 200) break;
    }
    expect(last).toBe(200);
  });

  test.each<[string, (stream: Readable) => void]>([
    [
      'unavailable',
      (stream) => stream.emit('error', Object.assign(new Error('14 UNAVAILABLE'), { type: 'unavailable' })),
    ],
    ['cancelled', (stream) => stream.emit('error', Object.assign(new Error('1 CANCELLED'), { type: 'cancelled' }))],
    ['too slow', (stream) => stream.emit('error', Object.assign(new Error('Consumer too slow'), { type: 'timeout' }))],
    ['an end without an error', (stream) => stream.push(null)],
    ['a close without an error', (stream) => stream.destroy()],
    ['an error and a close at once', (stream) => stream.destroy(new Error('reset'))],
  ])('resumes after the last event when the connection drops: %s', async (_, dropIt) => {
    const store = fakeStore(300);
    const dropAt = new Set([7, 50, 51, 200]);
    store.onRead((event, stream) => {
      if (dropAt.delete(event)) dropIt(stream);
    });
    const { batches, drops } = pull(store);
    expect(numbers(await collect(batches, 300))).toEqual(upTo(300));
    expect(drops.length).toBe(4);
    expect(store.mostOpen()).toBe(1);
  });

  test('gives each checkpoint with the newest event up to it, also from a batch without events', async () => {
    const { batches } = pull(fakeStore(35), { from: { ...at(5), event: eventAt(5) }, maxBatch: 10 });
    for await (const { events, checkpoint, live } of batches) {
      const last = events.at(-1) ?? checkpoint.event;
      expect(checkpoint.event).toBe(last);
      expect(checkpoint.event!.position.commit).toBeLessThanOrEqual(checkpoint.commit);
      if (live) break;
    }
  });

  test('verifies the store before the first batch of each connection, and gives none of another history', async () => {
    const store = fakeStore(300);
    const dropAt = new Set([50, 200]);
    store.onRead((event, stream) => {
      if (dropAt.delete(event)) stream.emit('error', new Error('unavailable'));
    });
    const given: number[] = [];
    let looks = 0;
    const { batches, drops } = pull(store, {
      async verify() {
        looks += 1;
        if (looks === 2) throw new Error('no answer');
        if (looks === 4) throw new WrongEventStoreError('another history');
      },
    });
    const reading = async () => {
      for await (const batch of batches) given.push(...numbers([batch]));
    };
    await expect(reading()).rejects.toThrow('another history');
    expect(drops).toEqual(['unavailable', 'no answer', 'unavailable']);
    expect(given).toEqual(upTo(given.length));
    expect(given.length).toBeLessThanOrEqual(200);
  });

  test('survives an error after it was closed', async () => {
    const store = fakeStore(10);
    const { batches } = pull(store);
    await collect(batches, 10);
    expect(() => store.opened[0]?.stream.emit('error', new Error('late'))).not.toThrow();
  });

  test('reads at most a batch ahead of a slow consumer', async () => {
    const store = fakeStore(1000);
    let read = 0;
    store.onRead((event) => {
      read = event;
    });
    const { batches } = pull(store, { maxBatch: 10 });
    let taken = 0;
    for await (const { events } of batches) {
      for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
      taken += events.length;
      expect(read - taken).toBeLessThanOrEqual(20);
      if (taken >= 200) break;
    }
  });

  test('subscribes again when the tail moves and no event arrives', async () => {
    const store = fakeStore(10);
    const { batches, drops } = pull(store, { watchEvery: 5, readTail: async () => at(15) });
    const got: EventBatch[] = [];
    for await (const batch of batches) {
      got.push(batch);
      if (batch.live && store.opened.length === 1) store.appendUnheard(5);
      if (batch.checkpoint.commit >= 15n) break;
    }
    expect(numbers(got)).toEqual(upTo(15));
    expect(drops).toEqual(['The store has newer events, the subscription is silent']);
  });

  test('keeps a silent subscription while the tail does not move', async () => {
    const store = fakeStore(10);
    let looks = 0;
    const { batches, drops } = pull(store, {
      watchEvery: 1,
      readTail: async () => {
        looks += 1;
        if (looks === 10) store.append(1);
        return at(10);
      },
    });
    expect(numbers(await collect(batches, 11))).toEqual(upTo(11));
    expect(drops).toEqual([]);
  });

  test('is not live when it is silent and the store does not answer', async () => {
    const store = fakeStore(10);
    store.onRead((event, stream) => {
      if (event === 3 && store.opened.length === 1) store.fallSilent(stream);
    });
    const { batches, drops } = pull(store, {
      watchEvery: 5,
      readTail: async () => {
        store.opened[0]?.stream.emit('error', new Error('unavailable'));
        throw new Error('unavailable');
      },
    });
    const got: EventBatch[] = [];
    for await (const batch of batches) {
      got.push(batch);
      if (batch.live) break;
    }
    expect(numbers(got)).toEqual(upTo(10));
    expect(drops).toEqual(['unavailable']);
  });

  test('ends with the signal, even while it waits', async () => {
    const store = fakeStore(5);
    const { batches, stop } = pull(store);
    const got: EventBatch[] = [];
    for await (const batch of batches) {
      got.push(batch);
      if (batch.live) setImmediate(stop);
    }
    expect(numbers(got)).toEqual(upTo(5));
    expect(store.open()).toBe(0);
  });

  test('waits for full batches while it catches up, if requested', async () => {
    const { batches } = pull(fakeStore(100), { maxBatch: 25, fillWithin: 5000 });
    const got = await collect(batches, 100);
    expect(got[0]?.events.length).toBeGreaterThan(20); // Checkpoints count towards the 25.
    expect(numbers(got)).toEqual(upTo(100));
  });
});
