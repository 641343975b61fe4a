import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { Decider } from './decider.ts';

/** The commands of a bounded context: its schema and the deciders of its streams. */
export type CommandContext = {
  schema: ContextSchema;
  // biome-ignore lint/suspicious/noExplicitAny: each decider is checked against its own commands, events and state where it is defined
  deciders: readonly Decider<any, any, any>[];
};
