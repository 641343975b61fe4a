import { expect, it, onTestFinished, vi } from 'vitest';
import { memoryStreams } from '../../platform/event-store/testing.ts';
import { ImmutableSet } from './collections.ts';
import { commandHandler } from './command-handler.ts';
import { seats, TIME_ZONE } from './testing.ts';

const many = { ...seats, id: ({ name }: { name: string }) => name };
const schema = { name: 'seats', title: '', events: {}, commands: {}, queries: {}, problems: {} };

const handlerFor = (options: Partial<Parameters<typeof commandHandler>[0]> = {}) => {
  const store = options.store ?? memoryStreams();
  const events = Object.fromEntries(
    ['Taken', 'Left'].map((type) => [type, { version: 1, data: {} as never, upcasters: {}, summary: '' }]),
  );
  return commandHandler({
    store,
    contexts: [{ schema: { ...schema, events }, deciders: [many] }],
    timeZone: TIME_ZONE,
    onError: () => {},
    ...options,
  });
};

const give = (type: string, name: string) => ({ type, data: { name }, actor: 'anonymous' });

it('limits the commands at a time, in all and for one stream, and names the limit that was reached', async () => {
  const handler = handlerFor({ maxBusy: 4, maxBusyPerStream: 2 });
  const outcomes = await Promise.all(['a', 'a', 'a', 'b', 'c', 'd'].map((name) => handler.handle(give('Look', name))));
  expect(outcomes).toMatchObject([
    { kind: 'done' },
    { kind: 'done' },
    { kind: 'overloaded', limit: { name: 'stream', most: 2 } },
    { kind: 'done' },
    { kind: 'done' },
    { kind: 'overloaded', limit: { name: 'commands', most: 4 } },
  ]);
  expect(handler.busy).toBe(0);
  expect(await handler.handle(give('Look', 'd'))).toMatchObject({ kind: 'done' });
});

it('drops the least recently used state, and reads it again', async () => {
  const store = memoryStreams();
  const handler = handlerFor({ store, maxIdle: 2 });
  for (const name of ['a', 'b', 'c', 'a']) await handler.handle(give('Take', name));
  const { read } = store.calls;
  expect(await handler.handle(give('Take', 'b'))).toMatchObject({ kind: 'refused' });
  expect(store.calls.read).toBeGreaterThan(read);
});

it('counts the things in the states: a large one leaves less room', async () => {
  const store = memoryStreams();
  const initialState = ImmutableSet(Array.from({ length: 900 }, (_, index) => index));
  const large = { ...many, category: 'large', commands: ['LookAtMany'], decide: () => [], initialState };
  const handler = handlerFor({ store, contexts: [{ schema, deciders: [many, large] }], maxIdleSize: 1_000 });
  for (let index = 0; index < 300; index++) await handler.handle(give('Take', `s-${index}`));
  await handler.handle(give('LookAtMany', 'any'));
  const before = store.calls.read;
  await handler.handle(give('Leave', 's-299'));
  expect(store.calls.read).toBe(before);
  await handler.handle(give('Leave', 's-0'));
  expect(store.calls.read).toBeGreaterThan(before);
});

it('drops a state that was idle for long, with a snapshot, when the next command of another stream comes', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  vi.advanceTimersByTime(1_000);
  const store = memoryStreams();
  const handler = handlerFor({ store });
  for (let count = 0; count < 30; count++) for (const type of ['Take', 'Leave']) await handler.handle(give(type, 'a'));
  vi.advanceTimersByTime(599_000);
  await handler.handle(give('Take', 'b'));
  expect(store.events('snapshot-seats-a')).toHaveLength(0);
  vi.advanceTimersByTime(61_000);
  await handler.handle(give('Leave', 'b'));
  await vi.waitFor(() => expect(store.events('snapshot-seats-a')).toHaveLength(1));
});

it('never has two desks for a stream, however often states are dropped', async () => {
  const store = memoryStreams(() => new Promise(setImmediate));
  const handler = handlerFor({ store, maxIdle: 1 });
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, (_, index) => handler.handle(give('Take', `s-${index % 7}`))),
  );
  expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(7);
  expect(outcomes.filter(({ kind }) => kind === 'refused')).toHaveLength(293);
});

it('refuses to fold an unknown event', async () => {
  const store = memoryStreams();
  await handlerFor({ store }).handle(give('Take', 'a'));
  const older = handlerFor({ store, contexts: [{ schema, deciders: [many] }] });
  expect(await older.handle(give('Take', 'a'))).toEqual({ kind: 'too-new' });
});

it.each([
  ['bytes', new Uint8Array([1, 2]), {}],
  ['an event without a version', { name: 'ann' }, {}],
])('refuses to fold %s of another program, and names it', async (_name, data, metadata) => {
  const store = memoryStreams();
  await handlerFor({ store }).handle(give('Take', 'a'));
  await store.put('seats-a', { type: 'Photo', data: data as Uint8Array, metadata });
  const errors: unknown[] = [];
  const restarted = handlerFor({ store, onError: (error) => errors.push(error) });
  expect(await restarted.handle(give('Take', 'a'))).toEqual({
    kind: 'foreign',
    detail: 'seats-a holds Photo at revision 1, an event of another program',
  });
  expect(errors).toHaveLength(1);
});

it('writes snapshots when it closes', async () => {
  const store = memoryStreams();
  const handler = handlerFor({ store });
  for (let count = 0; count < 30; count++) {
    await handler.handle(give('Take', 'a'));
    await handler.handle(give('Leave', 'a'));
  }
  expect(store.events('snapshot-seats-a')).toHaveLength(0);
  await handler.close();
  expect(store.events('snapshot-seats-a')).toHaveLength(1);
});

it.each([
  ['command', { deciders: [{ ...many, category: 'others' }], events: {} }, 'Take'],
  ['stream category', { deciders: [{ ...many, commands: ['Put'] }], events: {} }, 'seats'],
  ['event', { deciders: [], events: { Taken: {} } }, 'Taken'],
])('refuses to start with two contexts that declare the same %s', (kind, { deciders, events }, name) => {
  const first = { schema: { ...schema, events: { Taken: {} as never } }, deciders: [many] };
  const second = { schema: { ...schema, name: 'hall', events: events as never }, deciders: deciders as never };
  expect(() => handlerFor({ contexts: [first, second] })).toThrow(
    `The ${kind} ${name} is declared twice: by seats and by hall`,
  );
});
