import packageJson from '../package.json' with { type: 'json' };
import { createApp } from '../platform/http/app.ts';
import { healthRoutes } from '../platform/http/health.ts';
import { systemGuard } from '../platform/identity/system.ts';
import { createMongoClient } from '../platform/mongo.ts';
import { lagCheck } from '../platform/subscriptions/lag-check.ts';
import { consumerMetrics } from '../platform/telemetry/consumers.ts';
import { MAX_WAIT } from '../read-api/kernel/preferences.ts';
import { startReadApi } from '../read-api/start.ts';
import { readSidesOf } from './contexts.ts';
import { identityOf } from './wiring/identity.ts';
import { limitsOf } from './wiring/limits.ts';
import { createLog, logFailures } from './wiring/log.ts';
import { mongoProbe, reportUnreachable } from './wiring/reachable.ts';
import { serve } from './wiring/serve.ts';
import { readSettings, requireSettings } from './wiring/settings.ts';
import { main, onShutdown } from './wiring/shutdown.ts';
import { telemetryOf } from './wiring/telemetry.ts';

/** Milliseconds by which the driver tells that MongoDB is away before a query is answered without it. */
const BEFORE_THAT = 100;

/** `npm run read-api`: queries over HTTP, as a process of its own. */
await main(async () => {
  const settings = readSettings();
  const { MONGODB_URL } = requireSettings(settings, 'MONGODB_URL');
  const log = createLog(settings.LOG_LEVEL, 'read-api');
  const telemetry = await telemetryOf(settings, 'read-api');
  const serving = await serve(settings, settings.READ_API_PORT);
  const mongo = createMongoClient(MONGODB_URL, settings.QUERY_TIMEOUT_MS - BEFORE_THAT);
  const db = mongo.db(settings.MONGODB_DATABASE);
  consumerMetrics(telemetry.registry, db);
  const settle = reportUnreachable([mongoProbe(db, MONGODB_URL)], log);
  const contexts = await readSidesOf(settings.PLAZA_CONTEXTS);
  const onError = logFailures(log);
  const { identify, signIn } = await identityOf(settings, onError);
  const { version } = packageJson;
  const readApi = startReadApi({
    db,
    contexts,
    version,
    answerWithin: settings.QUERY_TIMEOUT_MS,
    onError,
    identify,
    signIn,
  });
  const limits = limitsOf('side', settings, log);
  let stopping = false;
  const health = healthRoutes({
    checks: readApi.checks,
    informational: { projections: lagCheck(db, settings.MAX_LAG_SECONDS) },
    stopping: () => stopping,
  });
  serving.handle(
    createApp(
      [
        ...telemetry.handlers,
        ...limits.handlers,
        telemetry.routes,
        systemGuard(identify, signIn),
        health,
        ...readApi.routers,
      ],
      contexts.map(({ schema }) => schema),
      onError,
    ),
  );
  const drain = settings.DRAIN_SECONDS * 1000;
  // Who waits for a view by then may go on, where there is somebody who waits for the end patiently.
  const inFlight = drain === 0 ? 0 : MAX_WAIT * 1000;
  onShutdown(async () => {
    stopping = true;
    settle();
    await serving.drain(drain);
    readApi.endStreams();
    const patience = setTimeout(readApi.stop, inFlight);
    await serving.close();
    clearTimeout(patience);
    await mongo.close();
    await limits.stop();
    await telemetry.stop();
  }, drain + inFlight);
  log.info(`read API listens on ${serving.url}`);
});
