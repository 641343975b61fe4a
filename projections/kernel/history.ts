import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { historyId } from '../../schemas/kernel/history.ts';
import { indexOn } from './indexes.ts';
import { collection, type Projection } from './projection.ts';

/** Raised with every change of the documents' own fields. */
const SHAPE = 1;

/**
 * Declares the view of a context's events by the resources that they concern, for resources' histories and the
 * context's latest events. `_id` is the position, padded so that its order is the order of events.
 */
export const history = (context: ContextSchema): Projection => {
  const resources = resourcesOf(context);
  return collection({
    context,
    name: `${context.name}.history`,
    // Each new event type, and each new version of one, changes the stored documents.
    version: Object.values(context.events).reduce((sum, { version }) => sum + version, SHAPE),
    events: Object.keys(context.events),
    document: ({ id, type, data, stream, revision, position, metadata }) => ({
      _id: historyId(position.commit),
      eventId: id,
      resources: resources(data),
      type,
      data,
      ...metadata,
      stream,
      revision,
      position: position.commit.toString(),
    }),
    indexes: [indexOn(['resources']), indexOn(['eventId']), indexOn(['correlationId'])],
  });
};

/**
 * Returns the resources that an event's data names: every path of a query for one document, and every Location of a
 * command, if all of its parameters occur in the data.
 */
const resourcesOf = (context: ContextSchema): ((data: unknown) => string[]) => {
  const templates = new Set([
    ...Object.values(context.queries).flatMap(({ answer, hasHistory = true, path }) =>
      answer === 'one' && hasHistory ? [path] : [],
    ),
    ...Object.values(context.commands).flatMap(({ http }) => (http ? [http.location] : [])),
  ]);
  const paths = [...templates]
    .map((template) => template.split(/\{(\w+)\}/))
    .map((parts) => ({ parts, names: parts.filter((_, at) => at % 2 === 1) }))
    .filter(({ names }) => names.length > 0);
  return (data) => {
    const values = data as Readonly<Record<string, unknown>>;
    const named = paths.filter(({ names }) => names.every((name) => typeof values[name] === 'string'));
    return named.map(({ parts }) => parts.map((part, at) => (at % 2 === 1 ? values[part] : part)).join(''));
  };
};
