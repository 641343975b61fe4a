import type { CommandContext } from '../kernel/context.ts';
import { isRefusal } from '../kernel/decider.ts';
import type { Policy } from './policy.ts';

type Message = { type: string; data: object };

/** An event of the log in memory. */
export type LoggedEvent<Event extends Message = Message> = Event & { stream: string; revision: string };

/**
 * Runs contexts in memory: their streams, one log, and their policies with a checkpoint each. Only the deciders
 * recognise a command that comes again, as when every checkpoint and every memory of command ids is lost.
 */
export const policyWorld = <Event extends Message = Message>(
  contexts: readonly CommandContext[],
  policies: readonly Policy[],
) => {
  const deciders = contexts.flatMap((context) => context.deciders);
  const log: LoggedEvent<Event>[] = [];
  const streams = new Map<string, { state: unknown; revision: bigint }>();
  const checkpoints = policies.map(() => 0);
  let clock = Date.parse('2026-01-31T09:00:00.000Z');

  /** Decides a command and appends its events. @returns the name of the refusal, if any */
  const give = ({ type, data }: Message): string | undefined => {
    const decider = deciders.find(({ commands }) => commands.includes(type));
    if (!decider) throw new TypeError(`no decider takes ${type}`);
    const name = `${decider.category}-${decider.id(data)}`;
    const stream = streams.get(name) ?? { state: decider.initialState, revision: 0n };
    const input = { now: new Date(clock).toISOString(), revision: stream.revision };
    const decision = decider.decide({ type, data }, stream.state, input);
    if (isRefusal(decision)) return decision.refused;
    for (const event of decision) {
      log.push({ ...(event as Event), stream: name, revision: `${stream.revision++}` });
      stream.state = decider.evolve(stream.state, event);
    }
    streams.set(name, stream);
    return undefined;
  };

  /** Lets a policy act on its next events. @returns the refusals of its commands */
  const run = (policy: number, events = Number.POSITIVE_INFINITY): string[] => {
    const { events: types, react } = policies[policy]!;
    const refused: string[] = [];
    for (let count = 0; count < events && checkpoints[policy]! < log.length; count++) {
      const event = log[checkpoints[policy]!]!;
      checkpoints[policy]! += 1;
      if (!types.includes(event.type)) continue;
      for (const command of react(event)) refused.push(...[give(command) ?? []].flat());
    }
    return refused;
  };

  return {
    log,
    give,
    run,
    /** Moves a policy's checkpoint back. */
    rewind: (policy: number, events = Number.POSITIVE_INFINITY) => {
      checkpoints[policy] = Math.max(0, checkpoints[policy]! - events);
    },
    pass: (milliseconds: number) => {
      clock += milliseconds;
    },
    /** Runs every policy until none appends anything. @returns the refusals of their commands */
    settle: (): string[] => {
      const refused: string[] = [];
      for (let before = -1; before !== log.length; ) {
        before = log.length;
        for (const policy of policies.keys()) refused.push(...run(policy));
      }
      return refused;
    },
  };
};
