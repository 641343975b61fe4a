import type { EventStoreClient } from '../platform/event-store/client.ts';
import { type Appending, sharedAppends } from '../platform/event-store/fast/append-thread.ts';
import { streams } from '../platform/event-store/streams.ts';
import { readTail } from '../platform/event-store/tail.ts';
import type { Check } from '../platform/http/health.ts';
import type { LogLine } from '../platform/subscriptions/trouble.ts';
import { commandMetrics } from '../platform/telemetry/commands.ts';
import type { Telemetry } from '../platform/telemetry/telemetry.ts';
import { type CommandHandler, type CommandHandlerOptions, commandHandler } from './kernel/command-handler.ts';
import { type CommandRoutesOptions, commandRoutes } from './kernel/http.ts';
import { inProcess } from './kernel/in-process.ts';
import { watchedAppends } from './kernel/watched-appends.ts';

export type WriteSideOptions = Omit<CommandHandlerOptions, 'store' | 'observe'> &
  Pick<CommandRoutesOptions, 'answerWithin' | 'identify' | 'steps' | 'finding'> & {
    client: EventStoreClient;
    /** Appends in place of the client, if given. */
    appending?: Appending | undefined;
    /** Further conditions for `/readyz`. */
    checks?: Readonly<Record<string, () => Promise<Check>>>;
    telemetry?: Telemetry;
    /** Called with a line for operators. */
    log?: LogLine;
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
  answerWithin,
  identify,
  steps = {},
  finding,
  checks = {},
  telemetry,
  log = () => {},
  ...options
}: WriteSideOptions) => {
  const { contexts, onError } = options;
  const appends = watchedAppends(appending ? sharedAppends(streams(client), appending) : streams(client), log);
  const handler = measuredHandler({ store: appends.store, ...options }, telemetry);
  const schemas = contexts.map(({ schema }) => schema);
  const tail = () => readTail(client);
  return {
    handler,
    /** Gives a command of this process itself, with its steps. */
    give: inProcess(handler, steps, { tail, onError }),
    router: commandRoutes({ contexts: schemas, handler, answerWithin, identify, steps, tail, finding, onError }),
    /** For `/readyz`: fails while the event store does not answer or takes no events. */
    checks: {
      ...checks,
      eventStore: async (): Promise<Check> => {
        await tail();
        return appends.check();
      },
    },
    /** Drops the states in memory, which may be of events that the store no longer has. */
    forget: handler.forget,
    /** Writes the snapshots that make the next start fast. Call it when no more commands come. */
    stop: () => handler.close(),
  };
};

export type WriteSide = ReturnType<typeof startWriteSide>;
