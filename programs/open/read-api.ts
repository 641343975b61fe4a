import { systemGuard } from '../../platform/identity/system.ts';
import { lagCheck } from '../../platform/subscriptions/lag-check.ts';
import { MAX_WAIT } from '../../read-api/kernel/preferences.ts';
import { projectionsOf } from '../contexts.ts';
import { connectViews, watchStores } from '../wiring/connect.ts';
import { identityOf } from '../wiring/identity.ts';
import { limitsOf } from '../wiring/limits.ts';
import { openProgram } from '../wiring/open-program.ts';
import { readApiOf } from '../wiring/read-api.ts';

/** Milliseconds between the driver's report of an unreachable MongoDB and the answer of the query. */
const BEFORE_THAT = 100;

/** Opens the read API: queries over HTTP. */
export const openReadApi = openProgram(
  { name: 'read-api', port: 'READ_API_PORT', needs: ['MONGODB_URL'] },
  async (program) => {
    const { settings, log, onError, opened } = program;
    const limits = limitsOf('side', settings, log);
    opened.defer(limits.stop);
    const db = connectViews(program, settings.MONGODB_URL, settings.QUERY_TIMEOUT_MS - BEFORE_THAT);
    const identity = await identityOf(settings, onError);
    const views = await projectionsOf(settings.PLAZA_CONTEXTS, settings.TIME_ZONE);
    const readApi = await readApiOf(program, db, identity, views, watchStores(program, db));
    const drain = settings.DRAIN_SECONDS * 1000;
    let late: NodeJS.Timeout | undefined;
    opened.defer(() => {
      clearTimeout(late);
      readApi.stop();
    });
    // Requests that wait for a view may finish after the drain.
    const inFlight = drain === 0 ? 0 : MAX_WAIT * 1000;
    return {
      handlers: (metrics, health) => [
        ...limits.handlers,
        metrics,
        systemGuard(identity.identify, identity.signIn),
        health,
        ...readApi.routers,
      ],
      schemas: readApi.schemas,
      checks: readApi.checks,
      informational: { projections: lagCheck(db, settings.MAX_LAG_SECONDS) },
      drain,
      inFlight,
      endStreams() {
        readApi.endStreams();
        late = setTimeout(readApi.stop, inFlight);
      },
      ready: (url) => `read API listens on ${url}`,
    };
  },
);
