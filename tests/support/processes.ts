import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ANY_PORTS, PATIENT } from './settings.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;

export type Program = {
  /** The address of a program that listens. */
  url: string;
  pid: number;
  /** Returns the program's output. */
  output(): string;
  /** Sends a signal and waits for the program to end. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
  /** Resolves with the exit code when the program has ended, null after a signal. */
  ended: Promise<number | null>;
};

/** Returns whether a process with the id is running. */
export const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const READY = /listens on (http:\/\/\S+)|^stores ready/;

/**
 * Starts one of Plaza's programs and waits for its ready line. The program ends with this process.
 * @param name of its file in `programs/`: `all-in-one`
 * @param env settings; PORT is any free port
 * @param root another version's folder
 * @throws Error with the output when the program ends first
 */
export const startProgram = async (name: string, env: Record<string, string>, root = ROOT): Promise<Program> => {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--import', END_WITH_PARENT, join(root, 'programs/run.js'), name],
    {
      cwd: root,
      env: {
        ...process.env,
        ...ANY_PORTS,
        LOG_LEVEL: 'info',
        ...PATIENT,
        ...env,
      },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    const take = (line: string) => {
      output += `${line}\n`;
      const ready = READY.exec(line);
      if (ready) resolve(ready[1] ?? '');
    };
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface({ input: stream }).on('line', take);
    void ended.then((code) => reject(new Error(`${name} ended with ${code}:\n${output}`)));
  });
  return {
    url: url.replace('localhost', '127.0.0.1').replace(/["\\,}].*$/, ''),
    pid: child.pid as number,
    output: () => output,
    ended,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
};
