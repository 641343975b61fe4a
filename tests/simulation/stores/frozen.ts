import { Binary } from 'mongodb';

/**
 * Copies a value as the wire would carry it: without undefined fields. The copy is frozen, so that processes and stores
 * can share it as if each had its own.
 */
export const frozen = <Value>(value: Value): Value => {
  if (typeof value !== 'object' || value === null || value instanceof Binary) return value;
  if (value instanceof Date) return Object.freeze(new Date(value)) as Value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozen)) as Value;
  const result: Record<string, unknown> = {};
  for (const name in value) {
    const field = value[name];
    if (field !== undefined) result[name] = frozen(field);
  }
  return Object.freeze(result) as Value;
};
