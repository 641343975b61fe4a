import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type OpenedStores, openTestStores } from '../../embedded/testing.ts';
import { connectEventStore, disconnectEventStore, type EventStoreClient } from '../../platform/event-store/client.ts';
import { type AppendThread, sharedAppends, startAppendThread } from '../../platform/event-store/fast/append-thread.ts';
import { type Streams, streams } from '../../platform/event-store/streams.ts';
import { memoryStreams } from '../../platform/event-store/testing.ts';
import {
  type AppendResult,
  type NewEvent,
  type Revision,
  StoreUnavailableError,
} from '../../platform/event-store/types.ts';

let folder: string;
let stores: OpenedStores;
let client: EventStoreClient;
let plain: EventStoreClient;
let thread: AppendThread;
const deaths: unknown[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plaza-streams-'));
  stores = await openTestStores({ dataFolder: folder });
  client = connectEventStore(stores.eventStoreUrl);
  plain = connectEventStore(stores.eventStoreUrl, { fast: false });
  thread = await startAppendThread(stores.eventStoreUrl, (error) => deaths.push(error));
});

afterAll(async () => {
  await thread.stop();
  await Promise.all([disconnectEventStore(client), disconnectEventStore(plain)]);
  await stores.stop();
  await rm(folder, { recursive: true, force: true });
  expect(deaths).toEqual([]);
});

const event = (count: number): NewEvent => ({
  id: randomUUID(),
  type: 'Counted',
  data: { count, name: '정자역', nested: { list: [1, null, true] } },
  metadata: {
    $correlationId: 'c',
    $causationId: 'd',
    commandId: `count ${count}`,
    fingerprint: '',
    actor: 'anonymous',
    time: '2026-01-01T00:00:00.000Z',
    schemaVersion: 1,
  },
});

const all = async (read: ReturnType<Streams['read']>) => {
  const found = [];
  for await (const each of read) found.push(each);
  return found;
};

const at = (revision: number) => BigInt(revision) as Revision;

describe.each<[string, () => Streams]>([
  ['in memory', () => memoryStreams()],
  ['by the client alone', () => streams(plain)],
  ['by the fast path', () => streams(client)],
  ['with appends in a thread', () => ({ ...streams(client), ...thread })],
  ['with small appends in a thread', () => sharedAppends(streams(client), thread)],
])('streams %s', (_name, make) => {
  it('append in order, and read the appended events', async () => {
    const store = make();
    const stream = `counter-${randomUUID()}`;
    const events = [1, 2, 3].map(event);

    const first = await store.append(stream, events.slice(0, 2), 'no-stream');
    const second = await store.append(stream, events.slice(2), at(1));

    expect([first, second]).toMatchObject([
      { ok: true, revision: 1n },
      { ok: true, revision: 2n },
    ]);
    const found = await all(store.read(stream, 0n));
    expect(found.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))).toEqual(events);
    expect(found.map(({ revision }) => revision)).toEqual([0n, 1n, 2n]);
    if (second.ok) expect(found.at(-1)?.position.commit).toBe(second.position.commit);
    expect((await all(store.read(stream, 1n, 1))).map(({ revision }) => revision)).toEqual([1n]);
    expect((await store.readLast(stream))?.revision).toBe(2n);
  });

  it('keep the order of concurrent appends', async () => {
    const store = make();
    const stream = `counter-${randomUUID()}`;
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        store.append(stream, [event(index)], index === 0 ? 'no-stream' : at(index - 1)),
      ),
    );
    expect(results.map((result) => result.ok && result.revision)).toEqual(results.map((_, index) => BigInt(index)));
  });

  it('append few events and many to one stream', async () => {
    const store = make();
    const stream = `counter-${randomUUID()}`;
    let last: Revision | 'no-stream' = 'no-stream';
    for (const count of [1, 40, 1, 40]) {
      const result: AppendResult = await store.append(
        stream,
        Array.from({ length: count }, (_, n) => event(n)),
        last,
      );
      if (!result.ok) expect.unreachable(result.reason);
      else last = result.revision;
    }
    expect(last).toBe(81n);
    expect(await all(store.read(stream, 0n))).toHaveLength(82);
    const many = Array.from({ length: 40 }, (_, n) => event(n));
    expect(await store.append(stream, many, at(80))).toEqual({ ok: false, reason: 'conflict' });
  });

  it('refuse an append with another expected revision', async () => {
    const store = make();
    const stream = `counter-${randomUUID()}`;
    expect(await store.append(stream, [event(1)], at(0))).toEqual({ ok: false, reason: 'conflict' });
    await store.append(stream, [event(1)], 'no-stream');
    expect(await store.append(stream, [event(2)], 'no-stream')).toEqual({ ok: false, reason: 'conflict' });
    expect(await all(store.read(stream, 0n))).toHaveLength(1);
  });

  it('answer a repeated append like the first', async () => {
    const store = make();
    const stream = `counter-${randomUUID()}`;
    const events = [event(1), event(2)];
    const first = await store.append(stream, events, 'no-stream');
    await store.append(stream, [event(3)], at(1));
    expect(await store.append(stream, events, 'no-stream')).toEqual(first);
    expect(await all(store.read(stream, 0n))).toHaveLength(3);
  });

  it('read a missing stream as empty', async () => {
    const store = make();
    expect(await all(store.read(`counter-${randomUUID()}`, 0n))).toEqual([]);
    expect(await store.readLast(`counter-${randomUUID()}`)).toBeUndefined();
  });

  it('are cut when their metadata limits the events that are kept', async () => {
    const store = make();
    const stream = `counter-${randomUUID()}`;
    expect(await store.isCut(stream)).toBe(false);
    await store.append(stream, [event(1), event(2)], 'no-stream');
    expect(await store.isCut(stream)).toBe(false);
    await store.keepLast(stream, 1);
    expect(await store.isCut(stream)).toBe(true);
  });

  it('put events at the end or after a given one, and keep the last ones', async () => {
    const store = make();
    const stream = `note-${randomUUID()}`;
    const note = (n: number) => ({ type: 'Noted', data: new Uint8Array([0, n, 255]), metadata: { n } });
    expect(await store.put(stream, note(0))).toBe(0n);
    expect(await store.put(stream, note(1), at(0))).toBe(1n);
    expect(await store.put(stream, note(2), at(0))).toBeUndefined();
    await store.keepLast(stream, 1);
    const [kept, ...others] = await all(store.read(stream, 0n));
    expect(others).toEqual([]);
    expect(kept).toMatchObject({ type: 'Noted', metadata: { n: 1 } });
    expect(Buffer.from(kept?.data as Uint8Array).toString('hex')).toBe('0001ff');
  });
});

describe('the thread for appends', () => {
  it('refuses too large appends like the client', async () => {
    const large = { ...event(1), data: { text: 'x'.repeat(1_100_000) } };
    expect(await thread.append(`counter-${randomUUID()}`, [large], 'no-stream')).toEqual({
      ok: false,
      reason: 'too-large',
    });
  });

  it('reports an unreachable store, and continues when it is back', async () => {
    const own = await mkdtemp(join(tmpdir(), 'plaza-streams-'));
    const first = await openTestStores({ dataFolder: own });
    const appends = await startAppendThread(first.eventStoreUrl, (error) => deaths.push(error));
    const stream = `counter-${randomUUID()}`;
    try {
      expect(await appends.append(stream, [event(1)], 'no-stream')).toMatchObject({ ok: true });
      await first.stop();
      await expect(appends.append(stream, [event(2)], at(0))).rejects.toThrow(StoreUnavailableError);

      const second = await openTestStores({
        dataFolder: own,
        eventStorePort: Number(new URL(first.eventStoreUrl.replace('esdb:', 'http:')).port),
      });
      try {
        const again = event(2);
        const retried = async () => {
          for (;;) {
            const result = await appends.append(stream, [again], at(0)).catch(() => undefined);
            if (result) return result;
          }
        };
        expect(await retried()).toMatchObject({ ok: true, revision: 1n });
      } finally {
        await second.stop();
      }
    } finally {
      await appends.stop();
      await rm(own, { recursive: true, force: true });
    }
  });

  it('settles every append when it is stopped', async () => {
    const stopped = await startAppendThread(stores.eventStoreUrl, (error) => deaths.push(error));
    const inFlight = expect(stopped.append(`counter-${randomUUID()}`, [event(1)], 'no-stream')).rejects.toThrow(
      StoreUnavailableError,
    );
    await stopped.stop();
    await inFlight;
  });

  it('does not start with an invalid connection string', async () => {
    await expect(startAppendThread('nowhere', () => {})).rejects.toThrow('esdb://');
  });
});

it.each([
  [true, -3_600_000],
  [true, 3_600_000],
  [false, -3_600_000],
  [false, 3_600_000],
])('with the fast path %s, appends although its clock differs from the store’s by %d ms', async (fast, difference) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + difference });
  try {
    const fresh = connectEventStore(stores.eventStoreUrl, { fast });
    const store = streams(fresh);
    const stream = `counter-${randomUUID()}`;
    expect(await store.append(stream, [event(1)], 'no-stream')).toMatchObject({ ok: true, revision: 0n });
    expect(await store.put(stream, { type: 'Noted', data: Buffer.from('{}'), metadata: {} })).toBe(1n);
    await store.keepLast(stream, 1);
    expect((await all(store.read(stream, 0n))).map(({ revision }) => revision)).toEqual([1n]);
    await disconnectEventStore(fresh);
  } finally {
    vi.useRealTimers();
  }
});
