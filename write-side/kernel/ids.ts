import { hash } from 'node:crypto';

/**
 * A UUID derived from a name: version 8 of RFC 9562 (5.8), the first 122 free bits of its SHA-256.
 * @returns the same UUID for the same name
 */
export const derivedUuid = (name: string): string => {
  const digits = hash('sha256', name);
  const variant = ((Number.parseInt(digits[16] as string, 16) & 0x3) | 0x8).toString(16);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
};

const canonical = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, member]) => [key, canonical(member)]),
      )
    : Array.isArray(value)
      ? value.map(canonical)
      : value;

/**
 * A hash of a command: the same for the same caller, type and data, whatever the order of the properties.
 * @param actor who asks: the same words from somebody else are another command
 */
export const fingerprintOf = (actor: string, command: { type: string; data: object }): string =>
  hash('sha256', JSON.stringify([actor, command.type, canonical(command.data)]), 'base64url').slice(0, 22);
