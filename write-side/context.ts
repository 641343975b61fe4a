import type { StepsByCommand } from './kernel/command-steps.ts';
import type { CommandContext } from './kernel/context.ts';
import type { OpenThings } from './kernel/open-things.ts';
import type { Policy } from './policies/policy.ts';
import type { ProcessManager } from './policies/process.ts';
import type { Services } from './services.ts';

/** A command of the demo. @property at minutes from now; negative in the demo's past */
export type DemoCommand = { at: number; type: string; data: object };

/** The tools with which a context declares its stories in the demo. */
export type DemoWorld = {
  /** Milliseconds since 1970. */
  now: number;
  /** The time zone of calendar days (IANA name). */
  timeZone: string;
  /** Returns an id that no other run of the demo uses. */
  id(): string;
  /** Returns a whole number from `least` to `most`. */
  between(least: number, most: number): number;
  pick<Item>(items: readonly Item[]): Item;
  customer(): string;
};

/**
 * Returns a context's part of the demo, in any order: its things, a day of history, and what happens in the next
 * minutes. The things have the same ids each time.
 */
export type Demo = (world: DemoWorld) => readonly DemoCommand[];

/** A bounded context's write side: its schema, the deciders of its streams, its policies and its timers. */
export type WriteSideContext = CommandContext & {
  policies: readonly Policy[];
  /** Made by `timers`. */
  timers?: readonly ProcessManager[];
  /**
   * The views of things that are open until they end, such as reservations, in the order in which they are cancelled.
   */
  open?: readonly OpenThings[];
  /** The steps of its commands that need no service. */
  steps?: StepsByCommand;
  /** Loads the context's part of the demo. */
  demo?(): Promise<Demo>;
  /** Loads the services that the context calls, if it calls any. */
  services?(): Promise<Services>;
};
