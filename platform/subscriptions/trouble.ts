import { machine } from '../machine/machine.ts';
import { messageOf } from './transient.ts';

/** Milliseconds in which a consumer's trouble is logged once: each of its keys has it, at every attempt. */
const ONCE_IN = 1_000;

/** Returns a function that logs a consumer's trouble, and the same trouble once a second. */
export const troubleLog = (log: (line: string) => void) => {
  const last = new Map<string, { message: string; at: number }>();
  return (consumer: string, error: unknown): void => {
    const message = messageOf(error);
    const at = machine.elapsed();
    const before = last.get(consumer);
    if (before?.message === message && at - before.at < ONCE_IN) return;
    last.set(consumer, { message, at });
    log(`${consumer}: ${message}`);
  };
};
