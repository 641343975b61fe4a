import type { CommandOf, ContextSchema, EventOf } from '../../schemas/kernel/context.ts';

type AnyMessage = { type: string; data: object };

/** An event as policies see it, with its place in its stream. */
export type PolicyEvent<Event extends AnyMessage = AnyMessage> = Event & {
  /** Decimal, from 0. Tells two events of one stream apart that say the same. */
  revision: string;
};

/**
 * Whenever event, then commands: a pure function. The commands' ids derive from the event, and the deciders recognise
 * what they have done: an event that is handled again, however much later, changes nothing.
 */
export type Policy<Event extends AnyMessage = AnyMessage, Command extends AnyMessage = AnyMessage> = {
  /** `{context}.{name}`; for ever: its checkpoint is found by it. */
  name: string;
  context: ContextSchema;
  events: readonly Event['type'][];
  react(event: PolicyEvent<Event>): readonly Command[];
  /** Events of one key are acted on in their order; those of different keys side by side. */
  key(event: Event): string;
};

type EventIn<Context extends ContextSchema, Type extends string> = Extract<EventOf<Context['events']>, { type: Type }>;

/** Declares a policy, checked against its context's events and commands. */
export const policy = <Context extends ContextSchema, Type extends EventOf<Context['events']>['type']>(
  definition: Omit<Policy, 'context' | 'events' | 'react' | 'key'> & {
    context: Context;
    events: readonly Type[];
    react(event: PolicyEvent<EventIn<Context, Type>>): readonly CommandOf<Context['commands']>[];
    key(event: EventIn<Context, Type>): string;
  },
): Policy => definition as unknown as Policy;
