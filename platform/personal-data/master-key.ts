import { createCipheriv, createDecipheriv, createHmac, randomFillSync } from 'node:crypto';
import { machine } from '../machine/machine.ts';

/** A key that wraps others, and its name, which reveals nothing about it. */
export type MasterKey = { id: string; bytes: Buffer };

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

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

const nonces = Buffer.alloc(1024 * NONCE_BYTES);
let used = nonces.length;

/**
 * Returns a random nonce. Many are drawn at once: a draw costs as much as half an encryption. No simulation decides
 * nonces: nothing depends on their value.
 */
const newNonce = (): Buffer => {
  if (used === nonces.length) {
    randomFillSync(nonces);
    used = 0;
  }
  used += NONCE_BYTES;
  return nonces.subarray(used - NONCE_BYTES, used);
};

/**
 * Encrypts with AES-256-GCM (NIST SP 800-38D) under a random nonce.
 * @param about what the text belongs to: it decrypts only with the same words
 * @returns the nonce, the tag and the encrypted text
 */
export const encrypt = (key: Buffer, text: string | Uint8Array, about: string): Buffer => {
  const nonce = newNonce();
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(about));
  const encrypted = typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text);
  cipher.final(); // empty in this mode
  return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
};

/** Decrypts what {@link encrypt} returned. @throws Error for another key, other words or a changed text */
export const decrypt = (key: Buffer, box: Buffer, about: string): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_BYTES));
  decipher.setAAD(Buffer.from(about));
  decipher.setAuthTag(box.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = decipher.update(box.subarray(NONCE_BYTES + TAG_BYTES));
  decipher.final(); // throws for a wrong tag
  return text;
};

/** Returns a new key. */
export const newKey = (): Buffer => machine.randomBytes(KEY_BYTES);
