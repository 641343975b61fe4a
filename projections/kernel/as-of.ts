import type { Document } from 'mongodb';
import { historyView } from '../../schemas/kernel/history.ts';
import type { AnyEvent, Projection } from './projection.ts';
import { fold as foldEvents, type ViewDocument } from './writer.ts';

const eventOf = ({ eventId, type, data, stream, revision, position, ...entry }: Document): AnyEvent => ({
  type,
  data,
  id: eventId,
  stream,
  revision,
  position: { commit: BigInt(position), prepare: BigInt(position) },
  metadata: {
    time: entry.time,
    actor: entry.actor,
    commandId: entry.commandId,
    correlationId: entry.correlationId,
    causationId: entry.causationId,
  },
});

/** Returns the parts of some projections with which the read side shows documents as they were. */
export const pastOf = (projections: readonly Projection[]) => {
  const views = new Map(projections.map((projection) => [projection.name, projection]));
  const histories = projections.filter(({ name, context }) => name === historyView(context));
  return {
    /** The version of the history of each context. */
    historyVersions: new Map(histories.map(({ context, version }) => [context.name, version])),

    /**
     * Folds a document of a view from the entries of its context's history. An event that the view cannot handle is left
     * out: the live view has parked it.
     * @param key the document's `_id`
     * @param entries those of the events that changed it, in the order of the log, without discarded ones
     * @returns the document, which may be a deleted one; undefined when none of the events made it
     */
    fold(name: string, key: string, entries: readonly Document[]): ViewDocument | undefined {
      const view = views.get(name);
      if (!view?.evolve) throw new TypeError(`${name} has no documents that are folded`);
      let document: ViewDocument | undefined;
      for (const entry of entries) {
        try {
          document = foldEvents(view, key, document, [eventOf(entry)]);
        } catch {}
      }
      return document;
    },
  };
};
