import { streams } from '../../platform/event-store/streams.ts';
import { lagCheck } from '../../platform/subscriptions/lag-check.ts';
import { startPolicies } from '../../write-side/policies/run-policies.ts';
import { measuredHandler } from '../../write-side/start.ts';
import { contextSchemas, writeSidesOf } from '../contexts.ts';
import { connectEvents, connectViews, pingCheck, watchStores } from '../wiring/connect.ts';
import { openErasing } from '../wiring/erasing.ts';
import { openProgram } from '../wiring/open-program.ts';
import { openPersonalData } from '../wiring/personal-data.ts';
import { openServices } from '../wiring/services.ts';

/** Opens the policies, and the health and metrics of their process. */
export const openPolicies = openProgram(
  { name: 'policies', port: 'POLICIES_PORT', needs: ['EVENTSTORE_URL', 'MONGODB_URL'] },
  async (program) => {
    const { settings, note, onError, telemetry, opened } = program;
    const db = connectViews(program);
    const keys = await openPersonalData({ settings, views: db, opened, log: note });
    const client = connectEvents(program, keys);
    const contexts = await writeSidesOf(settings.PLAZA_CONTEXTS);
    const services = await openServices(contexts, settings);
    const store = streams(client);
    const timeZone = settings.TIME_ZONE;
    const eventStore = watchStores(program, db, client);
    const handler = measuredHandler({ store, contexts, timeZone, secret: keys?.secret, onError }, telemetry);
    eventStore.onChange(handler.forget);
    const policies = startPolicies({
      client,
      db,
      policies: contexts.flatMap(({ policies: own }) => own),
      timers: contexts.flatMap(({ timers = [] }) => timers),
      processes: services.processes(store, keys && openErasing({ client, db, keys, contexts, settings })),
      handler,
      eventStore,
      schemas: contextSchemas,
      log: note,
      telemetry,
    });
    opened.defer(policies.stop);
    return {
      handlers: (metrics, health) => [metrics, health],
      checks: { readModels: pingCheck(db), sameEventStore: eventStore.check, disk: policies.disk },
      informational: { policies: lagCheck(db, settings.MAX_LAG_SECONDS, 'policies') },
      ready: (url) => `the process of the policies listens on ${url}`,
    };
  },
);
