import type { Document } from 'mongodb';
import type { Static } from 'typebox';
import type { Position } from '../../platform/event-store/types.ts';
import type { PoisonRule } from '../../platform/subscriptions/consumer.ts';
import type { ContextSchema } from '../../schemas/kernel/context.ts';
import { defined } from '../../schemas/kernel/defined.ts';
import type { ContextMessages } from '../../schemas/kernel/messages.ts';
import { CUSTOMER_ERASED } from '../../schemas/kernel/personal.ts';
import type { FoldedText } from '../../schemas/kernel/search.ts';
import { type PersonalDocuments, personalDocuments } from './erasure.ts';
import { type ClosedItems, closedItems, foldedTexts, type Index, indexesOf, indexOn } from './indexes.ts';

/** The fields that every event has besides its type and data. */
export type EventFacts = {
  id: string;
  stream: string;
  /** Decimal: the event's place in its stream, from 0. */
  revision: string;
  position: Position;
  metadata: {
    /** UTC, ISO 8601. */
    time: string;
    actor: string;
    commandId: string;
    correlationId: string;
    causationId: string;
  };
};

export type AnyEvent = { type: string; data: unknown } & EventFacts;

type Common<Context extends ContextSchema = ContextSchema> = {
  /** The bounded context whose events the view takes. */
  context: Context;
  /** `context.view`: the collection that holds the view, and the name of its checkpoint. */
  name: `${Context['name']}.${string}`;
  /** Raised with every change of the stored documents: the view is then rebuilt beside the old one. */
  version: number;
  /** How many processes may share the work, each with its part of the documents. 1 when left out. */
  partitions?: number;
  /** `park` when left out. */
  onPoison?: PoisonRule;
};

/**
 * A view as the kernel runs it. Its documents either fold the events of one key (`key` and `evolve`), or stand for one
 * event each (`document`): such a document is inserted and never read back. Pure: the same events make the same
 * documents.
 */
export type Projection = Omit<Common, 'name'> & {
  name: string;
  indexes: readonly Index[];
  /** The texts that are searched by prefix: the writer stores each beside the document. */
  folds?: readonly FoldedText[];
  /** The closed documents, which lists show last. */
  closed?: ClosedItems;
  /** The types of the events that the view takes. */
  events: readonly string[];
  /** The personal data in its documents, if there is any: the writer erases it at a {@link CUSTOMER_ERASED}. */
  personal?: PersonalDocuments | undefined;
  /** Returns the `_id` of the document that the event changes; null when it changes none. */
  key?: (event: AnyEvent) => string | null;
  /**
   * Returns the document after the event, or null to delete it. Throws on an impossible event, which is then parked.
   */
  evolve?: (document: Document | null, event: AnyEvent) => Document | null;
  /** Returns the document of the event, with an `_id` that no other event has. */
  document?: (event: AnyEvent) => Document & { _id: string };
};

/** The input of projections that do not depend on their context alone. */
export type ProjectionsInput = {
  /** Every context of Plaza that sends messages, whether this process runs it or not. */
  messaging: readonly { schema: ContextSchema; messages: ContextMessages }[];
  /** The time zone of calendar days and of the times in texts (IANA name). */
  timeZone: string;
};

type EventName<Context extends ContextSchema> = keyof Context['events'] & string;

/** An event as projections see it: its data is in today's version. */
type EventNamed<Context extends ContextSchema, Type extends EventName<Context>> = {
  [T in Type]: { type: T; data: Static<Context['events'][T]['data']> } & EventFacts;
}[Type];

/** {@link Projection.evolve} for the events of one type. */
type Handlers<Context extends ContextSchema, Type extends EventName<Context>, Before, After> = {
  readonly [T in Type]: (
    document: Before,
    data: Static<Context['events'][T]['data']>,
    event: EventNamed<Context, T>,
  ) => After | null;
};

/**
 * Declares a view of which every document folds the events of one key. It names each event once:
 *
 *     export const counters = projection<Counter>()({
 *       context: counting,
 *       name: 'counting.counters',
 *       version: 1,
 *       key: ({ counterId }) => counterId,
 *       on: {
 *         CounterAdded: (_counter, { counterId }) => ({ counterId, total: 0 }),
 *       },
 *       onExisting: {
 *         Counted: (counter, { by }) => ({ ...counter, total: counter.total + by }),
 *       },
 *       missing: 'a counter that was never added',
 *     });
 *
 * A handler gets the document, the event's data and the event, and returns the document after it, or null to delete it.
 * The types of the data come from the context's schema; the type check fails for an event that it does not have. The
 * first, empty call states the document's type.
 * @throws TypeError when an event is in `on` and in `onExisting`
 */
export const projection =
  <View extends object>() =>
  <Context extends ContextSchema, First extends EventName<Context>, Later extends EventName<Context> = never>(
    definition: Common<Context> & {
      /** Returns the `_id` of the document that the event changes; null when it changes none. */
      key(data: EventNamed<Context, First | Later>['data'], event: EventNamed<Context, First | Later>): string | null;
      /** The events that need no document: their handlers get null when it does not exist. */
      on: Handlers<Context, First, View | null, View>;
      /** The events that need the document: one without it is impossible, and is parked. */
      onExisting?: Handlers<Context, Later, View, View>;
      /** The document that an event in `onExisting` lacks, for the reason why it is parked. */
      missing?: string;
      /** Left out: the fields that are marked in the items of its queries. */
      personal?: PersonalDocuments;
      /** Indexes besides those that its queries need ({@link indexesOf}), each by its fields. */
      indexes?: readonly (readonly string[])[];
    },
  ): Projection =>
    folding(definition as object as Folding);

/**
 * The definition of a projection without the types of its events, which are costly to relate to those of any context.
 */
type Folding = Omit<Projection, 'events' | 'indexes' | 'folds' | 'closed' | 'key' | 'evolve' | 'document'> & {
  key(data: unknown, event: AnyEvent): string | null;
  on: Readonly<Record<string, Handler>>;
  onExisting?: Readonly<Record<string, Handler>>;
  missing?: string;
  indexes?: readonly (readonly string[])[];
  personal?: PersonalDocuments;
};

type Handler = (document: Document | null, data: unknown, event: AnyEvent) => Document | null;

/** Raised with a change of a folded text: every view that has one is then rebuilt. */
const FOLDING = 1;

const folding = ({
  key,
  on,
  onExisting = {},
  missing = 'a document that was never made',
  indexes = [],
  ...rest
}: Folding) => {
  const handlers = new Map(Object.entries(on));
  for (const [type, handler] of Object.entries(onExisting)) {
    if (handlers.has(type)) throw new TypeError(`${rest.name} handles ${type} in on and in onExisting`);
    handlers.set(type, (document, data, event) => {
      if (!document) throw new Error(`${type} for ${missing}`);
      return handler(document, data, event);
    });
  }
  const folds = foldedTexts(rest.context, rest.name);
  const closed = closedItems(rest.context, rest.name);
  const events = [...handlers.keys()];
  return {
    ...rest,
    personal: rest.personal ?? personalDocuments(rest.context, rest.name, events),
    // One more text that is searched by prefix changes what is stored, and so does how closed items come last.
    version: rest.version + folds.length * FOLDING + (closed ? 1 : 0) + (closed?.by ? 1 : 0),
    folds,
    ...defined({ closed }),
    indexes: [...indexesOf(rest.context, rest.name), ...indexes.map(indexOn)],
    events,
    key: (event: AnyEvent) => key(event.data, event),
    evolve: (document: Document | null, event: AnyEvent) => handlers.get(event.type)!(document, event.data, event),
  };
};

/** Returns the types of the events that a view's writer gets: besides the view's own, the one at which it erases. */
export const takenBy = ({ events, personal }: Projection): ReadonlySet<string> =>
  new Set(personal ? [...events, CUSTOMER_ERASED] : events);
