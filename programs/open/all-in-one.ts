import { resolve } from 'node:path';
import { streams } from '../../platform/event-store/streams.ts';
import { systemGuard } from '../../platform/identity/system.ts';
import { lagCheck } from '../../platform/subscriptions/lag-check.ts';
import { patiently } from '../../platform/subscriptions/transient.ts';
import { forgetAllWorkers } from '../../platform/subscriptions/workers.ts';
import { diskMetrics } from '../../platform/telemetry/ready.ts';
import { startMoments } from '../../projections/moments.ts';
import { operationRoutes } from '../../projections/operations.ts';
import { startProjections } from '../../projections/start.ts';
import { historyCheck, watchTruncated } from '../../projections/truncated.ts';
import { startPolicies } from '../../write-side/policies/run-policies.ts';
import { contextSchemas, projectionsOf, writeSidesOf } from '../contexts.ts';
import { connectEvents, connectViews, watchStores } from '../wiring/connect.ts';
import { openErasing } from '../wiring/erasing.ts';
import { identityOf } from '../wiring/identity.ts';
import { limitsOf } from '../wiring/limits.ts';
import { demoClock, livingDemo } from '../wiring/living-demo.ts';
import { openProgram } from '../wiring/open-program.ts';
import { openPersonalData } from '../wiring/personal-data.ts';
import { withoutPassword } from '../wiring/reachable.ts';
import { readApiOf } from '../wiring/read-api.ts';
import { announce } from '../wiring/running.ts';
import { openServices } from '../wiring/services.ts';
import { openStores } from '../wiring/stores.ts';
import { writeSideOf } from '../wiring/write-side.ts';

/** Milliseconds until the first answer for views that are missing or old; a small store is read whole in that time. */
const FIRST_VIEWS = 800;

/** `npm start`: every side in one process, on the embedded stores or on those that the settings name. */
export const openAllInOne = openProgram({ name: 'plaza', port: 'PORT' }, async (program) => {
  const { settings, log, note, onError, onFailure, startStores, telemetry, opened } = program;
  const names = settings.PLAZA_CONTEXTS;
  const contexts = await writeSidesOf(names);
  const services = await openServices(contexts, settings);
  const { identify, signIn } = await identityOf(settings, onError);

  const dataFolder = resolve(settings.PLAZA_DATA);
  const stores = await openStores({
    eventStoreUrl: settings.EVENTSTORE_URL,
    mongoUrl: settings.MONGODB_URL,
    dataFolder,
    log: note,
    onFailure,
    ...(startStores && { start: startStores }),
  });
  if (settings.EVENTSTORE_URL === '' || settings.MONGODB_URL === '') diskMetrics(telemetry.registry, dataFolder);
  opened.defer(announce(settings));
  opened.defer(stores.stop);
  opened.defer(services.stop);
  const limits = limitsOf('entry', settings, log);
  opened.defer(limits.stop);
  const db = connectViews(program, stores.mongoUrl);
  // A crash leaves leases of a process that no longer runs; the views would wait until these expire. On a slow machine
  // the first connection takes longer than an operation waits for it.
  if (settings.MONGODB_URL === '') await patiently(() => forgetAllWorkers(db));
  const keys = await openPersonalData({ settings, views: db, opened, log: note });
  const client = connectEvents(program, keys, stores.eventStoreUrl);
  await services.standIn(dataFolder);
  const erasing = keys && openErasing({ client, db, keys, contexts, settings });
  const eventStore = watchStores(program, db, client);
  const known = await projectionsOf(names, settings.TIME_ZONE);

  const clock = demoClock();
  const writeSide = writeSideOf(program, {
    client,
    contexts,
    services,
    identify,
    keys,
    erasing,
    eventStore,
    now: clock.now,
  });
  const runPolicies = () =>
    startPolicies({
      client,
      db,
      policies: contexts.flatMap(({ policies: own }) => own),
      timers: contexts.flatMap(({ timers = [] }) => timers),
      processes: services.processes(streams(client), erasing),
      handler: writeSide.handler,
      schemas: contextSchemas,
      eventStore,
      log: note,
      telemetry,
    });
  let policies = runPolicies();
  const projections = startProjections({ client, db, projections: known, eventStore, log: note, telemetry });
  const truncated = watchTruncated({ client, db, onError });
  const moments = startMoments({ client, db, projections: known, log: note });
  const demo = livingDemo({
    client,
    contexts,
    timeZone: settings.TIME_ZONE,
    give: writeSide.give,
    clock,
    async withoutPolicies(fill) {
      await policies.stop();
      await fill().finally(() => {
        policies = runPolicies();
      });
    },
    onError,
  });
  // The demo plays in a data folder only, and pays in the sandbox only.
  const mayPlay = settings.EVENTSTORE_URL === '' && (settings.PAYMENT_URL === '' || settings.PAYMENT_URL === 'sandbox');
  const operations = operationRoutes({ client, db, projections: known, onError, ...(mayPlay ? { demo } : {}) });
  opened.defer(
    async () =>
      void (await Promise.all([policies, projections, truncated, moments, operations].map(({ stop }) => stop()))),
  );
  opened.defer(demo.end);
  const readApi = await readApiOf(program, db, { identify, signIn }, known, eventStore);
  opened.defer(readApi.stop);

  const placeOf = (url: string) => (url === '' ? `${dataFolder} (embedded)` : withoutPassword(url));
  return {
    handlers: (metrics, health) => [
      ...limits.handlers,
      systemGuard(identify, signIn),
      metrics,
      health,
      writeSide.router,
      operations.router,
      ...readApi.routers,
    ],
    schemas: contexts.map(({ schema }) => schema),
    checks: { ...writeSide.checks, ...readApi.checks },
    informational: {
      projections: lagCheck(db, settings.MAX_LAG_SECONDS),
      disk: projections.checks.disk,
      history: historyCheck(db),
    },
    endStreams: readApi.stop,
    warmUp: () => projections.caughtUp(FIRST_VIEWS),
    ready(listening) {
      const url = listening.replace('127.0.0.1', 'localhost');
      const isOpen = settings.AUTH === 'off';
      return `Plaza listens on ${url}  (ready after ${Math.round(performance.now())} ms)
  staff      ${url}/
  customers  ${url}/app
  reference  ${url}/reference
  contexts   ${names.join(', ')}
  events     ${placeOf(settings.EVENTSTORE_URL)}
  views      ${placeOf(settings.MONGODB_URL)}
  sign-in    ${isOpen ? `OFF: whoever reaches ${settings.HOST} can read and change everything (AUTH=on turns it on)` : 'on'}
  fill it    npm run demo -- --live
  stop       Ctrl-C`;
    },
  };
});
