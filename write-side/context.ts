import type { CommandContext } from './kernel/context.ts';
import type { Policy } from './policies/policy.ts';
import type { Services } from './services.ts';

/** A bounded context's write side: its schema, the deciders of its streams and its policies. */
export type WriteSideContext = CommandContext & {
  policies: readonly Policy[];
  /** Loads the services that the context calls, if it calls any. */
  services?(): Promise<Services>;
};
