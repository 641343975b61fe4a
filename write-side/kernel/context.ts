import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { AnyDecider } from './decider.ts';

/** The commands of a bounded context: its schema and the deciders of its streams. */
export type CommandContext = {
  schema: ContextSchema;
  deciders: readonly AnyDecider[];
};
