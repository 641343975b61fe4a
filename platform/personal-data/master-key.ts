import { createHmac } from 'node:crypto';
import { machine } from '../machine/machine.ts';

/** A key that wraps others, and its name, which reveals nothing about it. */
export type MasterKey = { id: string; bytes: Buffer };

const KEY_BYTES = 32;

export const KEY_NAME_LENGTH = 8;

/** Returns a short name of a key: the same for the same key, and useless without it. */
export const nameOfKey = (bytes: Buffer): string =>
  createHmac('sha256', bytes).update('plaza key name').digest('base64url').slice(0, KEY_NAME_LENGTH);

/**
 * Reads the setting PERSONAL_KEY: keys of 32 bytes in base64, separated by commas. The first one wraps; the others,
 * from before a rotation, only unwrap.
 * @throws Error that says what the value must be
 */
export const parseMasterKeys = (text: string): readonly MasterKey[] =>
  text === ''
    ? []
    : text.split(',').map((part) => {
        const bytes = Buffer.from(part.trim(), 'base64');
        if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== part.trim())
          throw new Error(
            'must be 32 bytes in base64 (openssl rand -base64 32); a second key, after a comma, is the one before',
          );
        return { id: nameOfKey(bytes), bytes };
      });

/** Returns a new key. */
export const newKey = (): Buffer => machine.randomBytes(KEY_BYTES);
