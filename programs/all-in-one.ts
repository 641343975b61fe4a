import { resolve } from 'node:path';
import packageJson from '../package.json' with { type: 'json' };
import { connectEventStore, disconnectEventStore } from '../platform/event-store/client.ts';
import { createApp } from '../platform/http/app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { systemGuard } from '../platform/identity/system.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { lagCheck } from '../platform/subscriptions/lag-check.ts';
import { forgetAllWorkers } from '../platform/subscriptions/workers.ts';
import { consumerMetrics } from '../platform/telemetry/consumers.ts';
import { operationRoutes } from '../projections/operations.ts';
import { startProjections } from '../projections/start.ts';
import { startReadApi } from '../read-api/start.ts';
import { startPolicies } from '../write-side/policies/run-policies.ts';
import { startWriteSide } from '../write-side/start.ts';
import { projectionsOf, readSidesOf, writeSidesOf } from './contexts.ts';
import { identityOf } from './wiring/identity.ts';
import { limitsOf } from './wiring/limits.ts';
import { createLog, logFailures } from './wiring/log.ts';
import { openOutside } from './wiring/outside.ts';
import { eventStoreProbe, mongoProbe, reportUnreachable, withoutPassword } from './wiring/reachable.ts';
import { announce } from './wiring/running.ts';
import { serve } from './wiring/serve.ts';
import { readSettings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';
import { openStores } from './wiring/stores.ts';
import { telemetryOf } from './wiring/telemetry.ts';

/**
 * Milliseconds for views that are not there yet or were left behind by a crash: of a small store they are shown whole with the first
 * answer.
 */
const FIRST_VIEWS = 800;

/** `npm start`: every side in one process, on the embedded stores or on those that the settings name. */
await main(async () => {
  const settings = readSettings();
  const log = createLog(settings.LOG_LEVEL, 'plaza');
  const onError = logFailures(log);
  const names = settings.PLAZA_CONTEXTS;
  const contexts = await writeSidesOf(names);
  const outside = await openOutside(contexts, settings);
  const { identify, signIn } = await identityOf(settings, onError);
  const info = (line: string) => log.info(line);

  const telemetry = await telemetryOf(settings, 'plaza');
  const serving = await serve(settings, settings.PORT);
  const dataFolder = resolve(settings.PLAZA_DATA);
  const stores = await openStores({
    eventStoreUrl: settings.EVENTSTORE_URL,
    mongoUrl: settings.MONGODB_URL,
    dataFolder,
    log: info,
    onLost(reason) {
      console.error(`plaza: ${reason}`);
      process.exit(1);
    },
  });

  const client = connectEventStore(stores.eventStoreUrl, { fast: settings.EVENTSTORE_FAST === 'on' });
  const mongo = createMongoClient(stores.mongoUrl);
  const db = mongo.db(settings.MONGODB_DATABASE);
  consumerMetrics(telemetry.registry, db);
  const withdraw = announce(settings);
  const settle = reportUnreachable(
    [eventStoreProbe(client, stores.eventStoreUrl), mongoProbe(db, stores.mongoUrl)],
    log,
  );
  // After a crash the views would stand still until the leases of a process ran out that is gone for certain.
  if (settings.MONGODB_URL === '') await forgetAllWorkers(db);
  await outside.standIn(dataFolder);
  const known = await projectionsOf(names);

  const writeSide = startWriteSide({
    client,
    contexts,
    answerWithin: settings.COMMAND_TIMEOUT_MS,
    maxBusy: settings.MAX_WAITING_COMMANDS,
    ...outside.commands(telemetry),
    onError,
    identify,
    telemetry,
  });
  const policies = startPolicies({
    client,
    db,
    policies: contexts.flatMap(({ policies: own }) => own),
    processes: outside.processes(),
    handler: writeSide.handler,
    log: info,
    telemetry,
  });
  const projections = startProjections({ client, db, projections: known, log: info, telemetry });
  const operations = operationRoutes({ client, db, projections: known, onError });
  const readApi = startReadApi({
    db,
    contexts: await readSidesOf(names),
    version: packageJson.version,
    answerWithin: settings.QUERY_TIMEOUT_MS,
    onError,
    identify,
    signIn,
  });

  const limits = limitsOf('entry', settings, log);
  let stopping = false;
  const health = healthRoutes({
    checks: { ...writeSide.checks, ...readApi.checks },
    informational: { projections: lagCheck(db, settings.MAX_LAG_SECONDS) },
    stopping: () => stopping,
  });
  const app = createApp(
    [
      ...telemetry.handlers,
      ...limits.handlers,
      systemGuard(identify, signIn),
      telemetry.routes,
      health,
      writeSide.router,
      operations.router,
      ...readApi.routers,
    ],
    contexts.map(({ schema }) => schema),
    onError,
  );
  onShutdown(async () => {
    stopping = true;
    settle();
    readApi.stop();
    await serving.close();
    await Promise.all([policies.stop(), projections.stop(), operations.stop()]);
    await writeSide.stop();
    await Promise.all([disconnectEventStore(client), limits.stop(), mongo.close(), outside.stop()]);
    await stores.stop();
    withdraw();
    await telemetry.stop();
  });

  await projections.caughtUp(FIRST_VIEWS);
  serving.handle(app);

  const placeOf = (url: string) => (url === '' ? `${dataFolder} (embedded)` : withoutPassword(url));
  console.log(`Plaza listens on ${serving.url.replace('127.0.0.1', 'localhost')}  (ready after ${Math.round(performance.now())} ms)
  contexts   ${names.join(', ')}
  events     ${placeOf(settings.EVENTSTORE_URL)}
  views      ${placeOf(settings.MONGODB_URL)}
  reference  ${serving.url.replace('127.0.0.1', 'localhost')}/reference
  stop       Ctrl-C`);
  if (settings.AUTH === 'off')
    console.warn(
      `plaza: SIGN-IN IS OFF: whoever reaches ${settings.HOST}:${settings.PORT} can read and change everything (AUTH=on turns it on)`,
    );
});
