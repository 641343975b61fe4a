import { connectEventStore, disconnectEventStore } from '../event-store/client.ts';
import { streams } from '../event-store/streams.ts';
import { createApp } from '../http/app.ts';
import { healthRoutes } from '../http/health.ts';
import { openCinemaProcesses } from '../start/cinema.ts';
import { createLog, logFailures } from '../start/log.ts';
import { createMongoClient } from '../start/mongo.ts';
import { serve } from '../start/serve.ts';
import { readSettings, requireSettings } from '../start/settings.ts';
import { main, onShutdown } from '../start/shutdown.ts';
import { telemetryOf } from '../start/telemetry.ts';
import { lagCheck } from '../subscriptions/lag-check.ts';
import { memberMetrics } from '../telemetry/members.ts';
import { writeSideContexts } from '../write-side/contexts.ts';
import { measuredHandler } from '../write-side/start.ts';
import { policiesOf } from './contexts.ts';
import { startPolicies } from './start.ts';

/** `npm run policies`: whenever event, then command, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { EVENTSTORE_URL, MONGODB_URL } = requireSettings(settings, 'EVENTSTORE_URL', 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'policies');
  const onError = logFailures(log);
  const telemetry = await telemetryOf(settings, 'policies');
  const serving = await serve(settings.HOST, settings.POLICIES_PORT);
  const client = connectEventStore(EVENTSTORE_URL);
  const mongo = createMongoClient(MONGODB_URL);
  const db = mongo.db(settings.MONGODB_DATABASE);
  memberMetrics(telemetry.registry, db);
  const contexts = writeSideContexts.filter(({ schema }) => settings.PLAZA_CONTEXTS.includes(schema.name));
  const policies = startPolicies({
    client,
    db,
    policies: contexts.flatMap(({ schema }) => policiesOf[schema.name] ?? []),
    processes: settings.PLAZA_CONTEXTS.includes('cinema') ? openCinemaProcesses(settings) : undefined,
    handler: measuredHandler({ store: streams(client), contexts, onError }, telemetry),
    log: (line) => log.info(line),
    telemetry,
  });
  let stopping = false;
  const readModels = async () => {
    await db.command({ ping: 1 });
    return { ok: true };
  };
  const told = { policies: lagCheck(db, settings.MAX_LAG_SECONDS, 'policies') };
  serving.handle(
    createApp(
      [
        ...telemetry.handlers,
        telemetry.routes,
        healthRoutes({ checks: { readModels }, told, stopping: () => stopping }),
      ],
      [],
      onError,
    ),
  );
  onShutdown(async () => {
    stopping = true;
    await serving.close();
    await policies.stop();
    await Promise.all([disconnectEventStore(client), mongo.close()]);
    await telemetry.stop();
  });
  log.info(`the process of the policies listens on ${serving.url}`);
});
