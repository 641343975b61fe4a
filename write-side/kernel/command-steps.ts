import type { Position } from '../../platform/event-store/types.ts';
import type { Refusal } from './decider.ts';

type Event = { type: string; data: object };

/** How a command ended that was given from within. `unavailable`: it may have been done; the same again finds out. */
export type GivenOutcome =
  | { kind: 'done'; events: readonly Event[]; revision: bigint; position: Position | undefined }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'unavailable' };

/** Gives a command to another stream, on behalf of the command that is being answered. */
export type Give = (command: Event) => Promise<GivenOutcome>;

/**
 * How a command ended that other steps belong to. `later`: not known yet. Answered with 202 where the command may take
 * longer, with 503 elsewhere.
 */
export type Settled =
  | { kind: 'done'; revision: bigint; position: Position | undefined; body?: object }
  | { kind: 'refused'; refusal: Refusal }
  | { kind: 'later' };

/**
 * What surrounds a command that comes over HTTP. Its steps must be such that a process may end between any two of
 * them: a policy or a deadline then brings them to their end.
 */
export type Around<Data extends object = object> = {
  /** How many of these commands one process works on at a time, and how one more is refused. */
  atMost?: { count: number; refusal: Refusal };
  /** Looks elsewhere whether the command may be decided at all. */
  before?(data: Data, give: Give): Promise<Refusal | undefined>;
  /** The steps that follow, as far as the answer waits for them. */
  after?(data: Data, events: readonly Event[], give: Give): Promise<Settled>;
  /** Milliseconds for `after`; then the command is answered with 202 and the steps go on. */
  within?: number;
};

/** What surrounds the commands of a context, by their type. */
// biome-ignore lint/suspicious/noExplicitAny: each is checked against its own command where it is defined
export type Arounds = Readonly<Record<string, Around<any>>>;
