import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { expect } from 'vitest';
import { memoryStreams } from '../../platform/event-store/testing.ts';
import { type CommandHandler, commandHandler, type GivenCommand } from './command-handler.ts';
import type { StepsByCommand } from './command-steps.ts';
import type { CommandContext } from './context.ts';
import { type Decider, type DecisionInput, isRefusal, type Message, refuse } from './decider.ts';
import { type DeskOptions, desk } from './desk.ts';
import { fingerprintOf } from './ids.ts';
import { inProcess } from './in-process.ts';
import { jsonPieces } from './json-pieces.ts';
import type { Outcome, Request } from './request.ts';
import { restoreState, saveState } from './saved-state.ts';

const NOW = '2026-01-31T09:00:00.000Z';

/** The time zone of the tests' calendar days. It differs from UTC, so that a test notices a day in UTC. */
export const TIME_ZONE = 'Asia/Seoul';

/** The state after these events. */
export const stateAfter = <Command extends Message, Event extends Message, State>(
  decider: Decider<Command, Event, State>,
  events: readonly Event[],
): State => events.reduce((state, event) => decider.evolve(state, event), decider.initialState);

/**
 * Specifies a decider: given these events, when a command comes, then these events, none, or a refusal.
 * @param now the time that decisions are given, UTC with milliseconds
 */
export const specification = <Command extends Message, Event extends Message, State>(
  decider: Decider<Command, Event, State>,
  now = NOW,
  timeZone = TIME_ZONE,
) => ({
  given: (...events: Event[]) => ({
    /**
     * @param prepared what the command's steps read from other streams
     * @param as as whom the caller gives the command, staff when left out
     */
    when(command: Command, prepared: DecisionInput['prepared'] = {}, as: Pick<DecisionInput, 'asOwner'> = {}) {
      const input = { now, timeZone, revision: BigInt(events.length), prepared, ...as };
      const decision = decider.decide(command, stateAfter(decider, events), input);
      return {
        thenEvents: (...expected: [Event, ...Event[]]) => expect(decision).toEqual(expected),
        thenNothing: () => expect(decision).toEqual([]),
        /** @param refused a problem's name in the context's schema */
        thenRefused: (refused: string) => expect(decision).toMatchObject({ refused }),
      };
    },
    /** A command that was done before comes again, named by its content. */
    whenRepeated(command: Command) {
      const input = { now, timeZone, revision: BigInt(events.length) };
      const refusal = decider.ended?.(command, stateAfter(decider, events), input);
      return {
        thenFirstAnswer: () => expect(refusal).toBeUndefined(),
        thenRefused: (refused: string) => expect(refusal).toMatchObject({ refused }),
      };
    },
  }),
});

/**
 * Gives commands one after the other.
 * @param from the state before them, and `revision` that of the next event
 * @param now the time that decisions are given, UTC with milliseconds
 * @returns the events, the refusal of each command, and the state and next revision in the end
 */
export const play = <Command extends Message, Event extends Message, State>(
  decider: Decider<Command, Event, State>,
  commands: readonly Command[],
  from: State = decider.initialState,
  revision = 0n,
  now = NOW,
): { state: State; revision: bigint; events: Event[]; refusals: (string | undefined)[] } => {
  let state = from;
  const events: Event[] = [];
  const next = () => revision + BigInt(events.length);
  const refusals = commands.map((command) => {
    const decision = decider.decide(command, state, { now, timeZone: TIME_ZONE, revision: next() });
    if (isRefusal(decision)) return decision.refused;
    for (const event of decision) state = decider.evolve(state, event);
    events.push(...decision);
    return undefined;
  });
  return { state, revision: next(), events, refusals };
};

const savedAndRead = (state: unknown): unknown => JSON.parse([...jsonPieces(saveState(state))].join(''));

/** Returns a state as a snapshot of it brings it back. */
export const restored = <State>(state: State): State => restoreState(savedAndRead(state)) as State;

/** The most bytes that the event store takes in one append. */
export const MEBIBYTE = 1_048_576;

/** The most metadata of an event: of a caller and an Idempotency-Key of 255 characters. */
const METADATA_BYTES = 2_000;

/** Returns the most bytes that an append of these events may have. */
export const appendBytes = (events: readonly Message[]): number =>
  events.reduce(
    (sum, { type, data }) => sum + 2 * type.length + Buffer.byteLength(JSON.stringify(data)) + METADATA_BYTES,
    0,
  );

/** The saved form of a state, whatever the order of its lists. */
const savedForm = (state: unknown): unknown => {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, sorted(member)]));
  };
  return sorted(savedAndRead(state));
};

/**
 * Checks what holds for every decider: a command that was done yields no event when it comes again at once; a state
 * that was saved and restored behaves like one that was not; and no decision or fold changes its state.
 * @param commands any command of the decider's, few enough ids that they meet
 */
export const holdsForEveryDecider = <Command extends Message, Event extends Message, State>(
  decider: Decider<Command, Event, State>,
  commands: fc.Arbitrary<Command>,
): void => {
  const some = fc.array(commands, { maxLength: 40 });

  fc.assert(
    fc.property(some, commands, (before, command) => {
      const first = play(decider, before);
      const once = play(decider, [command], first.state, first.revision);
      const twice = play(decider, [command], once.state, once.revision);
      expect(twice.events).toEqual([]);
    }),
  );

  fc.assert(
    fc.property(some, some, (before, after) => {
      const { state, revision } = play(decider, before);
      const [kept, again] = [play(decider, after, state, revision), play(decider, after, restored(state), revision)];
      expect(again.refusals).toEqual(kept.refusals);
      expect(savedForm(again.state)).toEqual(savedForm(kept.state));
    }),
  );

  fc.assert(
    fc.property(some, some, (before, after) => {
      const { state, revision } = play(decider, before);
      const untouched = savedForm(state);
      play(decider, after, state, revision);
      expect(savedForm(state)).toEqual(untouched);
    }),
  );
};

type SeatCommand = { type: 'Take' | 'Leave' | 'Break' | 'Look'; data: { name: string; times?: number } };
type SeatEvent = { type: 'Taken' | 'Left'; data: { name: string } };

/** Three seats, each taken by name: a decider for tests of the kernel, which knows no context. */
export const seats: Decider<SeatCommand, SeatEvent, readonly string[]> = {
  category: 'seats',
  commands: ['Take', 'Leave', 'Break', 'Look'],
  events: ['Taken', 'Left'],
  id: () => '1',
  initialState: [],
  evolve: (taken, { type, data: { name } }) => {
    if (type === 'Taken') return [...taken, name];
    if (type === 'Left') return taken.filter((each) => each !== name);
    throw new Error(`unexpected ${type satisfies never}`);
  },
  decide: ({ type, data: { name, times = 1 } }, taken) => {
    switch (type) {
      case 'Take':
        if (taken.includes(name)) return refuse('taken');
        return taken.length < 3 ? [{ type: 'Taken', data: { name } }] : refuse('full');
      case 'Leave':
        if (!taken.includes(name)) return refuse('not-there');
        return Array.from({ length: times }, () => ({ type: 'Left', data: { name } }));
      case 'Look':
        return [];
      case 'Break':
        throw new Error('a defect');
      default:
        return type satisfies never;
    }
  },
  ended: ({ type, data: { name } }, taken) => (type === 'Take' && !taken.includes(name) ? refuse('left') : undefined),
  answer: ({ data }) => data,
  snapshotVersion: 1,
};

type StampedEvent =
  | { type: 'Taken'; data: { name: string; at: string } }
  | { type: 'Left'; data: { name: string; since: string | undefined } };

/** {@link seats} whose events tell the time of their decision, and since when a seat was taken. */
export const stampedSeats: Decider<SeatCommand, StampedEvent, Readonly<Record<string, string>>> = {
  category: seats.category,
  commands: seats.commands,
  events: seats.events,
  id: seats.id,
  initialState: {},
  evolve: (taken, event) => {
    if (event.type === 'Taken') return { ...taken, [event.data.name]: event.data.at };
    const { [event.data.name]: _left, ...others } = taken;
    return others;
  },
  decide: (command, taken, input) => {
    const decision = seats.decide(command, Object.keys(taken), input);
    if (isRefusal(decision)) return decision;
    return decision.map(({ type, data: { name } }) =>
      type === 'Taken' ? { type, data: { name, at: input.now } } : { type, data: { name, since: taken[name] } },
    );
  },
  ended: (command, taken, input) => seats.ended?.(command, Object.keys(taken), input),
  answer: ({ data }) => data,
  snapshotVersion: 1,
};

export const SEATS_STREAM = 'seats-1';

/** A desk for {@link seats}. */
export const seatsDesk = (options: Pick<DeskOptions, 'store'> & Partial<DeskOptions>) =>
  desk({
    stream: SEATS_STREAM,
    decider: seats,
    timeZone: TIME_ZONE,
    schemaVersion: () => 1,
    upcast: ({ type, data }) => ({ type, data: data as object }),
    pause: async () => {},
    random: () => 0.5,
    onError: () => {},
    ...options,
  });

/** A command for {@link seatsDesk}. @param commandId the same for the same command that comes again */
export const seatsRequest = (
  command: SeatCommand,
  commandId: string = randomUUID(),
  rest: Partial<Request> = {},
): Request => ({
  command,
  metadata: {
    $correlationId: commandId,
    $causationId: commandId,
    commandId,
    fingerprint: fingerprintOf('anonymous', command),
    actor: 'anonymous',
    time: NOW,
  },
  ...rest,
});

/**
 * Gives the commands of contexts with their steps, over streams in memory.
 * @param prevent an outcome that a command gets in place of its own, after its steps
 */
export const withSteps = (
  contexts: readonly CommandContext[],
  steps: StepsByCommand,
  prevent: (command: GivenCommand) => Outcome | undefined = () => undefined,
) => {
  const store = memoryStreams();
  const types: string[] = [];
  const append: typeof store.append = async (stream, events, expected) => {
    const result = await store.append(stream, events, expected);
    if (result.ok) types.push(...events.map(({ type }) => type));
    return result;
  };
  const onError = (error: unknown) => {
    throw error;
  };
  const now = () => new Date(NOW);
  const real = commandHandler({ store: { ...store, append }, contexts, timeZone: TIME_ZONE, now, onError });
  const handler: CommandHandler = {
    ...real,
    busy: 0,
    handle: async (command) => prevent(command) ?? real.handle(command),
  };
  const give = inProcess(handler, steps, { tail: async () => ({ commit: 0n, prepare: 0n }), onError });
  return {
    /** The types of all events, in order. */
    types,
    give: (type: string, data: object, rest: Partial<GivenCommand> = {}) =>
      give({ type, data, actor: 'anonymous', ...rest }),
  };
};
