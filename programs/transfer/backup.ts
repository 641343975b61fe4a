import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { copyFile, open, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Announcement } from '../../embedded/open.ts';
import { TransferError } from './manifest.ts';

/** Ends the name of a copy until it is whole. */
const UNFINISHED = '.sqlite.part';

/** Copies a file durably, under an unfinished name. */
const copyPart = async (file: string, part: string): Promise<void> => {
  await copyFile(file, part);
  const written = await open(part, 'r+');
  await written.sync();
  await written.close();
};

/** Asks the stores to keep their files unchanged. @returns the files, and whether they are still unchanged */
const hold = async ({ backupUrl, backupToken }: Pick<Announcement, 'backupUrl' | 'backupToken'>) => {
  const headers = { Authorization: `Bearer ${backupToken}` };
  const answer = await fetch(`${backupUrl}/hold`, { method: 'POST', headers });
  if (answer.status !== 200) throw new TransferError(`The stores refuse a backup: ${await answer.text()}`);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const { value = '[]' } = await reader.read();
  let isHeld = true;
  const end = () => {
    isHeld = false;
  };
  reader.read().then(end, end);
  return { files: JSON.parse(value) as string[], isHeld: () => isHeld, release: () => reader.cancel().catch(() => {}) };
};

/**
 * Copies the files of embedded stores, which work meanwhile, into an empty or missing folder, or over what a killed
 * backup left there. The copy is a data folder.
 * @param onCopied called for each file, before the copy is finished
 * @returns the names of the files
 * @throws TransferError when the folder is not empty, or the stores refuse or end; then there is no copy
 */
export const backUp = async (
  stores: Pick<Announcement, 'backupUrl' | 'backupToken'>,
  folder: string,
  onCopied: () => unknown = () => {},
): Promise<string[]> => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const others = readdirSync(folder).filter((name) => !name.endsWith(UNFINISHED));
  if (others.length > 0) throw new TransferError(`${folder} is not empty`);
  const { files, isHeld, release } = await hold(stores);
  const copies = files.map((file) => ({ file, name: basename(file), part: join(folder, `${basename(file)}.part`) }));
  try {
    for (const { file, part } of copies) {
      await copyPart(file, part);
      await onCopied();
    }
    if (!isHeld()) throw new TransferError('The stores ended, or ended the backup after an hour: nothing was kept');
    for (const { name, part } of copies) await rename(part, join(folder, name));
  } catch (error) {
    for (const { part } of copies) rmSync(part, { force: true });
    throw error;
  } finally {
    await release();
  }
  return copies.map(({ name }) => name);
};
