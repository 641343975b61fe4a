import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;

/** Runs an operator's command. */
export const command = (env: Record<string, string>, name: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['programs/run.js', name, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
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
