import { Router } from 'express';
import { sendTaggedJson } from '../platform/http/conditional.ts';
import { queryOf, readAll } from '../platform/http/parameters.ts';
import { type Activity, activityView } from '../schemas/kernel/activity.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import type { ReadModels } from './kernel/queries.ts';
import { awaitPosition, unlessLeft } from './kernel/reading.ts';
import { type Sight, sightOf } from './kernel/scope.ts';

type Stored = Activity & { _id: string };

/** GET /control-center/activity: the level of use of each context, minute by minute. */
export const activityRoutes = (contexts: readonly ContextSchema[], models: ReadModels): Router => {
  const router = Router({ caseSensitive: true });
  const views = contexts.map(activityView);

  const activityOf = async (schema: ContextSchema, sight: Sight) => {
    if (!sight.isWhole(schema.name)) return [schema.name, null] as const;
    const found = await models.db
      .collection<Stored>(activityView(schema))
      .findOne({}, { maxTimeMS: models.answerWithin });
    return [schema.name, found && { level: found.level, minutes: found.minutes }] as const;
  };

  router.get(
    '/control-center/activity',
    unlessLeft(async (req, res) => {
      readAll(queryOf(req.url), new Map());
      const headers = await awaitPosition(req, res, views, models, true);
      const sight = sightOf(res, contexts);
      const found = await models.ask(() => Promise.all(contexts.map((context) => activityOf(context, sight))));
      await sendTaggedJson(
        req,
        res,
        { contexts: Object.fromEntries(found) },
        { ...headers, 'Cache-Control': 'no-store' },
      );
    }),
  );
  return router;
};
