import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ContextSchema } from '../../schemas/kernel/context.ts';

type Outcome = { kind: string; refusal?: { refused: string }; limit?: { name: string } };

/** Receives measurements of the write side. */
export type CommandMetrics = {
  /** Records a finished command. @param seconds since it arrived */
  handled(type: string, outcome: Outcome, seconds: number): void;
  /** Records an append batch. */
  appended(commands: number, events: number, seconds: number): void;
  /** Records a conflict: another process appended first, and the batch is decided again. */
  conflicted(): void;
};

/** Buckets in seconds, from an answer out of memory to a command's deadline. */
const LATENCY = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/**
 * Creates the metrics of commands by context, type and outcome, and of their appends.
 * @param contexts whose commands are counted
 * @param waiting returns how many commands wait or are in flight
 */
export const commandMetrics = (
  registry: Registry,
  contexts: readonly ContextSchema[],
  waiting: () => number,
): CommandMetrics => {
  const registers = [registry];
  const contextOf = new Map(
    contexts.flatMap(({ name, commands }) => Object.keys(commands).map((type) => [type, name])),
  );
  const commands = new Counter({
    name: 'plaza_commands_total',
    help: 'Commands by how they ended; a refused one with the reason',
    labelNames: ['context', 'command', 'outcome', 'reason'],
    registers,
  });
  const durations = new Histogram({
    name: 'plaza_command_duration_seconds',
    help: 'From the coming of a command to its outcome',
    labelNames: ['context', 'command'],
    buckets: LATENCY,
    registers,
  });
  const shed = new Counter({
    name: 'plaza_commands_shed_total',
    help: 'Commands that were refused because too many waited, by the limit that was reached',
    labelNames: ['limit'],
    registers,
  });
  const appends = new Histogram({
    name: 'plaza_append_duration_seconds',
    help: 'What the event store took for an append',
    buckets: LATENCY,
    registers,
  });
  const groups = new Histogram({
    name: 'plaza_append_commands',
    help: 'Commands that went into one append',
    buckets: SIZES,
    registers,
  });
  const events = new Counter({ name: 'plaza_events_appended_total', help: 'Events that were appended', registers });
  const conflicts = new Counter({
    name: 'plaza_append_conflicts_total',
    help: 'Appends that another process had been faster than',
    registers,
  });
  new Gauge({
    name: 'plaza_commands_waiting',
    help: 'Commands that wait or are in flight',
    registers,
    collect() {
      this.set(waiting());
    },
  });
  for (const limit of ['commands', 'stream', 'conflicts']) shed.inc({ limit }, 0);

  return {
    handled(type, outcome, seconds) {
      const context = contextOf.get(type) ?? '';
      const reason = outcome.refusal?.refused ?? '';
      commands.inc({ context, command: type, outcome: outcome.kind, reason });
      durations.observe({ context, command: type }, seconds);
      if (outcome.kind === 'conflicting') shed.inc({ limit: 'conflicts' });
      if (outcome.kind === 'overloaded') shed.inc({ limit: outcome.limit?.name ?? 'commands' });
    },
    appended(count, eventCount, seconds) {
      appends.observe(seconds);
      groups.observe(count);
      events.inc(eventCount);
    },
    conflicted() {
      conflicts.inc();
    },
  };
};
