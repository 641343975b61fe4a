import type { Router } from 'express';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { type Appending, sharedAppends } from '../platform/event-store/fast/append-thread.ts';
import { streams } from '../platform/event-store/streams.ts';
import { readTail } from '../platform/event-store/tail.ts';
import type { Check } from '../platform/http/health.ts';
import type { Identify } from '../platform/identity/caller.ts';
import { commandMetrics } from '../platform/telemetry/commands.ts';
import type { Telemetry } from '../platform/telemetry/telemetry.ts';
import { type CommandHandler, type CommandHandlerOptions, commandHandler } from './kernel/command-handler.ts';
import type { StepsByCommand } from './kernel/command-steps.ts';
import type { CommandContext } from './kernel/context.ts';
import { commandRoutes } from './kernel/http.ts';
import { type GiveCommand, inProcess } from './kernel/in-process.ts';

export type WriteSideOptions = {
  client: EventStoreClient;
  /** Appends in place of the client, if given. */
  appending?: Appending | undefined;
  contexts: readonly CommandContext[];
  /** The time zone of calendar days (IANA name). */
  timeZone: string;
  /** Milliseconds until a command is answered with 503 when the event store does not answer. */
  answerWithin: number;
  /** Commands that may wait or be in flight. */
  maxBusy: number;
  /** Keys the hashes of commands, if personal data is encrypted. */
  secret?: Buffer | undefined;
  /** The steps of commands that reach beyond their own stream. */
  steps?: StepsByCommand;
  /** Further conditions for `/readyz`. */
  checks?: Readonly<Record<string, () => Promise<Check>>>;
  onError(error: unknown): void;
  /** Left out where sign-in is off. */
  identify?: Identify | undefined;
  telemetry?: Telemetry;
  /** The clock of decisions; this machine's when left out. */
  now?: (() => Date) | undefined;
};

export type WriteSide = {
  handler: CommandHandler;
  /** Gives a command of this process itself, with its steps. */
  give: GiveCommand;
  router: Router;
  /** For `/readyz`: fails while the event store does not answer. */
  checks: Readonly<Record<string, () => Promise<Check>>>;
  /** Writes the snapshots that make the next start fast. Call it when no more commands come. */
  stop(): Promise<void>;
};

/** Returns a command handler whose commands and appends are measured and traced. */
export const measuredHandler = (
  { store, ...options }: CommandHandlerOptions,
  telemetry: Telemetry | undefined,
): CommandHandler => {
  if (!telemetry) return commandHandler({ store, ...options });
  const { registry, tracing } = telemetry;
  const schemas = options.contexts.map(({ schema }) => schema);
  const observe = commandMetrics(registry, schemas, () => handler.busy);
  const handler = commandHandler({ store: tracing?.streams(store) ?? store, ...options, observe });
  return handler;
};

/** Starts the write side over an event store. */
export const startWriteSide = ({
  client,
  appending,
  contexts,
  timeZone,
  answerWithin,
  maxBusy,
  secret,
  steps = {},
  checks = {},
  onError,
  identify,
  telemetry,
  now,
}: WriteSideOptions): WriteSide => {
  const store = appending ? sharedAppends(streams(client), appending) : streams(client);
  const handler = measuredHandler(
    { store, contexts, timeZone, maxBusy, secret, onError, ...(now ? { now } : {}) },
    telemetry,
  );
  const schemas = contexts.map(({ schema }) => schema);
  const tail = () => readTail(client);
  return {
    handler,
    give: inProcess(handler, steps, { tail, onError }),
    router: commandRoutes({ contexts: schemas, handler, answerWithin, identify, steps, tail, onError }),
    checks: {
      ...checks,
      eventStore: async () => {
        await tail();
        return { ok: true };
      },
    },
    stop: () => handler.close(),
  };
};
