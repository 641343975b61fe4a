/** Shared helpers: a client of the event store under test, unique names, and functions that wait for a state. */
import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  type EventStoreDBClient,
  type JSONEventData,
  jsonEvent,
  type ReadAllOptions,
  type ResolvedEvent,
  type StreamSubscription,
} from '@eventstore/db-client';
import { afterAll, beforeAll } from 'vitest';
import { startEmbeddedStores } from '../../../embedded/start.ts';
import { clientOf } from '../../../platform/event-store/connection-string.ts';

export type Server = { url: string; client: EventStoreDBClient };
export type AnyResolved = ResolvedEvent | AllStreamResolvedEvent;

/** Ignored by a server without TLS, but the client then uses Append where it otherwise uses BatchAppend. */

/**
 * Connects the tests of a file to the server named by CONFORMANCE_EVENTSTORE_URL, or to an embedded one of their own.
 */
export function useServer(): Server {
  const server = {} as Server;
  const cleanups: (() => Promise<unknown> | unknown)[] = [];

  beforeAll(async () => {
    server.url = process.env.CONFORMANCE_EVENTSTORE_URL || (await startEmbedded(cleanups));
    server.client = clientOf(server.url);
    cleanups.unshift(() => server.client.dispose());
  });

  afterAll(async () => {
    for (const cleanup of cleanups) await cleanup();
  });

  return server;
}

async function startEmbedded(cleanups: (() => Promise<unknown> | unknown)[]): Promise<string> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'conformance-event-store-'));
  const stores = await startEmbeddedStores({ dataFolder });
  cleanups.push(
    () => stores.stop(),
    () => rmSync(dataFolder, { recursive: true }),
  );
  return stores.eventStoreUrl;
}

export const uniqueStream = (kind = 'conformance') => `${kind}-${randomUUID()}`;

/** Returns `count` events of a type, with their number as data. */
export function events(count: number, type = 'Happened'): JSONEventData[] {
  return Array.from({ length: count }, (_, n) => jsonEvent({ type, data: { n } }));
}

export async function collect<E extends AnyResolved>(reading: AsyncIterable<E>): Promise<NonNullable<E['event']>[]> {
  const found: NonNullable<E['event']>[] = [];
  for await (const resolved of reading) found.push(resolved.event!);
  return found;
}

/**
 * The events of `streams` in $all, in the order of the reading, `count` of them at least unless there are fewer.
 * Reads as many pages as it needs, since others may append at the same time.
 */
export async function ours(
  client: EventStoreDBClient,
  from: Pick<ReadAllOptions, 'direction' | 'fromPosition'>,
  streams: readonly string[],
  count: number,
) {
  const found = new Map<string, NonNullable<AllStreamResolvedEvent['event']>>();
  for (let options = from; ; ) {
    const page = await collect(client.readAll({ ...options, maxCount: 1_000 }));
    for (const event of page) if (streams.includes(event.streamId)) found.set(event.id, event);
    if (found.size >= count || page.length < 1_000) return [...found.values()];
    options = { ...options, fromPosition: page.at(-1)!.position! };
  }
}

export const revisions = (found: readonly { revision: bigint }[]) => found.map((event) => Number(event.revision));
export const numbers = (found: readonly { data: unknown }[]) => found.map((event) => (event.data as { n: number }).n);

export type ClientError = Error & Record<string, unknown>;

/** Returns the error of a rejected promise; fails when it resolves. */
export async function refusal(promise: Promise<unknown>): Promise<ClientError> {
  const value = await promise.then(
    () => undefined,
    (error: ClientError) => error,
  );
  if (!value) throw new Error('It was not refused.');
  return value;
}

type Subscription = StreamSubscription | AllStreamSubscription;

/** Records a subscription's deliveries, so that a test can wait for the nth event without missing one. */
export function watch(subscription: Subscription) {
  const found: NonNullable<AnyResolved['event']>[] = [];
  const told: string[] = [];
  const waiting: { done: () => boolean; resolve: () => void; reject: (error: Error) => void }[] = [];
  let failed: ClientError | undefined;
  const check = () => {
    for (const wait of [...waiting]) {
      if (wait.done()) wait.resolve();
      else if (failed) wait.reject(failed);
      else continue;
      waiting.splice(waiting.indexOf(wait), 1);
    }
  };
  const stream: EventEmitter = subscription;
  stream.on('data', (resolved: AnyResolved) => {
    found.push(resolved.event!);
    told.push('event');
    check();
  });
  for (const name of ['confirmation', 'caughtUp'] as const) {
    stream.on(name, () => {
      told.push(name);
      check();
    });
  }
  stream.on('error', (error: ClientError) => {
    failed = error;
    check();
  });
  const until = (done: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({ done, resolve, reject });
      check();
    });
  return {
    found,
    told,
    until,
    count: (count: number) => until(() => found.length >= count),
    heard: (name: 'confirmation' | 'caughtUp') => until(() => told.includes(name)),
    error: async () => {
      await until(() => failed !== undefined);
      return failed!;
    },
  };
}
