import { Router } from 'express';
import type { Document } from 'mongodb';
import { expressPath } from '../platform/http/app.ts';
import { sendTaggedJson } from '../platform/http/conditional.ts';
import { queryOf, readAll, readText } from '../platform/http/parameters.ts';
import { ProblemError, problems } from '../platform/http/problem.ts';
import { type CausedCommand, type Causes, MOST_AFTER, MOST_BEFORE } from '../schemas/kernel/causes.ts';
import type { ContextSchema } from '../schemas/kernel/context.ts';
import { defined } from '../schemas/kernel/defined.ts';
import { EventId, historyId, historyView } from '../schemas/kernel/history.ts';
import { causesPath } from '../schemas/system.ts';
import { readSeen } from './kernel/event-log.ts';
import type { ReadModels } from './kernel/queries.ts';
import { awaitPosition, unlessLeft } from './kernel/reading.ts';
import { sightOf } from './kernel/scope.ts';

type Entry = CausedCommand['events'][number];

/** Policies and process managers sign their commands with their names. */
const policyOf = (actor: string): string | undefined => /^(?:policy|process):(.+)$/.exec(actor)?.[1];

/**
 * Groups the events of one correlation by the commands that yielded them, and links every command to its cause.
 * @param entries in the order of the log
 */
const commandsOf = (entries: readonly Entry[]): CausedCommand[] => {
  // A command id alone does not identify a command: a key may be used for several resources, and again much later.
  const groups = Map.groupBy(entries, ({ stream, commandId, time }) => JSON.stringify([stream, commandId, time]));
  const events = new Map<string, Entry>();
  const commands = new Map<string, Entry>();
  for (const entry of entries) commands.set(entry.commandId, commands.get(entry.commandId) ?? entry);

  const causeOf = ({ causationId, commandId }: Entry): { cause: CausedCommand['cause']; entry?: Entry } => {
    if (causationId === commandId) return { cause: 'request' };
    const event = events.get(causationId);
    if (event) return { cause: 'event', entry: event };
    const command = commands.get(causationId);
    return command ? { cause: 'command', entry: command } : { cause: 'unlisted' };
  };

  return [...groups.values()].map((group) => {
    const [first] = group as [Entry];
    const { commandId, actor, time, causationId } = first;
    const { cause, entry } = causeOf(first);
    const policy = policyOf(actor);
    for (const each of group) events.set(each.eventId, each);
    return {
      commandId,
      actor,
      ...defined({ policy }),
      time,
      cause,
      causationId,
      ...(entry ? { millisecondsAfter: Math.max(0, Date.parse(time) - Date.parse(entry.time)) } : {}),
      events: group,
    };
  });
};

/** GET /history/{eventId}/causes: what happened for the same reason as an event, in every context. */
export const causesRoutes = (contexts: readonly ContextSchema[], models: ReadModels): Router => {
  const router = Router({ caseSensitive: true });
  const names = contexts.map(({ name }) => name);
  const views = contexts.map(historyView);
  const inPath = new Map([['eventId', readText(EventId)]]);

  router.get(
    expressPath(causesPath),
    unlessLeft(async (req, res) => {
      const { eventId } = Object.fromEntries(
        readAll(Object.entries(req.params) as [string, string][], inPath),
      ) as unknown as Pick<Causes, 'eventId'>;
      readAll(queryOf(req.url), new Map());
      const headers = await awaitPosition(req, res, views, models, true);
      const sight = sightOf(res, contexts);
      const read = (filter: Document, direction: 1 | -1, limit: number) =>
        readSeen(models.db, names, sight, () => filter, { direction, limit, maxTimeMS: models.answerWithin });

      const related = await models.ask(async () => {
        // A repeated command has the ids of its first events, when the stream has forgotten these: the last one counts.
        const [event] = await read({ eventId: { $eq: eventId } }, -1, 1);
        if (!event) return undefined;
        const same = { correlationId: { $eq: event.entry.correlationId } };
        const id = historyId(event.position);
        const [before, after] = await Promise.all([
          read({ ...same, _id: { $lte: id } }, -1, MOST_BEFORE + 2),
          read({ ...same, _id: { $gt: id } }, 1, MOST_AFTER + 1),
        ]);
        return { event, before, after };
      });
      if (!related) throw new ProblemError(problems.notFound());
      const { event, before, after } = related;
      const entries = [...before.slice(0, MOST_BEFORE + 1).reverse(), ...after.slice(0, MOST_AFTER)];
      const answer: Causes = {
        eventId: event.entry.eventId,
        correlationId: event.entry.correlationId,
        isWhole: before.length <= MOST_BEFORE + 1 && after.length <= MOST_AFTER,
        commands: commandsOf(entries.map(({ entry }) => entry as Entry)),
      };
      await sendTaggedJson(req, res, answer, { ...headers, 'Cache-Control': 'no-store' });
    }),
  );
  return router;
};
