import { setTimeout as pause } from 'node:timers/promises';
import { type Program, startProgram } from '../support/processes.ts';

/** A side's process behind the gateway; its successor listens on the same port. */
export type Instance = { name: string; port: string; program: Program };

/** Milliseconds: views are rebuilt while clients keep the machine busy. */
const READY_WITHIN = 600_000;

/** Waits until a program is ready to be used. @throws Error when it takes too long */
export const ready = async ({ url }: Program): Promise<void> => {
  const until = performance.now() + READY_WITHIN;
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) {
    if (performance.now() > until)
      throw new Error(`${url} is not ready: ${await (await fetch(`${url}/readyz?verbose`)).text()}`);
    await pause(50);
  }
};

export const openInstance = async (name: string, env: Record<string, string>): Promise<Instance> => {
  const program = await startProgram(name, env);
  return { name, port: new URL(program.url).port, program };
};

/**
 * Starts the successor of a process that has ended, and waits until it is ready. @param root another version's folder
 */
export const succeed = async (instance: Instance, env: Record<string, string>, root?: string): Promise<void> => {
  const { name, port } = instance;
  const ports = { WRITE_SIDE_PORT: port, POLICIES_PORT: port, PROJECTIONS_PORT: port, READ_API_PORT: port };
  instance.program = await startProgram(name, { ...env, ...ports }, root);
  await ready(instance.program);
};
