import type { Static } from 'typebox';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

/** The refusal of a command: the name of a problem in the context's schema, and a detail for the client. */
export type Refusal = {
  refused: string;
  detail?: string;
  /** Seconds, sent as Retry-After in place of the problem's own. */
  retryAfter?: number;
  /** The path of the resource that is in the way, shown with the problem. */
  existing?: string;
  /** The price that counts now, shown with the problem. */
  price?: number;
};

/** The result of a decision: events, none when the command changes nothing, or a refusal. */
export type Decision<Event> = readonly Event[] | Refusal;

/** The input of a decision besides its command and its state: deciders read no clock. */
export type DecisionInput = {
  /** UTC with milliseconds: the order of text is the order of time. */
  now: string;
  /** The time zone of calendar days (IANA name). */
  timeZone: string;
  /** The revision that the first event of the decision gets: unique within the stream. */
  revision: bigint;
  /** Values that the command's steps prepared from other streams (`prepare` of CommandSteps); left out without them. */
  prepared?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Whether the decision is a trial: it comes before the steps that prepare the command, and its events are discarded.
   * A rule that needs `prepared` must then refuse only what it would refuse with any.
   */
  isTrial?: boolean;
  /** Set when the caller may give the command only as the owner of the addressed thing, not as staff. */
  asOwner?: true;
};

/** A command or an event. */
export type Message = { type: string; data: object };

/**
 * One kind of stream: its name, its state and its rules, as plain functions. States are immutable: a discarded
 * decision has no effect. A state is plain data and collections of plain data, so that snapshots can hold it.
 */
export type Decider<Command extends Message = Message, Event extends Message = Message, State = unknown> = {
  /** The stream's name up to the dash. */
  category: string;
  commands: readonly Command['type'][];
  /** The types of the stream's events. */
  events: readonly Event['type'][];
  /** The stream's name after the dash. */
  id(data: Command['data']): string;
  initialState: State;
  evolve(state: State, event: Event): State;
  decide(command: Command, state: State, input: DecisionInput): Decision<Event>;
  /**
   * Returns the customer who owns the addressed thing, for commands that only the owner may send and that do not name
   * the owner; undefined when the state does not contain the thing. A caller who is not the owner gets 404 in both
   * cases. A thing that has ended keeps its owner as long as the state remembers it, so that the owner learns how it
   * ended.
   */
  owner?(command: Command, state: State): string | undefined;
  /**
   * Returns why the result of an earlier command with the same content no longer stands, for commands that make a thing
   * which may end: it was cancelled, returned, closed. Undefined while it stands.
   */
  ended?(command: Command, state: State, input: DecisionInput): Refusal | undefined;
  /**
   * Returns the stream's value of the context's scope field (a hospital, a station); undefined before its first event.
   * Used for commands without the field.
   */
  scope?(state: State): Readonly<Record<string, string>> | undefined;
  /** Returns the body of the answer to an accepted command. */
  answer(command: Command, events: readonly Event[]): object;
  /** Returns the part of the state that a command reads. Such a command decides no events. */
  read?(command: Command, state: State): object | undefined;
  /** Raise it whenever `evolve` or the state changes: snapshots of other versions are ignored. */
  snapshotVersion: number;
};

/** A decider of any stream. */
// biome-ignore lint/suspicious/noExplicitAny: each is checked against its own commands, events and state where it is defined
export type AnyDecider = Decider<any, any, any>;

/**
 * Refuses a command.
 * @param refused a problem's name in the context's schema
 * @param more members of the problem for programs
 */
export const refuse = (refused: string, detail?: string, more: Omit<Refusal, 'refused' | 'detail'> = {}): Refusal => ({
  refused,
  ...(detail ? { detail } : {}),
  ...more,
});

/** The refusal of a timer's command that comes before its time. The timer is kept, and its command comes again. */
export const notDue: Refusal = refuse('not-due');

export const isRefusal = <Event>(decision: Decision<Event>): decision is Refusal => 'refused' in decision;

/** Returns the data of the first event of a type; empty when there is none. */
export const dataOf = <Event extends Message, Type extends Event['type']>(events: readonly Event[], type: Type) =>
  (events.find((event) => event.type === type)?.data ?? {}) as Partial<Extract<Event, { type: Type }>['data']>;

type EventIn<Context extends ContextSchema, Type extends string> = {
  [T in Type]: { type: T; data: Static<Context['events'][T]['data']> };
}[Type];

type CommandIn<Context extends ContextSchema, Type extends string> = {
  [T in Type]: { type: T; data: Static<Context['commands'][T]['data']> };
}[Type];

/** The folds of some of a context's events. */
export type Folds<Context extends ContextSchema, State> = {
  readonly [T in keyof Context['events']]?: (state: State, data: Static<Context['events'][T]['data']>) => State;
};

type Rule<Data, State, Event> = {
  /** Returns the events that the command yields in this state, none when it changes nothing, or a refusal. */
  decide(data: Data, state: State, input: DecisionInput): Decision<Event>;
  /** Returns the body of the answer; left out, the command's data. */
  answer?(data: Data, events: readonly Event[]): object;
  /** Returns the part of the state that this command reads; left out, nothing. */
  read?(state: State): object;
  /** {@link Decider.owner} for this command; left out, a caller who must own the thing is refused. */
  owner?(data: Data, state: State): string | undefined;
  /** {@link Decider.ended} for this command; left out, its result never ends. */
  ended?(data: Data, state: State, input: DecisionInput): Refusal | undefined;
};

type Rules<Context extends ContextSchema, State, Event> = {
  readonly [T in keyof Context['commands']]?: Rule<Static<Context['commands'][T]['data']>, State, Event>;
};

/** Fails the type check for a name that the context's schema does not have. */
type Only<Given, Known> = Given & { readonly [Name in Exclude<keyof Given, keyof Known>]: never };

/** The types of the events that some rules decide. */
type Decided<Given> = {
  [T in keyof Given]-?: Given[T] extends { decide(...given: never[]): infer Result }
    ? Extract<Result, readonly { type: string }[]>[number]['type']
    : never;
}[keyof Given];

/**
 * Returns a function that fills a template such as `{lotId}.{reservationId}` with a command's data. Of `{fromId|id}` it
 * takes the first field that the data has.
 */
const filler = (template: string): ((data: Readonly<Record<string, unknown>>) => string) => {
  const parts = template
    .split(PLACEHOLDER)
    .map((part, index) => (index % 2 === 1 ? { fields: part.split('|') } : { text: part }));
  return (data) =>
    parts.map((part) => part.text ?? data[part.fields.find((field) => Object.hasOwn(data, field)) ?? '']).join('');
};
const PLACEHOLDER = /\{([\w|]+)\}/;

/**
 * Declares a decider. It names each event and each command of its stream once:
 *
 *     export const counter = decider(schema, {
 *       stream: 'counter-{counterId}',
 *       initialState,
 *       evolve: { Counted: (state, { by }) => ({ total: state.total + by }) },
 *       commands: {
 *         Count: {
 *           decide: ({ counterId, by }, { total }) =>
 *             total + by > MOST ? refuse('too-many') : [{ type: 'Counted', data: { counterId, by } }],
 *         },
 *       },
 *       snapshotVersion: 1,
 *     });
 *
 * The types of events, commands and their data come from the context's schema. The type check fails for a name that the
 * schema does not have, and where the decider is used when a rule decides an event that `evolve` does not fold.
 *
 * `stream` is the stream's name, forever: the category up to the dash, then the fields of the commands that make it
 * unique. Of `{fromId|id}` a command's first field counts. `initialState` has the state's type, by annotation or, for a
 * union of states, by `as State`.
 * @throws TypeError when a command does not have a field of the stream's name
 */
export const decider = <
  Context extends ContextSchema,
  State,
  Evolve extends Folds<Context, State>,
  Commands extends Rules<Context, State, EventIn<Context, keyof Evolve & string>>,
>(
  context: Context,
  definition: {
    stream: `${string}-${string}`;
    initialState: State;
    evolve: Only<Evolve, Context['events']>;
    commands: Only<Commands, Context['commands']>;
    /** The problem of a stream whose thing does not exist: for every command but those of `unless`. */
    missing?: { is(state: State): boolean; problem: string; unless: readonly (keyof Context['commands'])[] };
    /** {@link Decider.scope} */
    scope?(state: State): Readonly<Record<string, string>> | undefined;
    /** {@link Decider.snapshotVersion} */
    snapshotVersion: number;
  },
): Decided<Commands> extends keyof Evolve
  ? Decider<CommandIn<Context, keyof Commands & string>, EventIn<Context, keyof Evolve & string>, State>
  : { 'evolve does not fold': Exclude<Decided<Commands>, keyof Evolve> } => {
  const { stream, initialState, missing, scope, snapshotVersion } = definition;
  const dash = stream.indexOf('-');
  const category = stream.slice(0, dash);
  const template = stream.slice(dash + 1);
  const folds = new Map(Object.entries<(state: State, data: object) => State>(definition.evolve as object as never));
  const rules = new Map(Object.entries<Rule<object, State, Message>>(definition.commands as object as never));
  for (const type of rules.keys()) {
    const fields = context.commands[type]?.data.properties ?? {};
    for (const [, names] of template.matchAll(new RegExp(PLACEHOLDER, 'g')))
      if (!names!.split('|').some((name) => Object.hasOwn(fields, name)))
        throw new TypeError(`${type} does not have ${names}, which names ${stream}`);
  }

  const ruleOf = (type: string): Rule<object, State, Message> => {
    const rule = rules.get(type);
    if (!rule) throw new TypeError(`${category} does not take the command ${type}`);
    return rule;
  };
  const made: Decider<Message, Message, State> = {
    category,
    commands: [...rules.keys()],
    events: [...folds.keys()],
    id: filler(template) as (data: object) => string,
    initialState,
    evolve(state, { type, data }) {
      const fold = folds.get(type);
      if (!fold) throw new TypeError(`${category} does not know the event ${type}`);
      return fold(state, data);
    },
    decide({ type, data }, state, input) {
      const rule = ruleOf(type);
      if (missing?.is(state) && !missing.unless.includes(type)) return refuse(missing.problem);
      return rule.decide(data, state, input);
    },
    answer: ({ type, data }, events) => ruleOf(type).answer?.(data, events) ?? data,
    read: ({ type }, state) => ruleOf(type).read?.(state),
    owner: ({ type, data }, state) => ruleOf(type).owner?.(data, state),
    ended: ({ type, data }, state, input) => ruleOf(type).ended?.(data, state, input),
    ...(scope ? { scope } : {}),
    snapshotVersion,
  };
  return made as never;
};
