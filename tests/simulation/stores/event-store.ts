import { EventEmitter } from 'node:events';
import { END, StreamNotFoundError } from '@eventstore/db-client';
import { type EventStoreClient, withoutFastPath } from '../../../platform/event-store/client.ts';
import { PLAZA_STREAMS } from '../../../platform/event-store/tail.ts';
import type { EventMetadata, Position, Revision, StoredEvent } from '../../../platform/event-store/types.ts';
import type { Network } from '../network.ts';
import type { Process } from '../scheduler.ts';
import type { World } from '../world.ts';
import { frozen } from './frozen.ts';

/** A stored event, frozen: processes share it, and none can change it. */
type Recorded = {
  id: string;
  type: string;
  streamId: string;
  revision: bigint;
  position: Position;
  data: object;
  metadata: EventMetadata;
};
type Stored = { event: Recorded; at: number; isPlazas: boolean };

type Added = { id: string; type: string; data: object; metadata: Uint8Array };
type Expected = { expectedRevision?: bigint | 'no_stream' | 'any' };
type From = Position | 'start' | 'end';

/** An event store in memory, with EventStoreDB's semantics as conformance found them. It survives every process. */
export type SimulatedEventStore = {
  /** Returns a client for a process; its calls travel through the network. */
  clientFor(process: Process): EventStoreClient;
  /** Returns every event of Plaza's streams in the order of the log. */
  events(): StoredEvent[];
  /** Returns the virtual time at which an event was stored. */
  storedAt(event: StoredEvent): number;
  /** The position of the newest event of Plaza's streams; -1 before the first. */
  readonly tail: number;
  /**
   * Breaks a subscription: an error, an end, or silence. New ones break too for up to a second, as when a store
   * restarts.
   */
  breakSubscription(): void;
  /** Loses every event after the first ones, as when it is restored from an older copy, and does not answer meanwhile. */
  goBackTo(events: number, awayFor: number): void;
  /** The number of its events. */
  readonly size: number;
};

class Unavailable extends Error {
  readonly type = 'unavailable';
  readonly code = 14;
  readonly details = 'simulated';
}

const resolved = ({ event }: Stored) => ({ event });
const decoder = new TextDecoder();
const plaza = new RegExp(PLAZA_STREAMS);
const MOST_AT_ONCE = 40;
const LONGEST_RESTART = 1_000;

export const createEventStore = (world: World, network: Network): SimulatedEventStore => {
  const log: Stored[] = [];
  const streams = new Map<string, Stored[]>();
  const subscriptions = new Set<Subscription>();
  const { random } = world;
  let restartsUntil = 0;
  let awayUntil = 0;

  const appended = ({ event: { revision, position } }: Stored) => ({
    success: true,
    nextExpectedRevision: revision,
    position,
  });

  /** The same ids at the same place are the same append; ids at any other place are not looked at. */
  const append = (stream: string, added: readonly Added[], { expectedRevision = 'any' }: Expected) => {
    const found = streams.get(stream) ?? [];
    const last = BigInt(found.length - 1);
    const expected = expectedRevision === 'no_stream' ? -1n : expectedRevision;
    if (expected !== 'any' && expected !== last) {
      const before = found.slice(Number(expected) + 1, Number(expected) + 1 + added.length);
      const isRepeated =
        before.length === added.length && before.every(({ event }, index) => event.id === added[index]!.id);
      if (!isRepeated) throw Object.assign(new Error(''), { type: 'wrong-expected-version' });
      return appended(before.at(-1)!);
    }
    streams.set(stream, found);
    for (const { id, type, data, metadata } of added) {
      const [revision, commit] = [BigInt(found.length), BigInt(log.length + 1)];
      const position = { commit, prepare: commit };
      const own = JSON.parse(decoder.decode(metadata)) as EventMetadata;
      const event = frozen({ id, type, streamId: stream, revision, position, data, metadata: own });
      const stored: Stored = { event, at: world.time, isPlazas: plaza.test(stream) };
      found.push(stored);
      log.push(stored);
      world.note(`stored ${stream} ${revision} ${type} ${id}`);
    }
    for (const subscription of subscriptions) subscription.look();
    return appended(found.at(-1)!);
  };

  /** Sends the events after a position, some at a time, in order. */
  class Subscription extends EventEmitter {
    next: number;
    isCaughtUp = false;
    isPaused = false;
    isSending = false;
    isSilent = false;
    destroyed = false;
    private readonly process: Process;
    constructor(process: Process, from: number) {
      super();
      this.process = process;
      this.next = from;
      subscriptions.add(this);
      if (world.time < restartsUntil) this.break();
      this.look();
    }
    look(): void {
      if (this.isSending || this.isPaused || this.destroyed || this.isSilent) return;
      if (this.isCaughtUp && this.next >= log.length) return;
      this.isSending = true;
      world.after(network.way(), 'subscription', () => this.send(), this.process);
    }
    private send(): void {
      this.isSending = false;
      if (this.destroyed || this.isSilent || this.isPaused) return;
      const most = this.next + 1 + random.below(MOST_AT_ONCE);
      while (this.next < Math.min(most, log.length)) {
        const { event, isPlazas } = log[this.next++]!;
        if (isPlazas) this.emit('data', { event });
      }
      if (this.next >= log.length && !this.isCaughtUp) {
        this.isCaughtUp = true;
        this.emit('caughtUp');
      }
      this.look();
    }
    push(marker: unknown): void {
      this.emit('data', marker);
    }
    pause(): void {
      this.isPaused = true;
    }
    resume(): void {
      this.isPaused = false;
      this.look();
    }
    async unsubscribe(): Promise<void> {
      this.destroy();
    }
    destroy(): void {
      this.destroyed = true;
      subscriptions.delete(this);
    }
    break(way = random.below(3)): void {
      world.note(`subscription of ${this.process.name} breaks: ${way}`);
      if (way === 0) this.isSilent = true;
      else {
        subscriptions.delete(this);
        const tell = () => (way === 1 ? this.emit('error', new Unavailable('dropped')) : this.emit('end'));
        world.after(network.way(), 'subscription breaks', tell, this.process);
        this.isSilent = true;
      }
    }
  }

  const indexOf = (from: From): number => (from === 'start' ? 0 : from === 'end' ? log.length : Number(from.commit));

  const clientFor = (process: Process): EventStoreClient => {
    const call = <Answer>(what: string, execute: () => Answer): Promise<Answer> =>
      network.call(
        process,
        what,
        () => {
          if (world.time < awayUntil) throw new Unavailable('stopped');
          return execute();
        },
        () => new Unavailable('simulated'),
      );
    const reading = async function* <Answer>(what: string, execute: () => Answer[]): AsyncGenerator<Answer> {
      yield* await call(what, execute);
    };
    const client = {
      appendToStream: (stream: string, events: Added | Added[], options: Expected) =>
        call(`append ${stream}`, () => append(stream, [events].flat(), options)),
      setStreamMetadata: async () => ({ success: true }),
      readStream: (
        stream: string,
        { direction, fromRevision, maxCount }: { direction?: string; fromRevision: bigint | 'end'; maxCount: number },
      ) =>
        reading(`read ${stream}`, () => {
          const found = streams.get(stream);
          if (!found) throw new StreamNotFoundError(undefined as never, stream as never);
          const read =
            direction === 'backwards'
              ? (fromRevision === END ? found : found.slice(0, Number(fromRevision) + 1)).slice(-maxCount).reverse()
              : found.slice(Number(fromRevision), Number(fromRevision) + maxCount);
          return read.map(resolved);
        }),
      readAll: ({ direction, fromPosition, maxCount }: { direction: string; fromPosition: From; maxCount: number }) =>
        reading('read all', () => {
          if (direction === 'backwards')
            return log.slice(0, indexOf(fromPosition)).slice(-maxCount).reverse().map(resolved);
          return log.slice(indexOf(fromPosition), indexOf(fromPosition) + maxCount).map(resolved);
        }),
      subscribeToAll: ({ fromPosition }: { fromPosition: From }) => new Subscription(process, indexOf(fromPosition)),
    };
    return withoutFastPath(client) as unknown as EventStoreClient;
  };

  return {
    clientFor,
    get tail() {
      return Number(log.findLast(({ isPlazas }) => isPlazas)?.event.position.commit ?? -1);
    },
    get size() {
      return log.length;
    },
    goBackTo(events, awayFor) {
      awayUntil = world.time + awayFor;
      restartsUntil = awayUntil;
      log.length = events;
      streams.clear();
      for (const stored of log) {
        const { streamId } = stored.event;
        streams.set(streamId, [...(streams.get(streamId) ?? []), stored]);
      }
      for (const subscription of [...subscriptions]) subscription.break(1);
    },
    storedAt: ({ position }) => log[Number(position.commit) - 1]!.at,
    events: () =>
      log
        .filter(({ isPlazas }) => isPlazas)
        .map(({ event: { streamId, revision, ...event } }) => ({
          ...event,
          stream: streamId,
          revision: revision as Revision,
        })),
    breakSubscription() {
      const open = [...subscriptions];
      if (open.length === 0) return;
      random.pick(open).break();
      if (random.chance(0.5)) restartsUntil = world.time + random.next() * LONGEST_RESTART;
    },
  };
};
