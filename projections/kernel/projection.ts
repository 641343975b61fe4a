import type { Document, IndexSpecification } from 'mongodb';
import type { Position } from '../../platform/event-store/types.ts';
import type { PoisonRule } from '../../platform/subscriptions/consumer.ts';
import type { ContextSchema, EventOf } from '../../schemas/kernel/context.ts';

/** What every event tells besides its type and data. */
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

/** An event as projections see it: its data is in today's version. */
export type Projected<Event> = Event extends unknown ? Event & EventFacts : never;

type EventNamed<Context extends ContextSchema, Type extends string> = Extract<
  EventOf<Context['events']>,
  { type: Type }
>;

type Common<Context extends ContextSchema, Type extends string> = {
  /** The bounded context whose events it takes. */
  context: Context;
  /** `context.view`: the collection that holds the view, and the name of its checkpoint. */
  name: `${Context['name']}.${string}`;
  /** To be raised with every change of what is stored: the view is then rebuilt beside the old one. */
  version: number;
  events: readonly Type[];
  /** One index for each filter and sort of the view's queries. `_id` at the end makes a page's cursor exact. */
  indexes: readonly IndexSpecification[];
  /** How many processes may share the work, each with its part of the documents. 1 when left out. */
  partitions?: number;
  /** `park` when left out. */
  onPoison?: PoisonRule;
};

/** A view of which every document folds the events of one key. Pure: the same events make the same documents. */
export type FoldingProjection<
  Context extends ContextSchema = ContextSchema,
  Type extends string = string,
  View extends object = object,
> = Common<Context, Type> & {
  /** The `_id` of the document that the event changes; null when it changes none. */
  key(event: Projected<EventNamed<Context, Type>>): string | null;
  /**
   * Returns the document after the event, or null to delete it, or if it never existed. Throws on an event that cannot
   * be: it is then parked.
   */
  evolve(document: View | null, event: Projected<EventNamed<Context, Type>>): View | null;
};

/** A view with a document for every event: written once, never read back. */
export type CollectingProjection<
  Context extends ContextSchema = ContextSchema,
  Type extends string = string,
  View extends object = object,
> = Common<Context, Type> & {
  /** The document and its `_id`, which no other event makes. */
  document(event: Projected<EventNamed<Context, Type>>): View & { _id: string };
};

/** Any projection, as the kernel runs it. */
export type Projection = Omit<Common<ContextSchema, string>, 'name'> & {
  name: string;
  key?: (event: AnyEvent) => string | null;
  evolve?: (document: Document | null, event: AnyEvent) => Document | null;
  document?: (event: AnyEvent) => Document & { _id: string };
};

export type AnyEvent = { type: string; data: unknown } & EventFacts;

/** Declares a view of which every document folds the events of one key. */
export const projection = <const Context extends ContextSchema, const Type extends string, View extends object>(
  definition: FoldingProjection<Context, Type & keyof Context['events'], View>,
): Projection => definition as unknown as Projection;

/** Declares a view with a document for every event. */
export const collection = <const Context extends ContextSchema, const Type extends string, View extends object>(
  definition: CollectingProjection<Context, Type & keyof Context['events'], View>,
): Projection => definition as unknown as Projection;
