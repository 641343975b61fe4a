import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LEFT_OUT = /^(node_modules|\.git|data|dist|bench|docs)$|^tests\/(?!support)/;

/** Copies Plaza into a folder, and adds the context of docs/adding-a-context.md to the copy. */
export const copyWithLibrary = (copy: string) => {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.test(path.slice(ROOT.length)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text);
  };
  const guide = readFileSync(join(ROOT, 'docs/adding-a-context.md'), 'utf8');
  for (const [, file = '', text = ''] of guide.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)) write(file, text);
  const contexts = readFileSync(join(copy, 'programs/contexts.ts'), 'utf8');
  const [, entry = ''] = /```ts\n( +contextOf\(.*?)```/s.exec(guide) ?? [];
  const changed = contexts.replace(/(?=\]\);)/, entry);
  if (changed === contexts) throw new Error('programs/contexts.ts has no place for the context, or the guide no entry');
  write('programs/contexts.ts', changed);

  return {
    /** Writes a file of the copy. */
    write,
    /** Runs a tool in the copy. @returns its output */
    run: async (tool: string, ...args: string[]): Promise<string> => {
      const script = join(ROOT, 'node_modules/.bin', tool);
      return promisify(execFile)(script, args, { cwd: copy, env: { ...process.env, NO_COLOR: '1' } }).then(
        ({ stdout }) => stdout,
        ({ stdout, stderr }) => `${tool} failed: ${stdout}${stderr}`,
      );
    },
  };
};
