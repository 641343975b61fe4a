import type { Document } from 'mongodb';
import { historyView } from '../../schemas/kernel/history.ts';
import type { AnyEvent, Projection } from './projection.ts';
import { fold, type ViewDocument } from './writer.ts';

/**
 * Folds a document of a view from the entries of its context's history.
 * @param key the document's `_id`
 * @param entries those of the events that changed it, in the order of the log, without discarded ones
 * @returns the document, which may be a deleted one; undefined when none of the events made it
 */
type FoldEntries = (view: string, key: string, entries: readonly Document[]) => ViewDocument | undefined;

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

/** The parts with which the read side shows documents as they were. */
export type Past = {
  fold: FoldEntries;
  /** The version of the history of each context. */
  historyVersions: ReadonlyMap<string, number>;
};

/** Returns what the read side needs of some projections. */
export const pastOf = (projections: readonly Projection[]): Past => {
  const histories = projections.filter(({ name, context }) => name === historyView(context));
  return {
    fold: folding(projections),
    historyVersions: new Map(histories.map(({ context, version }) => [context.name, version])),
  };
};

/** An event that a view cannot handle is left out: the live view has parked it. */
const folding = (projections: readonly Projection[]): FoldEntries => {
  const views = new Map(projections.map((projection) => [projection.name, projection]));
  return (name, key, entries) => {
    const view = views.get(name);
    if (!view?.evolve) throw new TypeError(`${name} has no documents that are folded`);
    let document: ViewDocument | undefined;
    for (const entry of entries) {
      try {
        document = fold(view, key, document, [eventOf(entry)]);
      } catch {}
    }
    return document;
  };
};
