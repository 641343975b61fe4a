import { type RequestHandler, Router } from 'express';
import type { Db } from 'mongodb';
import type { EventStoreClient } from '../platform/event-store/client.ts';
import { jsonBody } from '../platform/http/app.ts';
import { sealedCursors } from '../platform/http/cursors.ts';
import { pageParameters, placeOf, readPage, takePage } from '../platform/http/pages.ts';
import { queryOf, readAll, refuseParameters } from '../platform/http/parameters.ts';
import { ProblemError, problems, sendJson } from '../platform/http/problem.ts';
import { validator } from '../platform/http/validation.ts';
import { acceptEventStore, readFinding } from '../platform/subscriptions/event-store-check.ts';
import { discard, type Parked, parked, requestReplay } from '../platform/subscriptions/parked.ts';
import { isTransient } from '../platform/subscriptions/transient.ts';
import {
  EventStoreChange,
  type LivingDemo,
  ParkedChange,
  ReplayChange,
  ReplayRequest,
} from '../schemas/kernel/operations.ts';
import type { Projection } from './kernel/projection.ts';
import { readReplays, replayJobs, requestStop } from './replays.ts';

export type OperationsOptions = {
  client: EventStoreClient;
  db: Db;
  /** The projections that may be replayed. */
  projections: readonly Projection[];
  /** The living demo; left out in a process that cannot run it. */
  demo?: DemoControl;
  /** Called for errors that no client receives. */
  onError(error: unknown): void;
};

/** Starts and stops the living demo. */
export type DemoControl = {
  read(): Promise<LivingDemo>;
  /** @returns false where it may not run */
  start(): Promise<boolean>;
  stop(): void;
};

const NO_DEMO: DemoControl = { read: async () => ({ state: 'unavailable' }), start: async () => false, stop() {} };

export type Operations = {
  router: Router;
  /** Stops the running replays. */
  stop(): Promise<void>;
};

const shown = ({ _id, member, state, blocks, reason, attempts, parkedAt, position, event }: Parked) => ({
  parkedId: _id,
  member,
  state,
  blocks,
  reason,
  attempts,
  parkedAt: parkedAt.toISOString(),
  position,
  type: event.type,
  stream: event.stream,
  revision: event.revision,
  data: event.data,
});

/** Answers 503 while MongoDB is unavailable. */
const fromViews =
  (handle: RequestHandler): RequestHandler =>
  async (req, res, next) => {
    try {
      await handle(req, res, next);
    } catch (error) {
      throw isTransient(error) ? new ProblemError(problems.viewsUnavailable()) : error;
    }
  };

const UNCACHED = { 'Cache-Control': 'no-store' };

/**
 * Returns the routes for operators: list parked events, handle them once more or discard them, replay views, stop a
 * replay, and accept an event store with another history.
 */
export const operationRoutes = ({
  client,
  db,
  projections,
  demo = NO_DEMO,
  onError,
}: OperationsOptions): Operations => {
  const router = Router({ caseSensitive: true });
  const cursors = sealedCursors(db);
  const jobs = replayJobs(client, db, onError);
  const parkedChange = validator<{ state: 'replaying' | 'discarded' }>(ParkedChange);
  const replayRequest = validator<{ views: string[] }>(ReplayRequest, problems.invalid);
  const replayChange = validator(ReplayChange);
  const eventStoreChange = validator(EventStoreChange);

  router.get(
    '/operations/parked',
    fromViews(async (req, res) => {
      const page = takePage(readAll(queryOf(req.url), pageParameters));
      const question = 'operations.parked';
      const place = await placeOf(cursors, question, page);
      const { documents, next } = await readPage(cursors, parked(db), {
        question,
        parts: [{ filter: {}, field: '_id' }],
        direction: 1,
        limit: page.limit,
        place,
      });
      sendJson(res, 200, { items: documents.map(shown), next }, UNCACHED);
    }),
  );

  router.patch(
    '/operations/parked/:parkedId',
    refuseParameters,
    jsonBody,
    fromViews(async (req, res) => {
      const { state } = parkedChange(req.body);
      const parkedId = String(req.params.parkedId);
      const done = await (state === 'replaying' ? requestReplay : discard)(db, parkedId);
      if (!done) throw new ProblemError(problems.notFound());
      sendJson(res, 200, { parkedId, state }, UNCACHED);
    }),
  );

  router.get(
    '/operations/replays',
    refuseParameters,
    fromViews(async (_req, res) => sendJson(res, 200, { items: await readReplays(db) }, UNCACHED)),
  );

  router.post(
    '/operations/replays',
    refuseParameters,
    jsonBody,
    fromViews(async (req, res) => {
      const { views } = replayRequest(req.body);
      const known = new Set(projections.map(({ name }) => name));
      const wrong = views.flatMap((view, at) =>
        known.has(view) ? [] : [{ pointer: `/views/${at}`, detail: 'is no view' }],
      );
      if (wrong.length > 0) throw new ProblemError(problems.outOfRange(wrong));
      const wanted = projections.filter(({ name }) => views.includes(name));
      if (!(await jobs.start(wanted))) throw new ProblemError(problems.replayRunning());
      const items = (await readReplays(db)).filter(({ view }) => views.includes(view));
      sendJson(res, 202, { items }, UNCACHED);
    }),
  );

  router.patch(
    '/operations/replays/:view',
    refuseParameters,
    jsonBody,
    fromViews(async (req, res) => {
      replayChange(req.body);
      const view = String(req.params.view);
      if (!(await requestStop(db, view))) throw new ProblemError(problems.notFound());
      const items = (await readReplays(db)).filter((replay) => replay.view === view);
      sendJson(res, 202, { items }, UNCACHED);
    }),
  );

  const eventStoreState = async () => {
    const finding = await readFinding(db);
    if (!finding) return { state: 'same' };
    return { state: 'other', reason: finding.reason, foundAt: finding.foundAt.toISOString() };
  };

  router.get(
    '/operations/event-store',
    refuseParameters,
    fromViews(async (_req, res) => sendJson(res, 200, await eventStoreState(), UNCACHED)),
  );

  router.patch(
    '/operations/event-store',
    refuseParameters,
    jsonBody,
    fromViews(async (req, res) => {
      eventStoreChange(req.body);
      await acceptEventStore(client, db);
      sendJson(res, 202, await eventStoreState(), UNCACHED);
    }),
  );

  router.get('/operations/demo', refuseParameters, async (_req, res) =>
    sendJson(res, 200, await demo.read(), UNCACHED),
  );

  router.post('/operations/demo', refuseParameters, async (_req, res) => {
    if (!(await demo.start())) throw new ProblemError(problems.demoUnavailable());
    sendJson(res, 202, await demo.read(), UNCACHED);
  });

  router.delete('/operations/demo', refuseParameters, async (_req, res) => {
    demo.stop();
    sendJson(res, 202, await demo.read(), UNCACHED);
  });

  return { router, stop: jobs.stop };
};
