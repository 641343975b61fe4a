import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export const ROOT = join(import.meta.dirname, '../..');
export const DIST = join(ROOT, 'dist');

/** Describes the newest bundle. */
export const MANIFEST = join(DIST, 'bundle.json');

export type Bundle = {
  /**
   * Everything that the bundle is made of, with the time of its last change (ctime, milliseconds since 1970). Unlike the
   * time of modification, nothing sets it back, and each copy of a file has its own.
   */
  sources: Readonly<Record<string, number>>;
  /** All its files in `dist/`. */
  files: readonly string[];
};

/** Returns the newest bundle, if there is one. It may be older than its sources. */
export const readBundle = (): Bundle | undefined => {
  try {
    return JSON.parse(readFileSync(MANIFEST, 'utf8'));
  } catch {
    return undefined;
  }
};

/** Returns whether a bundle was made of the sources as they are now. */
export const isFresh = ({ sources }: Bundle): boolean =>
  Object.entries(sources).every(
    ([file, changed]) => statSync(join(ROOT, file), { throwIfNoEntry: false })?.ctimeMs === changed,
  );

/** Returns the address of a program in the bundle, if there is a bundle of exactly these sources. */
export const bundled = (program: string): string | undefined => {
  const bundle = readBundle();
  const file = `${program}.js`;
  return bundle?.files.includes(file) && isFresh(bundle) ? pathToFileURL(join(DIST, file)).href : undefined;
};
