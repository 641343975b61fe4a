import type { CommandContext } from './kernel/context.ts';
import type { Policy } from './policies/policy.ts';
import type { Outside } from './services.ts';

/** A bounded context's write side: its schema, the deciders of its streams and its policies. */
export type WriteSideContext = CommandContext & {
  policies: readonly Policy[];
  /** Loads what reaches outside the event store; left out by a context that does not. */
  outside?(): Promise<Outside>;
};
