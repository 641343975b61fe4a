import { setTimeout as delay } from 'node:timers/promises';
import type { Streams } from '../../event-store/streams.ts';
import {
  type EventMetadata,
  type ExpectedRevision,
  type NewEvent,
  type Position,
  type Revision,
  type StoredEvent,
  StoreUnavailableError,
} from '../../event-store/types.ts';
import { type Decider, type Decision, isRefusal, type Refusal } from './decider.ts';
import { type RecentCommands, recentCommands } from './recent-commands.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';

/** What a command gives a desk, besides itself. */
export type Request = {
  command: { type: string; data: object };
  /** The same for the same event of the same command, so that a repeated append writes once. */
  eventId(index: number): string;
  /** Everything but the event's own schema version. */
  metadata: Omit<EventMetadata, 'schemaVersion'>;
  /** Whether the same command may come again under the same id. */
  repeatable: boolean;
  /** What the client says the stream stands at: one of these revisions, or that it exists at all. */
  ifMatch?: readonly bigint[] | '*';
  /** The client says that the stream does not exist. */
  ifNoneMatch?: boolean;
  /** An upper bound for the bytes of one of its events. */
  eventBytes: number;
  /** Aborted when nobody waits for the answer any more: a command that is not yet decided is then dropped. */
  signal?: AbortSignal;
};

/** How a command ended. */
export type Outcome =
  | { kind: 'done'; events: readonly Event[]; revision: bigint; position: Position | undefined }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'stale'; revision: bigint }
  | { kind: 'key-reused' }
  | { kind: 'too-large' }
  | { kind: 'overloaded' }
  | { kind: 'dropped' }
  /** Its decision threw: a defect. */
  | { kind: 'failed' }
  /** `uncertain`: it may have been done all the same; a repeat under the same id finds out. */
  | { kind: 'unavailable'; uncertain: boolean; detail: string };

type Event = { type: string; data: object };

type State = {
  folded: unknown;
  /** Of the last event folded; -1 when there is none. */
  revision: bigint;
  recent: RecentCommands;
  snapshot: { revision: bigint; bytes: number; parts: number };
};

/** One stream's desk: its cached state, and the commands that wait for it. */
export type Desk = {
  /** Queues a command; commands are decided in the order in which they come. Never rejects. */
  submit(request: Request): Promise<Outcome>;
  /** How many commands wait or are in flight. */
  readonly busy: number;
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
  upcast(event: StoredEvent): Event;
  /** Waits before a retry, in milliseconds. */
  pause?(milliseconds: number): Promise<unknown>;
  random?(): number;
  /** Told of what is nobody's answer: a snapshot that could not be written, a fold that threw. */
  onError?(error: unknown): void;
  observe?: DeskObserver;
};

/** Told what a desk does, for metrics. */
export type DeskObserver = {
  appended?(commands: number, events: number, seconds: number): void;
  conflicted?(): void;
};

/** The most that goes into one append: EventStoreDB takes 1,048,576 bytes. */
const MAX_APPEND_BYTES = 900_000;
const MAX_APPEND_COMMANDS = 256;
/** What an event takes besides its data: metadata, ids, framing. */
const EVENT_OVERHEAD_BYTES = 600;
const MAX_CONFLICTS = 10;
const MAX_APPEND_TRIES = 3;
/** Events between two snapshots; more when snapshots are large, so that they stay a small part of what is written. */
const SNAPSHOT_EVERY = 500;
const SNAPSHOT_BYTES_PER_EVENT = 200;

type Waiting = { request: Request; settle(outcome: Outcome): void };

/** A command decided in the group that is about to be appended. */
type Decided = { waiting: Waiting; events: readonly Event[]; last: bigint };

/** What was decided together and goes into one append. */
type Group = {
  decided: readonly Decided[];
  /** Commands that came again while the first of them is in the group. */
  repeats: readonly { waiting: Waiting; of: Decided }[];
  /** Outcomes that rest on events of this group: told only when those are durable. */
  resting: readonly { waiting: Waiting; outcome: Outcome }[];
  /** All of the above, in the order in which they came. */
  members: readonly Waiting[];
  folded: unknown;
  revision: bigint;
};

/**
 * A desk decides the commands of one stream one after the other on a cached state, and appends what they yield in
 * groups: while an append is in flight the next commands queue, and go out together in the next one. Nobody is
 * answered before the events that the answer rests on are durable.
 */
export const desk = (options: DeskOptions): Desk => {
  const { stream, decider, store, onError = () => {}, pause = delay, random = Math.random } = options;
  const waiting: Waiting[] = [];
  let busy = 0;
  let working = false;
  let state: State | undefined;
  let snapshotting = false;
  /** Where the commands seen since the last conflict wrote: an append of ours may be among them. */
  const seen = new Map<string, bigint>();

  const fold = (into: State, event: StoredEvent): void => {
    const { commandId, fingerprint } = event.metadata;
    into.folded = decider.evolve(into.folded, options.upcast(event));
    into.revision = event.revision;
    if (fingerprint) into.recent.add(commandId, event.revision);
    if (!seen.has(commandId)) seen.set(commandId, event.revision);
  };

  const catchUp = async (into: State): Promise<void> => {
    for await (const event of store.read(stream, into.revision + 1n)) fold(into, event);
  };

  const load = async (): Promise<State> => {
    const snapshot = await readSnapshot(store, stream, decider.snapshot.version);
    const loaded: State = {
      folded: snapshot ? decider.snapshot.restore(snapshot.state as never) : decider.initialState,
      revision: snapshot?.revision ?? -1n,
      recent: recentCommands(snapshot?.recent),
      snapshot: { revision: snapshot?.revision ?? -1n, bytes: 0, parts: 0 },
    };
    await catchUp(loaded);
    seen.clear();
    return loaded;
  };

  const unavailable = (error: unknown, uncertain: boolean): Outcome => {
    if (!(error instanceof StoreUnavailableError)) onError(error);
    return { kind: 'unavailable', uncertain, detail: error instanceof Error ? error.message : String(error) };
  };

  /** The answer to a command whose events are in the stream already. */
  const repeated = async (request: Request, revision: bigint): Promise<Outcome | 'unknown'> => {
    const { commandId, fingerprint } = request.metadata;
    const events: Event[] = [];
    let last: StoredEvent | undefined;
    for await (const event of store.read(stream, revision, MAX_APPEND_BYTES / EVENT_OVERHEAD_BYTES)) {
      if (event.metadata.commandId !== commandId) break;
      if (event.metadata.fingerprint !== fingerprint) return { kind: 'key-reused' };
      events.push(options.upcast(event));
      last = event;
    }
    return last ? { kind: 'done', events, revision: last.revision, position: last.position } : 'unknown';
  };

  const isStale = ({ ifMatch, ifNoneMatch }: Request, revision: bigint): boolean =>
    (ifNoneMatch === true && revision >= 0n) ||
    (ifMatch !== undefined && (revision < 0n || (ifMatch !== '*' && !ifMatch.includes(revision))));

  const decideOne = (request: Request, folded: unknown): Decision<Event> | 'failed' => {
    try {
      return decider.decide(request.command, folded, { now: request.metadata.time });
    } catch (error) {
      onError(error);
      return 'failed';
    }
  };

  /** Decides waiting commands in order, each on the state left by those before it, until an append is full. */
  const decideGroup = async (settled: State): Promise<Group> => {
    const decided: Decided[] = [];
    const repeats: { waiting: Waiting; of: Decided }[] = [];
    const resting: { waiting: Waiting; outcome: Outcome }[] = [];
    const members: Waiting[] = [];
    const inGroup = new Map<string, Decided>();
    let { folded, revision } = settled;
    let bytes = 0;

    for (let next = waiting[0]; next && decided.length < MAX_APPEND_COMMANDS; next = waiting[0]) {
      const { request } = next;
      const { commandId } = request.metadata;
      const conclude = (outcome: Outcome) => {
        waiting.shift();
        if (decided.length === 0) return next.settle(outcome);
        resting.push({ waiting: next, outcome });
        members.push(next);
      };
      if (request.signal?.aborted) {
        waiting.shift();
        next.settle({ kind: 'dropped' });
        continue;
      }
      const before = inGroup.get(commandId);
      if (before) {
        waiting.shift();
        repeats.push({ waiting: next, of: before });
        members.push(next);
        continue;
      }
      const at = seen.get(commandId) ?? (request.repeatable ? settled.recent.find(commandId) : undefined);
      const repeat = at === undefined ? 'unknown' : await repeated(request, at);
      if (repeat !== 'unknown') {
        waiting.shift();
        next.settle(repeat);
        continue;
      }
      if (isStale(request, revision)) {
        conclude({ kind: 'stale', revision });
        continue;
      }
      const decision = decideOne(request, folded);
      if (decision === 'failed') {
        conclude({ kind: 'failed' });
        continue;
      }
      if (isRefusal(decision)) {
        conclude({ kind: 'refused', refusal: decision });
        continue;
      }
      if (decision.length === 0) {
        conclude({ kind: 'done', events: [], revision, position: undefined });
        continue;
      }
      const size = decision.length * (request.eventBytes + EVENT_OVERHEAD_BYTES);
      if (decided.length > 0 && bytes + size > MAX_APPEND_BYTES) break;
      waiting.shift();
      for (const event of decision) folded = decider.evolve(folded, event);
      bytes += size;
      revision += BigInt(decision.length);
      const own: Decided = { waiting: next, events: decision, last: revision };
      decided.push(own);
      members.push(next);
      inGroup.set(commandId, own);
    }
    return { decided, repeats, resting, members, folded, revision };
  };

  const toNewEvents = ({ decided }: Group): NewEvent[] =>
    decided.flatMap(({ waiting: { request }, events }) =>
      events.map(
        (event, index): NewEvent => ({
          id: request.eventId(index),
          type: event.type,
          data: event.data,
          metadata: { ...request.metadata, schemaVersion: options.schemaVersion(event.type) },
        }),
      ),
    );

  /** An append that was not answered is repeated as it was: with the same ids and revision it is written once. */
  const append = async (events: readonly NewEvent[], expected: ExpectedRevision) => {
    for (let tries = 1; ; tries++) {
      try {
        return await store.append(stream, events, expected);
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || tries === MAX_APPEND_TRIES) throw error;
        await pause(50 * tries + 50 * random());
      }
    }
  };

  const settleGroup = ({ decided, resting, repeats }: Group, position: Position): void => {
    for (const { waiting: each, events, last } of decided) {
      each.settle({ kind: 'done', events, revision: last, position });
    }
    for (const { waiting: each, of } of repeats) {
      const same = each.request.metadata.fingerprint === of.waiting.request.metadata.fingerprint;
      each.settle(same ? { kind: 'done', events: of.events, revision: of.last, position } : { kind: 'key-reused' });
    }
    for (const { waiting: each, outcome } of resting) {
      each.settle(outcome.kind === 'done' ? { ...outcome, position } : outcome);
    }
  };

  const takeSnapshot = (settled: State): void => {
    const every = Math.max(SNAPSHOT_EVERY, settled.snapshot.bytes / SNAPSHOT_BYTES_PER_EVENT);
    if (snapshotting || Number(settled.revision - settled.snapshot.revision) < every) return;
    snapshotting = true;
    const revision = settled.revision as Revision;
    const saved = { revision, state: decider.snapshot.save(settled.folded), recent: settled.recent.save() };
    writeSnapshot(store, stream, decider.snapshot.version, saved, settled.snapshot.parts)
      .then((written) => {
        settled.snapshot = { revision, ...written };
      })
      .catch(onError)
      .finally(() => {
        snapshotting = false;
      });
  };

  const remember = (settled: State, { decided, folded, revision }: Group): void => {
    for (const { waiting: each, events, last } of decided) {
      const { repeatable, metadata } = each.request;
      if (repeatable) settled.recent.add(metadata.commandId, last - BigInt(events.length) + 1n);
    }
    settled.folded = folded;
    settled.revision = revision;
  };

  /** Another process appended first: reads what, and has the group decided again on it. */
  const afterConflict = async (settled: State, group: Group, conflicts: number): Promise<void> => {
    options.observe?.conflicted?.();
    if (conflicts > 1) await pause(random() * 2 ** Math.min(conflicts, 6));
    const { revision } = settled;
    await catchUp(settled);
    // Nothing new, yet not where it stood: the stream was deleted and begins anew.
    if (settled.revision === revision) state = undefined;
    if (conflicts <= MAX_CONFLICTS) waiting.unshift(...group.members);
    else for (const each of group.members) each.settle({ kind: 'overloaded' });
  };

  /** Works off the queue until it is empty. */
  const work = async (): Promise<void> => {
    let conflicts = 0;
    while (waiting.length > 0) {
      let group: Group | undefined;
      try {
        state ??= await load();
        group = await decideGroup(state);
        if (group.decided.length === 0) continue;

        const started = performance.now();
        const events = toNewEvents(group);
        const result = await append(events, state.revision < 0n ? 'no-stream' : (state.revision as Revision));
        if (result.ok) {
          conflicts = 0;
          seen.clear();
          remember(state, group);
          settleGroup(group, result.position);
          options.observe?.appended?.(group.decided.length, events.length, (performance.now() - started) / 1000);
          takeSnapshot(state);
        } else if (result.reason === 'too-large') {
          for (const each of group.members) each.settle({ kind: 'too-large' });
        } else {
          conflicts = conflicts > MAX_CONFLICTS ? 1 : conflicts + 1;
          await afterConflict(state, group, conflicts);
        }
      } catch (error) {
        state = undefined;
        const failed = group ? group.members : waiting.splice(0);
        for (const each of failed) each.settle(unavailable(error, group !== undefined));
      }
    }
  };

  return {
    submit(request) {
      busy += 1;
      return new Promise((resolve) => {
        waiting.push({
          request,
          settle(outcome) {
            busy -= 1;
            resolve(outcome);
          },
        });
        if (working) return;
        working = true;
        work().finally(() => {
          working = false;
        });
      });
    },
    get busy() {
      return busy;
    },
  };
};
