import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { startAppendThread } from '../platform/event-store/fast/append-thread.ts';
import { createApp } from '../platform/http/app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { systemGuard } from '../platform/identity/system.ts';
import { startWriteSide } from '../write-side/start.ts';
import { writeSidesOf } from './contexts.ts';
import { identityOf } from './wiring/identity.ts';
import { limitsOf } from './wiring/limits.ts';
import { createLog, logFailures } from './wiring/log.ts';
import { openOutside } from './wiring/outside.ts';
import { eventStoreProbe, reportUnreachable } from './wiring/reachable.ts';
import { serve } from './wiring/serve.ts';
import { readSettings, requireSettings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';
import { telemetryOf } from './wiring/telemetry.ts';

/** `npm run write-side`: commands over HTTP, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { EVENTSTORE_URL } = requireSettings(settings, 'EVENTSTORE_URL');
  const log = createLog(settings.LOG_LEVEL, 'write-side');
  const telemetry = await telemetryOf(settings, 'write-side');
  const serving = await serve(settings, settings.WRITE_SIDE_PORT);
  const client = connectEventStore(EVENTSTORE_URL, { fast: settings.EVENTSTORE_FAST === 'on' });
  const settle = reportUnreachable([eventStoreProbe(client, EVENTSTORE_URL)], log);
  const onDeath = (error: unknown) => {
    throw error;
  };
  const appending = settings.EVENTSTORE_FAST === 'on' ? await startAppendThread(EVENTSTORE_URL, onDeath) : undefined;
  const contexts = await writeSidesOf(settings.PLAZA_CONTEXTS);
  const outside = await openOutside(contexts, settings);
  const onError = logFailures(log);
  const { identify, signIn } = await identityOf(settings, onError);
  const writeSide = startWriteSide({
    client,
    ...(appending ? { appending } : {}),
    contexts,
    answerWithin: settings.COMMAND_TIMEOUT_MS,
    maxBusy: settings.MAX_WAITING_COMMANDS,
    ...outside.commands(telemetry),
    onError,
    identify,
    telemetry,
  });
  const limits = limitsOf('side', settings, log);
  let stopping = false;
  const health = healthRoutes({ checks: writeSide.checks, stopping: () => stopping });
  serving.handle(
    createApp(
      [
        ...telemetry.handlers,
        ...limits.handlers,
        telemetry.routes,
        systemGuard(identify, signIn),
        health,
        writeSide.router,
      ],
      contexts.map(({ schema }) => schema),
      onError,
    ),
  );
  const drain = settings.DRAIN_SECONDS * 1000;
  onShutdown(async () => {
    stopping = true;
    settle();
    await serving.drain(drain);
    await serving.close();
    await writeSide.stop();
    await appending?.stop();
    await disconnectEventStore(client);
    await limits.stop();
    await telemetry.stop();
  }, drain);
  log.info(`write side listens on ${serving.url}`);
});
