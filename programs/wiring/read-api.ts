import type { Db } from 'mongodb';
import packageJson from '../../package.json' with { type: 'json' };
import type { EventStoreWatch } from '../../platform/subscriptions/event-store-check.ts';
import { pastOf } from '../../projections/kernel/as-of.ts';
import type { Projection } from '../../projections/kernel/projection.ts';
import type { ReadContext } from '../../read-api/kernel/context.ts';
import { startReadApi } from '../../read-api/start.ts';
import { anyone, ruleOf } from '../../schemas/access.ts';
import { readSidesOf } from '../contexts.ts';
import type { Identity } from './identity.ts';
import type { Program } from './open-program.ts';

/** Returns a context whose queries are open to anyone where a setting says so. */
const withPublicQueries = (
  { schema, ...context }: ReadContext,
  settings: Readonly<Record<string, unknown>>,
): ReadContext => {
  const opened = Object.entries(schema.publicBy ?? {}).filter(([, setting]) => settings[setting] === 'on');
  const rules = opened.map(([query]) => [query, { ...ruleOf(schema, query), ...anyone }]);
  return { ...context, schema: { ...schema, access: { ...schema.access, ...Object.fromEntries(rules) } } };
};

/** Starts the read API of a program with the program's settings. @param projections the views that it reads */
export const readApiOf = async (
  { settings, onError }: Program,
  db: Db,
  identity: Identity,
  projections: readonly Projection[],
  eventStore: EventStoreWatch,
) =>
  startReadApi({
    db,
    contexts: (await readSidesOf(settings.PLAZA_CONTEXTS)).map((context) => withPublicQueries(context, settings)),
    timeZone: settings.TIME_ZONE,
    version: packageJson.version,
    answerWithin: settings.QUERY_TIMEOUT_MS,
    onError,
    ...identity,
    past: pastOf(projections),
    eventStore,
  });
