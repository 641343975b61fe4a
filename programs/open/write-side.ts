import type { RequestHandler } from 'express';
import { startAppendThread } from '../../platform/event-store/fast/append-thread.ts';
import { problems, sendProblem } from '../../platform/http/problem.ts';
import { systemGuard } from '../../platform/identity/system.ts';
import { pause } from '../../platform/machine/machine.ts';
import { contextSchemas, writeSidesOf } from '../contexts.ts';
import { connectEvents, connectViews, watchStores } from '../wiring/connect.ts';
import { openErasing } from '../wiring/erasing.ts';
import { contextIn } from '../wiring/forwarding.ts';
import { identityOf } from '../wiring/identity.ts';
import { limitsOf } from '../wiring/limits.ts';
import { openProgram } from '../wiring/open-program.ts';
import { openPersonalData } from '../wiring/personal-data.ts';
import { openServices } from '../wiring/services.ts';
import { writeSideOf } from '../wiring/write-side.ts';

/** Milliseconds for the first look whether the event store is the one that the views were made of. */
const FIRST_LOOK = 2_000;
/** Refuses the commands of the contexts that run elsewhere: 404 would say that there are none. */
const otherContexts =
  (served: readonly string[]): RequestHandler =>
  (req, res, next) => {
    const name = contextSchemas.find(({ name }) => name === contextIn(req.path))?.name;
    if (name === undefined || served.includes(name)) next();
    else sendProblem(res, problems.contextNotServed(name, served));
  };

/** Opens the write side: commands over HTTP. */
export const openWriteSide = openProgram(
  { name: 'write-side', port: 'WRITE_SIDE_PORT', needs: ['EVENTSTORE_URL'] },
  async (program) => {
    const { settings, log, note, onError, opened } = program;
    const limits = limitsOf('side', settings, log);
    opened.defer(limits.stop);
    const keys = await openPersonalData({ settings, opened, log: note });
    const client = connectEvents(program, keys);
    const isFast = settings.EVENTSTORE_FAST === 'on';
    const appending = isFast
      ? await startAppendThread(settings.EVENTSTORE_URL, program.onFailure, keys?.personal)
      : undefined;
    opened.defer(() => appending?.stop());
    const contexts = await writeSidesOf(settings.PLAZA_CONTEXTS);
    const services = await openServices(contexts, settings);
    const { identify, signIn } = await identityOf(settings, onError);
    const db = settings.MONGODB_URL === '' ? undefined : connectViews(program);
    // Whether a customer has open reservations is in the views.
    const erasing = keys && db && openErasing({ client, db, keys, contexts, settings });
    const eventStore = db && watchStores(program, db, client);
    const writeSide = writeSideOf(program, {
      client,
      appending,
      contexts,
      services,
      identify,
      keys,
      erasing,
      eventStore,
    });
    return {
      handlers: (metrics, health) => [
        ...limits.handlers,
        metrics,
        systemGuard(identify, signIn),
        health,
        writeSide.router,
        otherContexts(settings.PLAZA_CONTEXTS),
      ],
      schemas: contexts.map(({ schema }) => schema),
      checks: writeSide.checks,
      drain: settings.DRAIN_SECONDS * 1000,
      // Commands are accepted without MongoDB, too.
      warmUp: () => Promise.race([eventStore?.ready, pause(FIRST_LOOK, { ref: false })]),
      ready: (url) => `write side listens on ${url}`,
    };
  },
);
