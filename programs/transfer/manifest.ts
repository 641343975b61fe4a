import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { valueChecker } from '../../platform/http/validation.ts';

/** An operator's mistake or a damaged export, described for the terminal. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
}

/** The file of the events in an export's folder, and its name until it is whole. */
export const EVENTS = 'events.jsonl';
export const UNFINISHED = `${EVENTS}.part`;

const MANIFEST = 'plaza-export.json';

/** Describes a finished export. It is written last: a folder without it is not an export. */
const Manifest = Type.Object({
  format: Type.Literal('plaza-export-1'),
  exportedAt: Type.String(),
  events: Type.Integer({ minimum: 0 }),
  /** Of the file of events, hexadecimal. */
  sha256: Type.String(),
  views: Type.Array(Type.Object({ name: Type.String(), documents: Type.Integer({ minimum: 0 }) })),
});
export type Manifest = Static<typeof Manifest>;

const errorOf = valueChecker(Manifest);

const readIn = (folder: string): unknown => {
  try {
    return JSON.parse(readFileSync(join(folder, MANIFEST), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const file = join(folder, MANIFEST);
    if (error instanceof SyntaxError)
      throw new TransferError(`${file} is damaged: it is not JSON. Copy the export again, or make a new one`);
    throw new TransferError(`${file} cannot be read: ${(error as Error).message}`);
  }
};

export const isFinished = (folder: string): boolean => readIn(folder) !== undefined;

/** @throws TransferError when the folder is not a finished export */
export const readManifest = (folder: string): Manifest => {
  const manifest = readIn(folder);
  if (manifest === undefined) throw new TransferError(`${folder} is not a finished export: it has no ${MANIFEST}`);
  const wrong = errorOf(manifest);
  if (wrong) throw new TransferError(`${join(folder, MANIFEST)} is not a manifest of this version: ${wrong}`);
  return manifest as Manifest;
};

/** Writes the manifest in one step. */
export const writeManifest = (folder: string, manifest: Manifest): void => {
  const draft = join(folder, `${MANIFEST}.part`);
  writeFileSync(draft, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(draft, join(folder, MANIFEST));
};
