import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { BUGS, type Bug } from './bugs.ts';

const ROOT = new URL('../../../', import.meta.url);

export const bugNamed = (name: string): Bug => {
  const found = BUGS.find((bug) => bug.name === name);
  if (!found) throw new Error(`There is no planted bug "${name}"`);
  return found;
};

/** Returns the text of a file with a bug. @throws Error when the bug does not fit the file any more */
export const textWith = ({ name, file, find, replace }: Bug): string => {
  const [before, after, ...more] = readFileSync(new URL(file, ROOT), 'utf8').split(find);
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`"${name}" does not fit ${file}: its text must be there once`);
  return before + replace + after;
};

/** Plants a bug: from now on this thread loads the file with it. */
export const plant = (bug: Bug): void => {
  const url = new URL(bug.file, ROOT).href;
  const source = textWith(bug);
  registerHooks({
    load(asked, context, next) {
      const loaded = next(asked, context);
      return asked === url ? { ...loaded, source } : loaded;
    },
  });
};
