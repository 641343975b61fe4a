import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { createApp } from '../platform/http/app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { systemGuard } from '../platform/identity/system.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { lagCheck } from '../platform/subscriptions/lag-check.ts';
import { consumerMetrics } from '../platform/telemetry/consumers.ts';
import { operationRoutes } from '../projections/operations.ts';
import { startProjections } from '../projections/start.ts';
import { projectionsOf } from './contexts.ts';
import { identityOf } from './wiring/identity.ts';
import { createLog, logFailures } from './wiring/log.ts';
import { eventStoreProbe, mongoProbe, reportUnreachable } from './wiring/reachable.ts';
import { serve } from './wiring/serve.ts';
import { readSettings, requireSettings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';
import { telemetryOf } from './wiring/telemetry.ts';

/** `npm run projections`: events, then read models, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL } = requireSettings(settings, 'EVENTSTORE_URL', 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'projections');
  const telemetry = await telemetryOf(settings, 'projections');
  const serving = await serve(settings, settings.PROJECTIONS_PORT);
  const client = connectEventStore(EVENTSTORE_URL, { fast: settings.EVENTSTORE_FAST === 'on' });
  const mongo = createMongoClient(MONGODB_URL);
  const db = mongo.db(settings.MONGODB_DATABASE);
  consumerMetrics(telemetry.registry, db);
  const settle = reportUnreachable([eventStoreProbe(client, EVENTSTORE_URL), mongoProbe(db, MONGODB_URL)], log);
  const all = await projectionsOf(settings.PLAZA_CONTEXTS);
  const onError = logFailures(log);
  const { identify, signIn } = await identityOf(settings, onError);
  const projections = startProjections({ client, db, projections: all, log: (line) => log.info(line), telemetry });
  const operations = operationRoutes({ client, db, projections: all, onError });
  let stopping = false;
  const readModels = async () => {
    await db.command({ ping: 1 });
    return { ok: true };
  };
  const health = healthRoutes({
    // A successor is ready once its views are: until then its predecessor keeps the old ones up to date.
    checks: { readModels, ...projections.checks },
    informational: { projections: lagCheck(db, settings.MAX_LAG_SECONDS, 'projections') },
    stopping: () => stopping,
  });
  serving.handle(
    createApp(
      [...telemetry.handlers, telemetry.routes, systemGuard(identify, signIn), health, operations.router],
      [],
      onError,
    ),
  );
  onShutdown(async () => {
    stopping = true;
    settle();
    await serving.close();
    await Promise.all([projections.stop(), operations.stop()]);
    await Promise.all([disconnectEventStore(client), mongo.close()]);
    await telemetry.stop();
  });
  log.info(`the process of the projections listens on ${serving.url}`);
});
