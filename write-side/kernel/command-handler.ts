import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Streams } from '../../event-store/streams.ts';
import type { StoredEvent } from '../../event-store/types.ts';
import type { EventSchema } from '../../schemas/kernel/context.ts';
import { upcast } from '../../schemas/kernel/upcast.ts';
import type { WriteSideContext } from './context.ts';
import type { Decider } from './decider.ts';
import { type Desk, type DeskObserver, desk, type Outcome, type Request } from './desk.ts';
import { derivedUuid, fingerprintOf } from './ids.ts';

/** A command and where it comes from. */
export type GivenCommand = {
  type: string;
  data: object;
  /** The same whenever the same command comes again; made up when left out, and the command can't be repeated. */
  commandId?: string;
  /** Who asks. */
  actor: string;
  correlationId?: string;
  causationId?: string;
  traceparent?: string;
  /** Bytes of the request that it came with, an upper bound for what an event takes over from it. */
  bytes?: number;
} & Pick<Request, 'ifMatch' | 'ifNoneMatch' | 'signal'>;

/** Decides commands and appends what they yield. */
export type CommandHandler = {
  /** Never rejects: what went wrong is an outcome. @throws TypeError for a command type that no context has */
  handle(command: GivenCommand): Promise<Outcome>;
  /** The body of the answer to a command that was done with these events. */
  answer(command: { type: string; data: object }, events: readonly { type: string; data: object }[]): object;
  /** Commands that wait or are in flight. */
  readonly busy: number;
};

export type CommandHandlerOptions = {
  store: Streams;
  contexts: readonly WriteSideContext[];
  /** Commands that may wait or be in flight; one more is refused as overloaded. */
  maxBusy?: number;
  /** The same for one stream. */
  maxBusyPerStream?: number;
  /** Streams whose state is kept in memory. */
  maxDesks?: number;
  now?: () => Date;
  onError?: (error: unknown) => void;
  observe?: DeskObserver;
};

type Handled = {
  // biome-ignore lint/suspicious/noExplicitAny: each decider is typed where it is defined
  decider: Decider<any, any, any>;
  events: Readonly<Record<string, EventSchema>>;
};

/** @param options.contexts whose commands it takes */
export const commandHandler = ({
  store,
  contexts,
  maxBusy = 5_000,
  maxBusyPerStream = 2_000,
  maxDesks = 5_000,
  now = () => new Date(),
  onError = () => {},
  observe = {},
}: CommandHandlerOptions): CommandHandler => {
  const handled = new Map<string, Handled>();
  for (const { schema, deciders } of contexts) {
    for (const decider of deciders) {
      for (const type of decider.commands) handled.set(type, { decider, events: schema.events });
    }
  }

  let busy = 0;
  const idle = new LRUCache<string, Desk>({ max: maxDesks });
  const active = new Map<string, Desk>();

  const open = (stream: string, { decider, events }: Handled): Desk =>
    desk({
      stream,
      decider,
      store,
      onError,
      observe,
      schemaVersion: (type) => events[type]?.version ?? 1,
      upcast: ({ type, data, metadata }: StoredEvent) => ({
        type,
        data: upcast(events, type, metadata.schemaVersion, data) as object,
      }),
    });

  const handledBy = (type: string): Handled => {
    const found = handled.get(type);
    if (!found) throw new TypeError(`no context takes the command ${type}`);
    return found;
  };

  return {
    async handle({ type, data, bytes = 1_000, ...given }) {
      const command = { type, data };
      const found = handledBy(type);
      const stream = `${found.decider.category}-${found.decider.id(data)}`;
      const at = active.get(stream) ?? idle.get(stream) ?? open(stream, found);
      if (busy >= maxBusy || at.busy >= maxBusyPerStream) return { kind: 'overloaded' };

      const repeatable = given.commandId !== undefined;
      const commandId = given.commandId ?? randomUUID();
      busy += 1;
      active.set(stream, at);
      const outcome = await at.submit({
        command,
        repeatable,
        eventId: repeatable ? (index) => derivedUuid(`${stream} ${commandId} ${index}`) : () => randomUUID(),
        metadata: {
          $correlationId: given.correlationId ?? commandId,
          $causationId: given.causationId ?? commandId,
          commandId,
          fingerprint: repeatable ? fingerprintOf(command) : '',
          actor: given.actor,
          time: now().toISOString(),
          ...(given.traceparent === undefined ? {} : { traceparent: given.traceparent }),
        },
        eventBytes: bytes,
        ...(given.ifMatch === undefined ? {} : { ifMatch: given.ifMatch }),
        ...(given.ifNoneMatch === undefined ? {} : { ifNoneMatch: given.ifNoneMatch }),
        ...(given.signal === undefined ? {} : { signal: given.signal }),
      });
      busy -= 1;
      if (at.busy === 0) {
        active.delete(stream);
        idle.set(stream, at);
      }
      return outcome;
    },
    answer: (command, events) => handledBy(command.type).decider.answer(command, events),
    get busy() {
      return busy;
    },
  };
};
