import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Streams } from '../../platform/event-store/streams.ts';
import {
  type AppendResult,
  type NewEvent,
  type Position,
  type Revision,
  type StoredEvent,
  StoreUnavailableError,
} from '../../platform/event-store/types.ts';
import { UnknownEventVersionError } from '../../schemas/kernel/upcast.ts';
import { type AppendBatch, decideBatch } from './append-batch.ts';
import type { Decider } from './decider.ts';

import { derivedUuid } from './ids.ts';
import { unchangedAnswers } from './recent-commands.ts';
import type { Outcome, Request, Waiting } from './request.ts';
import { type StreamState, streamStates } from './stream-state.ts';

/** One stream's desk: its cached state, and the commands that wait for it. */
export type Desk = {
  /** Queues a command; commands are decided in the order in which they come. Never rejects. */
  submit(request: Request): Promise<Outcome>;
  /** How many commands wait or are in flight. */
  readonly busy: number;
  /** About how many things its state holds. */
  readonly size: number;
  /** Writes a snapshot, if that is worth its while, before the desk is let go. Never rejects. */
  leave(): Promise<void>;
};

/** What a desk needs of its surroundings; a test gives its own. */
export type DeskOptions = {
  stream: string;
  // biome-ignore lint/suspicious/noExplicitAny: the stream's own decider; each is typed where it is defined
  decider: Decider<any, any, any>;
  store: Streams;
  /** The current schema version of an event type. */
  schemaVersion(type: string): number;
  /** An event as today's code knows it. @throws UnknownEventVersionError */
  upcast(event: StoredEvent): { type: string; data: object };
  /** Waits before a retry, in milliseconds. */
  pause?(milliseconds: number): Promise<unknown>;
  random?(): number;
  /** Called with errors that no client receives: a snapshot that could not be written, a fold that threw. */
  onError?(error: unknown): void;
  observe?: DeskObserver;
};

/** Is called with what a desk does, for metrics. */
export type DeskObserver = {
  appended?(commands: number, events: number, seconds: number): void;
  conflicted?(): void;
};

/** The most that goes into one append: EventStoreDB takes 1,048,576 bytes unless it is told otherwise. */
const MAX_APPEND_BYTES = 900_000;
const MAX_APPEND_COMMANDS = 256;
const MAX_CONFLICTS = 10;
const MAX_APPEND_TRIES = 3;
/** Events read at a time when a repeated command's are looked up. */
const LOOKUP = 16;

/**
 * A desk decides the commands of one stream one after the other on a cached state, and appends what they yield in
 * batches: while an append is in flight the next commands queue, and go out together in the next one. Nobody is
 * answered before the events that the answer rests on are durable. That nobody else has written meanwhile is proven by
 * the append; a command that appends nothing is answered after a look at the stream.
 */
export const desk = (options: DeskOptions): Desk => {
  const { stream, decider, store, upcast, onError = () => {}, pause = delay, random = Math.random } = options;
  const states = streamStates({ stream, decider, store, upcast, onError });
  const queue: Waiting[] = [];
  const unchanged = unchangedAnswers();
  let state: StreamState | undefined;
  let busy = 0;
  let isWorking = false;

  /** Maps a read failure to the outcome of a command. */
  const failure = (error: unknown): Outcome => {
    if (error instanceof StoreUnavailableError) return { kind: 'unavailable', uncertain: false };
    onError(error);
    return error instanceof UnknownEventVersionError ? { kind: 'too-new' } : { kind: 'failed' };
  };

  /** The answer to a command whose events are in the stream already; nothing when they are not. */
  const findAnswer = async ({ metadata }: Request, at: bigint): Promise<Outcome | undefined> => {
    const events: { type: string; data: object }[] = [];
    let last: StoredEvent | undefined;
    for (let from = at, own = LOOKUP; own === LOOKUP; from += BigInt(LOOKUP)) {
      own = 0;
      const page: StoredEvent[] = [];
      for await (const event of store.read(stream, from, LOOKUP)) page.push(event);
      for (const event of page) {
        if (event.metadata.commandId !== metadata.commandId) break;
        if (event.metadata.fingerprint !== metadata.fingerprint) return { kind: 'key-reused' };
        own += 1;
        events.push(upcast(event));
        last = event;
      }
    }
    return last && { kind: 'done', events, revision: last.revision, position: last.position };
  };

  /** Repeats are looked up beside the queue; one that turns out not to be one goes back into it. */
  const answerRepeat = async (waiting: Waiting, at: bigint): Promise<void> => {
    try {
      const answer = await findAnswer(waiting.request, at);
      if (answer) return waiting.settle(answer);
      state?.recent.forget(waiting.request.metadata.commandId, at);
      enqueue(waiting);
    } catch (error) {
      waiting.settle(failure(error));
    }
  };

  /**
   * The store recognises an append that comes again by its event ids alone, and then keeps what it has. An id therefore
   * depends on all that its event says: two desks that decide one command differently (at another time, by another
   * version of the rules) append different events, and the later one conflicts.
   */
  const toNewEvents = ({ decided }: AppendBatch): NewEvent[] =>
    decided.flatMap(({ waiting: { request }, events }) => {
      const { commandId, fingerprint } = request.metadata;
      const isRepeatable = fingerprint !== '';
      return events.map(({ type, data }, index): NewEvent => {
        const schemaVersion = options.schemaVersion(type);
        const id = isRepeatable
          ? derivedUuid(JSON.stringify([stream, commandId, fingerprint, index, type, schemaVersion, data]))
          : randomUUID();
        return { id, type, data, metadata: { ...request.metadata, schemaVersion } };
      });
    });

  /**
   * An append that was not answered is repeated as it was: with the same ids and revision it is written once.
   * @returns undefined when it is not known whether the batch was written
   */
  const append = async (batch: AppendBatch, after: bigint): Promise<AppendResult | undefined> => {
    const events = toNewEvents(batch);
    for (let tries = 1; ; tries++) {
      try {
        const started = performance.now();
        const result = await store.append(stream, events, after < 0n ? 'no-stream' : (after as Revision));
        if (result.ok)
          options.observe?.appended?.(batch.decided.length, events.length, (performance.now() - started) / 1000);
        return result;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) onError(error);
        if (tries === MAX_APPEND_TRIES) return undefined;
        await pause(50 * tries + 50 * random());
      }
    }
  };

  /** Settles a command that is not decided any more, and remembers an answer that the stream will not tell. */
  const settle = (waiting: Waiting, outcome: Outcome): void => {
    unchanged.add(waiting.request.metadata, outcome);
    waiting.settle(outcome);
  };

  const settleBatch = ({ decided, resting }: AppendBatch, position: Position): void => {
    for (const { waiting, events, last } of decided) waiting.settle({ kind: 'done', events, revision: last, position });
    for (const { waiting, outcome } of resting)
      settle(waiting, outcome.kind === 'done' ? { ...outcome, position } : outcome);
  };

  const settleAll = (several: readonly Waiting[], outcome: Outcome): void => {
    for (const waiting of several) waiting.settle(outcome);
  };

  const takeOver = (before: StreamState, batch: AppendBatch): void => {
    const written = batch.decided.map(({ waiting: { request }, events, last }) => ({
      metadata: request.metadata,
      first: last - BigInt(events.length) + 1n,
    }));
    states.advance(before, written, batch);
  };

  /** Reads what is new in the stream. */
  const refresh = async (members: readonly Waiting[]): Promise<StreamState> => {
    const present = [...members, ...queue];
    if (!state || !(await states.catchUp(state))) state = await states.load();
    for (const waiting of present) if (waiting.state === 'queued') waiting.state = 'confirmed';
    return state;
  };

  /** Works off the queue until it is empty. */
  const work = async (): Promise<void> => {
    isWorking = true;
    let conflicts = 0;
    let commands = MAX_APPEND_COMMANDS;
    while (queue.length > 0) {
      let members: readonly Waiting[] | undefined;
      try {
        state ??= await refresh([]);
        const batch = decideBatch(
          decider,
          { ...state, unchanged },
          queue,
          { commands, bytes: MAX_APPEND_BYTES },
          onError,
        );
        members = batch.members;
        for (const { waiting, outcome } of batch.settled) settle(waiting, outcome);
        for (const { waiting, at } of batch.repeated) void answerRepeat(waiting, at);
        const [first] = batch.decided;
        if (!first) {
          if (members.length > 0) await refresh(members);
          queue.unshift(...members);
          continue;
        }

        const result = await append(batch, state.revision);
        if (!result) {
          state = undefined;
          settleAll(members, { kind: 'unavailable', uncertain: true });
        } else if (result.ok && result.revision === batch.revision) {
          conflicts = 0;
          commands = MAX_APPEND_COMMANDS;
          takeOver(state, batch);
          settleBatch(batch, result.position);
          void states.snapshot(state);
        } else if (!result.ok && result.reason === 'too-large') {
          if (batch.decided.length === 1) first.waiting.settle({ kind: 'too-large' });
          commands = Math.max(1, Math.floor(batch.decided.length / 2));
          queue.unshift(...members.filter((member) => member.state !== 'settled'));
        } else {
          options.observe?.conflicted?.();
          if (conflicts > 0) await pause(random() * 2 ** Math.min(conflicts, 6));
          conflicts += 1;
          await refresh(members);
          if (conflicts > MAX_CONFLICTS) {
            conflicts = 0;
            settleAll(members, { kind: 'overloaded' });
          } else {
            queue.unshift(...members);
          }
        }
      } catch (error) {
        state = undefined;
        settleAll(members ?? queue.splice(0), failure(error));
      }
    }
    isWorking = false;
  };

  const enqueue = (waiting: Waiting): void => {
    queue.push(waiting);
    if (!isWorking) void work();
  };

  return {
    submit(request) {
      busy += 1;
      return new Promise((resolve) => {
        const waiting: Waiting = {
          request,
          state: 'queued',
          settle(outcome) {
            if (waiting.state === 'settled') return;
            waiting.state = 'settled';
            busy -= 1;
            resolve(outcome);
          },
        };
        enqueue(waiting);
      });
    },
    get busy() {
      return busy;
    },
    get size() {
      const held = state ? state.recent.size + (decider.size?.(state.folded) ?? 1) : 0;
      return 1 + unchanged.size + held;
    },
    async leave() {
      if (state) await states.snapshot(state, true);
    },
  };
};
