import type { StepsByCommand } from './kernel/command-steps.ts';
import type { CommandContext } from './kernel/context.ts';
import type { Policy } from './policies/policy.ts';
import type { ProcessManager } from './policies/process.ts';
import type { Services } from './services.ts';

/** A bounded context's write side: its schema, the deciders of its streams, its policies and its timers. */
export type WriteSideContext = CommandContext & {
  policies: readonly Policy[];
  /** Made by `timers`. */
  timers?: readonly ProcessManager[];
  /** The steps of its commands that need no service. */
  steps?: StepsByCommand;
  /** Loads the services that the context calls, if it calls any. */
  services?(): Promise<Services>;
};
