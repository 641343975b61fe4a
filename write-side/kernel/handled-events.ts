import { ImmutableMap, OrderedMap } from './collections.ts';

/** How many handled events a stream remembers by name: its state stays small however long it grows. */
export const REMEMBERED_EVENTS = 1_000;

/**
 * An event of another stream that a policy's command follows. Its name is unique; its order grows within its source.
 */
export type HandledEvent = { name: string; source: string; order: string };

/**
 * The events that a stream has acted on, so that each has one effect: the idempotent receiver of Hohpe and Woolf
 * (Enterprise Integration Patterns). The latest are known by name. An event that is not among them is taken as handled
 * when a later one of its source has been forgotten: it was handled so long ago that its name was forgotten too.
 */
export type HandledEvents = {
  /** Oldest first. */
  latest: OrderedMap<string, HandledEvent>;
  /** The highest order forgotten, by source. */
  forgotten: ImmutableMap<string, string>;
};

export const nothingHandled: HandledEvents = { latest: OrderedMap(), forgotten: ImmutableMap() };

/** Names an event by its stream and revision. @param revision decimal */
export const byRevision = (stream: string, revision: string): HandledEvent => ({
  name: `${stream}@${revision}`,
  source: stream,
  order: revision,
});

/** Names an event whose revision an old record does not have. @param time UTC, ISO 8601 */
export const byTime = (source: string, name: string, time: string): HandledEvent => ({
  name: `${name}@${time}`,
  source,
  order: time,
});

/** Returns the names of an event, the best first: by its revision, if the record has it, and by its time. */
export const namesOf = (stream: string, revision: string | undefined, byItsTime: HandledEvent): HandledEvent[] =>
  revision === undefined ? [byItsTime] : [byRevision(stream, revision), byItsTime];

/** Compares two decimals, or two times of one length. */
const isAfter = (order: string, other: string): boolean =>
  order.length === other.length ? order > other : order.length > other.length;

/** Returns whether an event was acted on. @param names all that a record of it may have */
export const wasHandled = ({ latest, forgotten }: HandledEvents, names: readonly HandledEvent[]): boolean =>
  names.some(({ name, source, order }) => {
    const until = forgotten.get(source);
    return latest.has(name) || (until !== undefined && !isAfter(order, until));
  });

/** Remembers an event; the oldest of too many is forgotten. */
export const handle = ({ latest, forgotten }: HandledEvents, event: HandledEvent): HandledEvents => {
  const longer = latest.set(event.name, event);
  if (longer.size <= REMEMBERED_EVENTS) return { latest: longer, forgotten };
  const { name, source, order } = longer.first() as HandledEvent;
  const until = forgotten.get(source);
  return {
    latest: longer.delete(name),
    forgotten: until === undefined || isAfter(order, until) ? forgotten.set(source, order) : forgotten,
  };
};

/**
 * Compares the revision of an event with the one that a record follows, such as a coupon that follows a reservation.
 * @param revision decimal
 * @param recorded decimal; undefined in a record of an event version that did not have it
 * @returns undefined when that is not known
 */
export const isLater = (revision: string | undefined, recorded: string | undefined): boolean | undefined =>
  revision === undefined || recorded === undefined ? undefined : BigInt(revision) > BigInt(recorded);
