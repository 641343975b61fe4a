import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const ROOT = new URL('../../', import.meta.url).pathname;

/** Runs an operator's command, also on stores of this process. */
export const command = async (env: Record<string, string>, name: string, ...args: string[]) => {
  const child = spawn(process.execPath, ['programs/run.js', name, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [[status], output, errors] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  return { status: status as number | null, output: output + errors };
};

/** Returns which texts occur in the bytes of the files of a folder, each with the files. */
export const foundIn = (folder: string, texts: readonly string[], isMeant = (_name: string) => true): string[] => {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && isMeant(entry.name));
  if (files.length === 0) throw new Error(`${folder} has no such files`);
  return files.flatMap(({ parentPath, name }) => {
    const bytes = readFileSync(join(parentPath, name));
    return texts.filter((text) => bytes.includes(text)).map((text) => `${text} in ${name}`);
  });
};
