import type { Router } from 'express';
import type { Db } from 'mongodb';
import { admission } from '../platform/http/admission.ts';
import { sealedCursors } from '../platform/http/cursors.ts';
import type { Check } from '../platform/http/health.ts';
import { ProblemError, problems } from '../platform/http/problem.ts';
import type { Identify } from '../platform/identity/caller.ts';
import type { SignIn } from '../platform/identity/system.ts';
import { machine } from '../platform/machine/machine.ts';
import type { EventStoreWatch } from '../platform/subscriptions/event-store-check.ts';
import { builtPositions } from '../platform/subscriptions/position.ts';
import { readStatuses } from '../platform/subscriptions/status.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import { activityRoutes } from './activity.ts';
import { asOfRoutes, type Past } from './as-of.ts';
import { causesRoutes } from './causes.ts';
import { controlCenterRoutes, eventStream, viewsOf } from './control-center.ts';
import { builtCheck } from './kernel/built-check.ts';
import type { ReadContext } from './kernel/context.ts';
import type { EventStreamOptions } from './kernel/event-stream.ts';
import { trackLags } from './kernel/lags.ts';
import { trackPositions } from './kernel/positions.ts';
import { queryRoutes, type ReadModels } from './kernel/queries.ts';
import { boundedQueries, fromViews } from './kernel/reading.ts';
import { pageRoutes } from './page.ts';
import { problemRoutes } from './problems.ts';
import { referenceRoutes } from './reference.ts';
import { reportRoutes } from './reports.ts';
import { searchRoutes } from './search.ts';

/** Requests at once; one more is answered with 503 `overloaded`. */
export type Bounds = {
  /** Queries that MongoDB works on. */
  queries: number;
  /** Queries that wait for their turn. */
  queued: number;
  /** Requests that wait for a view to reach their Min-Event-Position. */
  waits: number;
};

/** As many queries as the MongoDB client has connections, without those that the positions and the statuses need. */
const BOUNDS: Bounds = { queries: 40, queued: 400, waits: 1_000 };

export type ReadApiOptions = {
  /** The database of the views. */
  db: Db;
  contexts: readonly ReadContext[];
  /** The time zone of calendar days (IANA name). */
  timeZone: string;
  /** Plaza's version, shown in the documents. */
  version: string;
  /** Milliseconds until a query is answered with 503 when the read models are silent. */
  answerWithin?: number;
  /** Called for errors that are not an expected refusal. */
  onError(error: unknown): void;
  events?: EventStreamOptions;
  bounds?: Partial<Bounds>;
  /** Left out where sign-in is off. */
  identify?: Identify | undefined;
  /** Returns the time, UTC; of this process's clock when left out. */
  now?: () => string;
  /** The page's way to sign its users in; left out where sign-in is off. */
  signIn?: SignIn;
  /** Queries are refused while the event store is not the one that the views were made of. */
  eventStore?: Pick<EventStoreWatch, 'finding' | 'check' | 'onChange'>;
  /** Left out, the headers As-Of and Accept-Datetime are ignored. */
  past?: Past | undefined;
};

/** The read API: every query, the control centre and the documents. */
export type ReadApi = {
  schemas: readonly ContextSchema[];
  routers: readonly Router[];
  /** For /readyz: fails while the read models are unavailable, and until the views have been built. */
  checks: Readonly<Record<string, () => Promise<Check>>>;
  /** Ends the event streams; their clients reconnect, to another process if there is one. */
  endStreams(): void;
  /** Also ends all waiting for a view. */
  stop(): void;
};

/** Starts the read API over a database that the caller opens and closes. */
export const startReadApi = ({
  db,
  contexts,
  timeZone,
  version,
  answerWithin = 900,
  onError,
  events,
  bounds = {},
  identify,
  signIn,
  now = () => new Date(machine.now()).toISOString(),
  eventStore,
  past,
}: ReadApiOptions): ReadApi => {
  const built = builtPositions(db);
  const positions = trackPositions(async (view) => {
    const reason = eventStore?.finding();
    if (reason !== undefined) throw new ProblemError(problems.wrongEventStore(reason));
    return (await fromViews(built(view), answerWithin))?.commit ?? null;
  });
  const { queries, queued, waits } = { ...BOUNDS, ...bounds };
  const statuses = () => readStatuses(db);
  const models: ReadModels = {
    db,
    positions,
    lags: trackLags(statuses),
    answerWithin,
    ask: boundedQueries(admission(queries, queued), answerWithin),
    waits: admission(waits),
    cursors: sealedCursors(db),
    timeZone,
    now,
    statuses,
  };
  const schemas = contexts.map(({ schema }) => schema);
  const stream = eventStream(contexts, models, events);
  /** Returns the routes that also answer as of an earlier moment, over the read models of that moment. */
  const routesOf = (those: ReadModels): Router[] => [
    queryRoutes(contexts, those, identify),
    controlCenterRoutes(contexts, those, onError),
    activityRoutes(schemas, those),
    reportRoutes(schemas, those),
    searchRoutes(schemas, those),
  ];
  return {
    schemas,
    routers: [
      ...(past ? [asOfRoutes({ contexts: schemas, models, past, routesOf, isSignInOn: identify !== undefined })] : []),
      ...routesOf(models),
      stream.router,
      causesRoutes(schemas, models),
      referenceRoutes(schemas, version),
      problemRoutes(schemas),
      pageRoutes(signIn),
    ],
    checks: {
      readModels: async () => {
        await fromViews(db.command({ ping: 1 }), answerWithin);
        return { ok: true };
      },
      ...(eventStore && { sameEventStore: eventStore.check }),
      views: builtCheck(db, viewsOf(contexts), (view) => fromViews(built(view), answerWithin)),
    },
    endStreams: stream.stop,
    stop() {
      stream.stop();
      positions.stop();
    },
  };
};
