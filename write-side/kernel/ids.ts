import { createHmac, hash } from 'node:crypto';

/**
 * Derives a UUID from a name: version 8 of RFC 9562 (5.8), with the first 122 bits of the name's SHA-256. The same name
 * always gives the same UUID.
 */
export const derivedUuid = (name: string): string => {
  const digits = hash('sha256', name);
  const variant = ((Number.parseInt(digits[16] as string, 16) & 0x3) | 0x8).toString(16);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
};

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([key, member]) => [key, canonical(member)]));
};

/**
 * Returns a hash of a command: equal for the same caller, type and data, in any order of the properties.
 * @param actor the caller: the same data from another caller is a different command
 * @param secret keys the hash, so that nobody finds personal data by trying all car numbers
 */
export const fingerprintOf = (actor: string, command: { type: string; data: object }, secret?: Buffer): string => {
  const text = JSON.stringify([actor, command.type, canonical(command.data)]);
  const digest = secret
    ? createHmac('sha256', secret).update(text).digest('base64url')
    : hash('sha256', text, 'base64url');
  return digest.slice(0, 22);
};
