import { LRUCache } from 'lru-cache';
import type { Streams } from '../../platform/event-store/streams.ts';
import type { StoredEvent } from '../../platform/event-store/types.ts';
import { machine, pause } from '../../platform/machine/machine.ts';
import type { CommandMetrics } from '../../platform/telemetry/commands.ts';
import type { EventSchema } from '../../schemas/kernel/context.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import { requireUnique } from '../../schemas/kernel/unique.ts';
import { ForeignEventError, UnknownEventVersionError, upcast } from '../../schemas/kernel/upcast.ts';
import type { CommandContext } from './context.ts';
import type { AnyDecider, Message } from './decider.ts';
import { type Desk, desk } from './desk.ts';
import { fingerprintOf } from './ids.ts';
import type { Limit, Outcome, Request, Tried } from './request.ts';

/** A command with its sender and its conditions. */
export type GivenCommand = Message & {
  /** A repeated command has the same id. Without one, the command can't be repeated. */
  commandId?: string;
  /** Its {@link CommandHandler.fingerprint}, if the sender has made it already. */
  fingerprint?: string | undefined;
  /** The sender. */
  actor: string;
  correlationId?: string;
  causationId?: string;
  traceparent?: string;
} & Pick<Request, 'ifMatch' | 'ifNoneMatch' | 'ownedBy' | 'within' | 'prepared' | 'isNamedByContent' | 'isAbandoned'>;

/** Decides commands and appends their events. */
export type CommandHandler = {
  /** Never rejects: a failure is an outcome. @throws TypeError for a command type that no context has */
  handle(command: GivenCommand): Promise<Outcome>;
  /**
   * Tries a command before the steps that prepare it. Never rejects.
   * @returns `tried` when it would be done, and nothing is appended; otherwise its outcome. A repeat of a command that
   *   was done gets the first outcome.
   * @throws TypeError for a command type that no context has
   */
  attempt(command: GivenCommand): Promise<Outcome | Tried>;
  /** Returns the body of the answer to a command that yielded these events. */
  answer(command: Message, events: readonly Message[]): object;
  /** Returns a hash of a command that a client could repeat. */
  fingerprint(actor: string, command: Message): string;
  /** Commands that wait or are in flight. */
  readonly busy: number;
  /** Drops the states of idle streams, which may be of events that the store no longer has. */
  forget(): void;
  /** Writes snapshots of the states in memory within a time, so that the next start is fast. */
  close(withinMs?: number): Promise<void>;
};

export type CommandHandlerOptions = {
  store: Streams;
  contexts: readonly CommandContext[];
  /** The time zone of calendar days (IANA name). */
  timeZone: string;
  /** The most commands that may wait or be in flight. Further ones are refused as overloaded. */
  maxBusy?: number;
  /** The same for one stream. */
  maxBusyPerStream?: number;
  /** Idle streams whose state is kept in memory, and the things that those states hold in all. */
  maxIdle?: number;
  maxIdleSize?: number;
  /** Keys the hashes of commands, if personal data is encrypted. */
  secret?: Buffer | undefined;
  /** The clock of decisions; this machine's when left out. */
  now?: (() => Date) | undefined;
  /** Called with errors that no client receives: a snapshot that could not be written, a fold that threw. */
  onError(error: unknown): void;
  observe?: Partial<CommandMetrics>;
};

type Handled = { decider: AnyDecider; events: Readonly<Record<string, EventSchema>> };

const CLOSING_AT_ONCE = 16;
/** Milliseconds for which the state of an idle stream is kept. */
const IDLE_MS = 600_000;
/** Milliseconds; each time all idle streams are looked at. */
const PURGE_EVERY = 60_000;

/**
 * Milliseconds that an overloaded answer is delayed. Clients that retry at once would otherwise keep the event loop
 * busy with requests, and the event store's answers to admitted commands would come too late.
 */
const SHED_AFTER = 500;

const shed = async (limit: Limit): Promise<Outcome> => {
  await pause(SHED_AFTER);
  return { kind: 'overloaded', limit };
};

const requireUniqueNames = (contexts: readonly CommandContext[]): void => {
  const require = (kind: string, namesOf: (context: CommandContext) => readonly string[]) => {
    const names = contexts.flatMap((context) => namesOf(context).map((name) => [name, context.schema.name] as const));
    requireUnique(kind, names);
  };
  require('command', ({ deciders }) => deciders.flatMap(({ commands }) => commands));
  require('event', ({ schema }) => Object.keys(schema.events));
  require('stream category', ({ deciders }) => deciders.map(({ category }) => category));
};

/**
 * Returns a handler for the commands of some contexts.
 * @throws Error when two of them declare the same command, event or stream category
 */
export const commandHandler = ({
  store,
  contexts,
  timeZone,
  maxBusy = 5_000,
  maxBusyPerStream = 2_000,
  maxIdle = 5_000,
  maxIdleSize = 1_000_000,
  secret,
  now = () => new Date(machine.now()),
  onError,
  observe = {},
}: CommandHandlerOptions): CommandHandler => {
  requireUniqueNames(contexts);
  const handled = new Map<string, Handled>();
  for (const { schema, deciders } of contexts) {
    for (const decider of deciders) {
      for (const type of decider.commands) handled.set(type, { decider, events: schema.events });
    }
  }

  const fingerprint: CommandHandler['fingerprint'] = (actor, command) => fingerprintOf(actor, command, secret);
  let busy = 0;
  const active = new Map<string, Desk>();
  const idle = new LRUCache<string, Desk>({
    max: maxIdle,
    maxSize: maxIdleSize,
    sizeCalculation: (desk) => desk.size(),
    ttl: IDLE_MS,
    ttlResolution: 0,
    perf: { now: () => machine.elapsed() },
    dispose: (desk, _stream, reason) => {
      if (reason === 'evict' || reason === 'expire') void desk.leave();
    },
  });
  let purgedAt = machine.elapsed();

  const open = (stream: string, { decider, events }: Handled): Desk =>
    desk({
      stream,
      decider,
      store,
      timeZone,
      onError,
      observe,
      schemaVersion: (type) => events[type]?.version ?? 1,
      upcast: ({ type, data, metadata, revision }: StoredEvent) => {
        // Every event of Plaza is JSON and has a version.
        if (!Number.isInteger(metadata.schemaVersion) || data instanceof Uint8Array)
          throw new ForeignEventError(`${stream} holds ${type} at revision ${revision}, an event of another program`);
        const current = upcast(events, type, metadata.schemaVersion, data);
        if (current === null)
          throw new UnknownEventVersionError(`${stream} holds ${type}, which this Plaza does not know`);
        return { type, data: current as object };
      },
    });

  const take = (stream: string, found: Handled): Desk => {
    const taken = active.get(stream) ?? idle.get(stream) ?? open(stream, found);
    idle.delete(stream);
    active.set(stream, taken);
    return taken;
  };

  const letGo = (stream: string, taken: Desk): void => {
    if (taken.busy() > 0) return;
    active.delete(stream);
    idle.set(stream, taken);
    const now = machine.elapsed();
    if (now - purgedAt < PURGE_EVERY) return;
    purgedAt = now;
    idle.purgeStale();
  };

  const handledBy = (type: string): Handled => {
    const found = handled.get(type);
    if (!found) throw new TypeError(`no context takes the command ${type}`);
    return found;
  };

  const toRequest = ({ type, data, ...given }: GivenCommand): Request => {
    const { traceparent, ifMatch, ifNoneMatch, ownedBy, within, prepared, isNamedByContent, isAbandoned } = given;
    const conditions = { ifMatch, ifNoneMatch, ownedBy, within, prepared, isNamedByContent, isAbandoned };
    const command = { type, data };
    const isRepeatable = given.commandId !== undefined;
    const commandId = given.commandId ?? machine.uuid();
    const metadata = {
      $correlationId: given.correlationId ?? commandId,
      $causationId: given.causationId ?? commandId,
      commandId,
      fingerprint: isRepeatable ? (given.fingerprint ?? fingerprint(given.actor, command)) : '',
      actor: given.actor,
      time: now().toISOString(),
      ...defined({ traceparent }),
    };
    return { command, metadata, ...defined(conditions) };
  };

  type Submit<Result> = (desk: Desk, request: Request) => Promise<Result>;

  const decide = async <Result extends Outcome | Tried>(
    given: GivenCommand,
    found: Handled,
    submit: Submit<Result>,
  ): Promise<Result | Outcome> => {
    const stream = `${found.decider.category}-${found.decider.id(given.data)}`;
    if (busy >= maxBusy) return shed({ name: 'commands', most: maxBusy });
    if ((active.get(stream)?.busy() ?? 0) >= maxBusyPerStream) return shed({ name: 'stream', most: maxBusyPerStream });

    const request = toRequest(given);
    const taken = take(stream, found);
    busy += 1;
    const outcome = await submit(taken, request);
    busy -= 1;
    letGo(stream, taken);
    return outcome;
  };

  /** A trial that succeeds is not counted: the command itself follows. */
  const outcomeOf = async <Result extends Outcome | Tried>(
    given: GivenCommand,
    submit: Submit<Result>,
  ): Promise<Result | Outcome> => {
    const found = handledBy(given.type);
    const began = machine.elapsed();
    const outcome = await decide(given, found, submit);
    if (outcome.kind !== 'tried') observe.handled?.(given.type, outcome, (machine.elapsed() - began) / 1000);
    return outcome;
  };

  return {
    handle: (given) => outcomeOf(given, (desk, request) => desk.submit(request)),

    attempt: (given) => outcomeOf(given, (desk, request) => desk.attempt(request)),

    fingerprint,

    answer: (command, events) => handledBy(command.type).decider.answer(command, events),

    get busy() {
      return busy;
    },

    forget: () => idle.clear(),

    async close(withinMs = 2_000) {
      const until = machine.elapsed() + withinMs;
      const desks = [...active.values(), ...idle.values()].values();
      const leaveOneByOne = async () => {
        for (const each of desks) {
          if (machine.elapsed() > until) return;
          await each.leave();
        }
      };
      await Promise.all(Array.from({ length: CLOSING_AT_ONCE }, leaveOneByOne));
    },
  };
};
