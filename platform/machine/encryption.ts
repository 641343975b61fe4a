import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto';

export const NONCE_BYTES = 12;
const TAG_BYTES = 16;

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
 * Encrypts with AES-256-GCM (NIST SP 800-38D).
 * @param about what the text belongs to: it decrypts only with the same words
 * @param nonce a random one when left out; never the same for two texts
 * @returns the nonce, the tag and the encrypted text
 */
export const encrypt = (key: Buffer, text: string | Uint8Array, about: string, nonce = newNonce()): Buffer => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(about));
  const encrypted = typeof text === 'string' ? cipher.update(text, 'utf8') : cipher.update(text);
  cipher.final(); // empty in this mode
  return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
};

/** Decrypts what {@link encrypt} returned. @throws Error for another key, other words, or a changed or shorter text */
export const decrypt = (key: Buffer, box: Buffer, about: string): Buffer => {
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(about));
  decipher.setAuthTag(box.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = decipher.update(box.subarray(NONCE_BYTES + TAG_BYTES));
  decipher.final(); // throws for a wrong tag
  return text;
};
