/** Why a command is refused: a problem's name from the context's schema, and what would help to understand it. */
export type Refusal = { refused: string; detail?: string };

/** What a decision yields: events, none when the command changes nothing, or a refusal. */
export type Decision<Event> = readonly Event[] | Refusal;

/** What a decision may know besides its command and its state: deciders read no clock. */
export type DecisionInput = {
  /** UTC, ISO 8601. */
  now: string;
  /** The revision that the first event of the decision gets: unique within the stream. */
  revision: bigint;
};

type Message = { type: string; data: object };

/**
 * One kind of stream: its name, its state and its rules, as plain functions. States are immutable: a decision that is
 * not kept leaves nothing behind.
 */
export type Decider<Command extends Message = Message, Event extends Message = Message, State = unknown> = {
  /** The stream's name up to the dash. */
  category: string;
  commands: readonly Command['type'][];
  /** The stream's name after the dash. */
  id(data: Command['data']): string;
  initialState: State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State, input: DecisionInput): Decision<Event>;
  /**
   * Returns the customer who owns the thing that a command addresses, for commands that only the owner may give and
   * that do not name the owner. Undefined when the state knows no such thing; a caller other than the owner is answered
   * 404 either way. A thing that has ended keeps its owner as long as the state remembers it, so that its owner is
   * told how it ended.
   */
  owner?(command: Command, state: State): string | undefined;
  /**
   * Returns the field of the context's scope (a hospital, a station) that the stream is in, undefined before its first
   * event. For commands whose data does not have the field.
   */
  scope?(state: State): Readonly<Record<string, string>> | undefined;
  /** The body of the answer to a command that was done. */
  answer(command: Command, events: readonly Event[]): object;
  /** About how many things a state holds that grows: what it counts for among the states kept in memory. Left out: 1. */
  size?(state: State): number;
  snapshot: {
    /** Raised whenever `evolve` or the saved form changes: snapshots of another version are ignored. */
    version: number;
    /** Made of plain objects; a long list may be any iterable, which is then written bit by bit. */
    save(state: State): unknown;
    restore(saved: never): State;
  };
};

/** Refuses a command. @param refused a problem's name in the context's schema */
export const refuse = (refused: string, detail?: string): Refusal => (detail ? { refused, detail } : { refused });

/** Tells a refusal from events. */
export const isRefusal = <Event>(decision: Decision<Event>): decision is Refusal => 'refused' in decision;

/** The `default` of a switch over a closed union: fails the type check when a case is missing. */
export const unreachable = (value: never): never => {
  throw new Error(`unexpected ${JSON.stringify(value)}`);
};
