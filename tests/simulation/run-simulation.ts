import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const program = join(import.meta.dirname, 'run.ts');
const run = promisify(execFile);

/** Runs a simulation in a process of its own. @returns what it prints @throws with the failures */
export const simulate = async (...args: string[]): Promise<string> =>
  (await run(process.execPath, [program, ...args, '--threads', '1'])).stdout.trim();

/** A seed whose world erases a customer. */
export const ERASING = 'q-4';
