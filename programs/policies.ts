import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { streams } from '../platform/event-store/streams.ts';
import { createApp } from '../platform/http/app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { lagCheck } from '../platform/subscriptions/lag-check.ts';
import { consumerMetrics } from '../platform/telemetry/consumers.ts';
import { startPolicies } from '../write-side/policies/run-policies.ts';
import { measuredHandler } from '../write-side/start.ts';
import { writeSidesOf } from './contexts.ts';
import { createLog, logFailures } from './wiring/log.ts';
import { openOutside } from './wiring/outside.ts';
import { eventStoreProbe, mongoProbe, reportUnreachable } from './wiring/reachable.ts';
import { serve } from './wiring/serve.ts';
import { readSettings, requireSettings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';
import { telemetryOf } from './wiring/telemetry.ts';

/** `npm run policies`: whenever event, then command, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL } = requireSettings(settings, 'EVENTSTORE_URL', 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'policies');
  const onError = logFailures(log);
  const telemetry = await telemetryOf(settings, 'policies');
  const serving = await serve(settings, settings.POLICIES_PORT);
  const client = connectEventStore(EVENTSTORE_URL, { fast: settings.EVENTSTORE_FAST === 'on' });
  const mongo = createMongoClient(MONGODB_URL);
  const db = mongo.db(settings.MONGODB_DATABASE);
  consumerMetrics(telemetry.registry, db);
  const settle = reportUnreachable([eventStoreProbe(client, EVENTSTORE_URL), mongoProbe(db, MONGODB_URL)], log);
  const contexts = await writeSidesOf(settings.PLAZA_CONTEXTS);
  const outside = await openOutside(contexts, settings);
  const policies = startPolicies({
    client,
    db,
    policies: contexts.flatMap(({ policies: own }) => own),
    processes: outside.processes(),
    handler: measuredHandler({ store: streams(client), contexts, onError }, telemetry),
    log: (line) => log.info(line),
    telemetry,
  });
  let stopping = false;
  const readModels = async () => {
    await db.command({ ping: 1 });
    return { ok: true };
  };
  const informational = { policies: lagCheck(db, settings.MAX_LAG_SECONDS, 'policies') };
  serving.handle(
    createApp(
      [
        ...telemetry.handlers,
        telemetry.routes,
        healthRoutes({ checks: { readModels }, informational, stopping: () => stopping }),
      ],
      [],
      onError,
    ),
  );
  onShutdown(async () => {
    stopping = true;
    settle();
    await serving.close();
    await policies.stop();
    await Promise.all([disconnectEventStore(client), mongo.close()]);
    await telemetry.stop();
  });
  log.info(`the process of the policies listens on ${serving.url}`);
});
