import { expect, test } from 'vitest';
import {
  type EventBatch,
  type Position,
  START,
  type StoredEvent,
  StoreUnavailableError,
} from '../event-store/types.ts';
import type { Consumer } from './consumer.ts';
import type { Assignment } from './delivery.ts';
import { startSubscriptions } from './shared-subscriptions.ts';

const at = (n: number): Position => ({ commit: BigInt(n), prepare: BigInt(n) });

const batchAt = (n: number): EventBatch => ({
  events: [{ id: `${n}`, position: at(n) } as StoredEvent],
  checkpoint: at(n),
  live: true,
});

/** Yields the batches after a position, then nothing until the signal. */
async function* history(from: Position, signal: AbortSignal): AsyncGenerator<EventBatch, void, undefined> {
  for (const n of [1, 2]) if (at(n).commit > from.commit && !signal.aborted) yield batchAt(n);
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

const assignmentOf = (does: Pick<Consumer, 'takes' | 'handle'>): Assignment => ({
  consumer: { name: 'one', view: 'one', version: 1, partitions: 1, onPoison: 'park', ...does },
  held: { consumer: 'one', token: 1, stamps: [] },
  takenAt: 0,
  lease: { assertHeld() {} },
  position: START,
  received: START,
  heldKeys: new Map(),
  written: START,
  discarded: new Set(),
  work: Promise.resolve(),
  busy: false,
  live: false,
  lost: false,
  paused: false,
  progressAt: 0,
});

const QUIET = { note() {}, over() {} };

const subscriptionsOver = (pull: typeof history, signal: AbortSignal) =>
  startSubscriptions({
    pull,
    drops: QUIET,
    context: {
      open: () => {},
      db: undefined as never,
      checkpoints: { move: async () => true },
      async confirmLease() {},
      troubles: QUIET,
      signal,
    },
    onLost() {},
    async onStopped() {},
    log() {},
  });

test('subscriptions join while a consumer waits for an unreachable server, so that its lease is renewed', async () => {
  const tried: string[] = [];
  let failing = 1; // The first try fails, so a separate subscription opens; from event 2 on the server is unreachable.
  let away = true;
  const all = Promise.withResolvers<void>();
  const waits = Promise.withResolvers<void>();
  const stopping = new AbortController();
  const assignment = assignmentOf({
    takes: () => true,
    async handle([event]) {
      tried.push(event!.id);
      if (failing-- > 0) throw new StoreUnavailableError('away');
      if (event!.id !== '2') return;
      if (tried.filter((id) => id === '2').length === 3) waits.resolve();
      if (away) throw new StoreUnavailableError('away');
      all.resolve();
    },
  });
  const subscriptions = subscriptionsOver(history, stopping.signal);

  subscriptions.open([assignment]);
  await waits.promise;
  await subscriptions.join();
  away = false;
  await all.promise;
  stopping.abort();
  await subscriptions.stop();
  expect(assignment.position).toEqual(at(2));
});

test('an end gives up an event that is retried, and passes no later event', async () => {
  const again = Promise.withResolvers<void>();
  const stopping = new AbortController();
  let tries = 0;
  const assignment = assignmentOf({
    takes: ({ id }) => id === '1',
    async handle() {
      if (++tries === 3) again.resolve();
      throw new StoreUnavailableError('away');
    },
  });
  /** Yields the next batch also after the end, as a store whose answer is on its way. */
  async function* evenLater(from: Position): AsyncGenerator<EventBatch, void, undefined> {
    for (const n of [1, 2]) if (at(n).commit > from.commit) yield batchAt(n);
  }
  const subscriptions = subscriptionsOver(evenLater, stopping.signal);

  subscriptions.open([assignment]);
  await again.promise;
  stopping.abort();
  await assignment.work;
  await subscriptions.stop();
  expect(assignment.position).toEqual(START);
});
