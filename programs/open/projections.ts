import { systemGuard } from '../../platform/identity/system.ts';
import { lagCheck } from '../../platform/subscriptions/lag-check.ts';
import { startMoments } from '../../projections/moments.ts';
import { operationRoutes } from '../../projections/operations.ts';
import { startProjections } from '../../projections/start.ts';
import { historyCheck, watchTruncated } from '../../projections/truncated.ts';
import { projectionsOf } from '../contexts.ts';
import { connectEvents, connectViews, pingCheck, watchStores } from '../wiring/connect.ts';
import { identityOf } from '../wiring/identity.ts';
import { openProgram } from '../wiring/open-program.ts';
import { openPersonalData } from '../wiring/personal-data.ts';

/** Opens the projections: their work, and operations over HTTP. */
export const openProjections = openProgram(
  { name: 'projections', port: 'PROJECTIONS_PORT', needs: ['EVENTSTORE_URL', 'MONGODB_URL'] },
  async (program) => {
    const { settings, note, onError, telemetry, opened } = program;
    const db = connectViews(program);
    const keys = await openPersonalData({ settings, views: db, opened, log: note });
    const client = connectEvents(program, keys);
    const all = await projectionsOf(settings.PLAZA_CONTEXTS, settings.TIME_ZONE);
    const { identify, signIn } = await identityOf(settings, onError);
    const projections = startProjections({
      client,
      db,
      projections: all,
      eventStore: watchStores(program, db, client),
      log: note,
      telemetry,
    });
    const truncated = watchTruncated({ client, db, onError });
    const moments = startMoments({ client, db, projections: all, log: note });
    const operations = operationRoutes({ client, db, projections: all, onError });
    const running = [projections, truncated, moments, operations];
    opened.defer(async () => void (await Promise.all(running.map(({ stop }) => stop()))));
    return {
      handlers: (metrics, health) => [metrics, systemGuard(identify, signIn), health, operations.router],
      // A successor is ready once its views are; until then its predecessor keeps the old ones current.
      checks: { readModels: pingCheck(db), ...projections.checks },
      informational: { projections: lagCheck(db, settings.MAX_LAG_SECONDS, 'projections'), history: historyCheck(db) },
      ready: (url) => `the process of the projections listens on ${url}`,
    };
  },
);
