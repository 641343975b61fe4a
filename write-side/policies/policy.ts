import type { CommandOf, ContextSchema, EventOf } from '../../schemas/kernel/context.ts';
import type { Message } from '../kernel/decider.ts';

/** An event as a policy gets it. */
export type PolicyEvent<Event extends Message = Message> = Event & {
  /** Decimal, from 0: the event's place in its stream. It distinguishes two events with the same data. */
  revision: string;
};

/**
 * A policy: a pure function from an event to commands. The ids of the commands derive from the event, and the deciders
 * recognise a repeated command, so an event that is handled again changes nothing, however much later.
 */
export type Policy<Event extends Message = Message, Command extends Message = Message> = {
  /** `{context}.{name}`; never changes, because the checkpoint is found by it. */
  name: string;
  context: ContextSchema;
  events: readonly Event['type'][];
  react(event: PolicyEvent<Event>): readonly Command[];
  /** Events of one key are handled in order, those of different keys concurrently. */
  key(event: Event): string;
};

/** The events of some types of a context. */
export type EventIn<Context extends ContextSchema, Type extends string> = Extract<
  EventOf<Context['events']>,
  { type: Type }
>;

/** Declares a policy, checked against its context's events and commands. */
export const policy = <Context extends ContextSchema, Type extends EventOf<Context['events']>['type']>(
  definition: Omit<Policy, 'context' | 'events' | 'react' | 'key'> & {
    context: Context;
    events: readonly Type[];
    react(event: PolicyEvent<EventIn<Context, Type>>): readonly CommandOf<Context['commands']>[];
    key(event: EventIn<Context, Type>): string;
  },
): Policy => definition as unknown as Policy;

/** Returns a command as often as it must be given, when each of them does a portion of what remains. */
export const inPortions = <Command>(remaining: number, portion: number, command: Command): readonly Command[] =>
  Array.from({ length: Math.ceil(remaining / portion) }, () => command);
