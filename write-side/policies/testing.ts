import type { CommandContext } from '../kernel/context.ts';
import { type DecisionInput, isRefusal, type Message } from '../kernel/decider.ts';
import { TIME_ZONE } from '../kernel/testing.ts';
import type { Policy } from './policy.ts';
import type { ProcessManager } from './process.ts';

/** An event of the log in memory. */
export type LoggedEvent<Event extends Message = Message> = Event & { stream: string; revision: string; time: string };

/**
 * Runs contexts in memory: their streams, one log, and their policies and timers with a checkpoint each. Only the
 * deciders recognise a command that comes again, as when every checkpoint and every memory of command ids is lost.
 */
export const policyWorld = <Event extends Message = Message>(
  contexts: readonly CommandContext[],
  policies: readonly Policy[],
  timers: readonly ProcessManager[] = [],
) => {
  const deciders = contexts.flatMap((context) => context.deciders);
  const consumers = [...policies, ...timers];
  const log: LoggedEvent<Event>[] = [];
  const streams = new Map<string, { state: unknown; revision: bigint }>();
  const checkpoints = consumers.map(() => 0);
  const planned = new Map<string, Message & { at: string }>();
  let clock = Date.parse('2026-01-31T09:00:00.000Z');
  const now = () => new Date(clock).toISOString();

  /** Decides a command and appends its events. @returns the name of the refusal, if any */
  const give = ({ type, data }: Message, prepared: DecisionInput['prepared'] = {}): string | undefined => {
    const decider = deciders.find(({ commands }) => commands.includes(type));
    if (!decider) throw new TypeError(`no decider takes ${type}`);
    const name = `${decider.category}-${decider.id(data)}`;
    const stream = streams.get(name) ?? { state: decider.initialState, revision: 0n };
    const input = { now: now(), timeZone: TIME_ZONE, revision: stream.revision, prepared };
    const decision = decider.decide({ type, data }, stream.state, input);
    if (isRefusal(decision)) return decision.refused;
    for (const event of decision) {
      log.push({ ...(event as Event), stream: name, revision: `${stream.revision++}`, time: now() });
      stream.state = decider.evolve(stream.state, event);
    }
    streams.set(name, stream);
    return undefined;
  };

  const plan = (timer: ProcessManager, event: LoggedEvent<Event>): void => {
    for (const { key, ...task } of timer.plan(event)) {
      const id = `${timer.name}:${key}`;
      if ('at' in task) planned.set(id, { at: task.at, type: task.task, data: task.data });
      else planned.delete(id);
    }
  };

  /** Lets a policy or timer act on its next events. @returns the refusals of its commands */
  const run = (index: number, events = Number.POSITIVE_INFINITY): string[] => {
    const consumer = consumers[index]!;
    const refused: string[] = [];
    for (let count = 0; count < events && checkpoints[index]! < log.length; count++) {
      const event = log[checkpoints[index]!]!;
      checkpoints[index]! += 1;
      if (!consumer.events.includes(event.type)) continue;
      if ('plan' in consumer) plan(consumer, event);
      else for (const command of consumer.react(event)) refused.push(...[give(command) ?? []].flat());
    }
    return refused;
  };

  /** Dispatches the commands of the timers that are due. @returns their refusals */
  const fire = (): string[] => {
    const due = [...planned].filter(([, { at }]) => at <= now()).sort(([, a], [, b]) => (a.at < b.at ? -1 : 1));
    return due.flatMap(([id, command]) => {
      planned.delete(id);
      return give(command) ?? [];
    });
  };

  return {
    log,
    give,
    run,
    /** The indexes of the policies and, after them, of the timers. */
    consumers: [...consumers.keys()],
    /** Moves the checkpoint of a policy or timer back. */
    rewind: (index: number, events = Number.POSITIVE_INFINITY) => {
      checkpoints[index] = Math.max(0, checkpoints[index]! - events);
    },
    pass: (milliseconds: number) => {
      clock += milliseconds;
    },
    /** Runs every policy and every due timer until none appends anything. @returns the refusals of their commands */
    settle: (): string[] => {
      const refused: string[] = [];
      for (let before = -1; before !== log.length; ) {
        before = log.length;
        for (const index of consumers.keys()) refused.push(...run(index));
        refused.push(...fire());
      }
      return refused;
    },
  };
};
