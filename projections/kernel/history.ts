import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { documentName, historyId } from '../../schemas/kernel/history.ts';
import { personalHistory } from './erasure.ts';
import { indexOn } from './indexes.ts';
import type { AnyEvent, Projection } from './projection.ts';

/** Raised with every change of the documents' own fields. */
const SHAPE = 2;

/**
 * Declares the view of a context's events by the resources that they concern, for resources' histories and the
 * context's latest events. `_id` is the position, padded so that its order is the order of events.
 * @param views those whose documents can be read as of an earlier moment: an entry names the documents that its event
 *   changed
 */
export const history = (context: ContextSchema, views: readonly Projection[]): Projection => {
  const resources = resourcesOf(context);
  const documents = documentsOf(views);
  return {
    context,
    name: `${context.name}.history`,
    // Each new event type, each new version of one, and each other key of a view change the stored documents.
    version: [...Object.values(context.events), ...views].reduce((sum, { version }) => sum + version, SHAPE),
    events: Object.keys(context.events),
    document: (event) => {
      const { id, type, data, stream, revision, position, metadata } = event;
      return {
        _id: historyId(position.commit),
        eventId: id,
        resources: resources(data),
        documents: documents(event),
        type,
        data,
        ...metadata,
        stream,
        revision,
        position: position.commit.toString(),
      };
    },
    personal: personalHistory(context),
    indexes: ['resources', 'documents', 'eventId', 'correlationId', 'time'].map((field) => indexOn([field])),
  };
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

/** Returns the documents that an event changes, as {@link documentName} names them. */
const documentsOf = (views: readonly Projection[]): ((event: AnyEvent) => string[]) => {
  const takers = new Map<string, Projection[]>();
  for (const view of views) for (const type of view.events) takers.set(type, [...(takers.get(type) ?? []), view]);
  return (event) =>
    (takers.get(event.type) ?? []).flatMap(({ name, key }) => {
      const changed = key?.(event) ?? null;
      return changed === null ? [] : [documentName(name, changed)];
    });
};
