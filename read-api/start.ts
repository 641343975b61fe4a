import type { Router } from 'express';
import type { Db } from 'mongodb';
import type { Check } from '../platform/http/health.ts';
import type { Identify } from '../platform/identity/caller.ts';
import type { SignIn } from '../platform/identity/system.ts';
import { builtPosition } from '../platform/subscriptions/position.ts';
import { readStatuses } from '../platform/subscriptions/status.ts';
import { activityRoutes } from './activity.ts';
import { controlCenter } from './control-center.ts';
import type { ReadContext } from './kernel/context.ts';
import type { EventStreamOptions } from './kernel/event-stream.ts';
import { trackLags } from './kernel/lags.ts';
import { trackPositions } from './kernel/positions.ts';
import { queryRoutes } from './kernel/queries.ts';
import { fromViews } from './kernel/reading.ts';
import { pageRoutes } from './page.ts';
import { referenceRoutes } from './reference.ts';

export type ReadApiOptions = {
  /** Where the views are. */
  db: Db;
  contexts: readonly ReadContext[];
  /** Plaza's version, shown in the documents. */
  version: string;
  /** Milliseconds until a query is answered with 503 when the read models are silent. */
  answerWithin?: number;
  /** Told of failures that are nobody's refusal. */
  onError(error: unknown): void;
  events?: EventStreamOptions;
  /** Left out where sign-in is off. */
  identify?: Identify | undefined;
  /** How the page signs its users in; left out where sign-in is off. */
  signIn?: SignIn;
};

/** The read API: every query, the control centre and the documents. */
export type ReadApi = {
  routers: readonly Router[];
  /** For /readyz: fails while the read models are away. */
  checks: Readonly<Record<string, () => Promise<Check>>>;
  /** Ends the event streams; their clients ask again, whoever answers then. */
  endStreams(): void;
  /** Ends everybody's waiting for a view, too. */
  stop(): void;
};

/** The read API over a database that somebody else opens and closes. */
export const startReadApi = ({
  db,
  contexts,
  version,
  answerWithin = 900,
  onError,
  events = {},
  identify,
  signIn,
}: ReadApiOptions): ReadApi => {
  const positions = trackPositions(async (view) => {
    const built = await fromViews(builtPosition(db, view), answerWithin);
    return built?.commit ?? null;
  });
  const models = { db, positions, lags: trackLags(() => readStatuses(db)), answerWithin };
  const center = controlCenter(contexts, models, onError, events);
  return {
    routers: [
      queryRoutes(contexts, models, identify),
      center.router,
      activityRoutes(contexts, models),
      referenceRoutes(
        contexts.map(({ schema }) => schema),
        version,
      ),
      pageRoutes(signIn),
    ],
    checks: {
      readModels: async () => {
        await fromViews(db.command({ ping: 1 }), answerWithin);
        return { ok: true };
      },
    },
    endStreams: center.stop,
    stop() {
      center.stop();
      positions.stop();
    },
  };
};
