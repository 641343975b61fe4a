import type { EventSchema } from './context.ts';

/** A stored event whose version this code does not know: written by a newer Plaza. */
export class UnknownEventVersionError extends Error {
  override readonly name = 'UnknownEventVersionError';
}

/** A stored event of another program in one of Plaza's streams. */
export class ForeignEventError extends Error {
  override readonly name = 'ForeignEventError';
}

/**
 * Brings stored event data to the version that today's code knows.
 * @param events the schemas of the event's context
 * @param type the stored event type
 * @param version the schema version in the event's metadata
 * @returns the data in the current version; null when the type is not one of `events`
 * @throws UnknownEventVersionError when the version is above the current one, or has no upcaster
 */
export const upcast = (
  events: Readonly<Record<string, EventSchema>>,
  type: string,
  version: number,
  data: unknown,
): unknown => {
  const schema = Object.hasOwn(events, type) ? events[type] : undefined;
  if (!schema) return null;
  let current = data;
  for (let from = version; from !== schema.version; from++) {
    const upcaster = from < schema.version ? schema.upcasters[from] : undefined;
    if (!upcaster)
      throw new UnknownEventVersionError(`${type} version ${version} is stored, this Plaza knows ${schema.version}`);
    current = upcaster(current as never);
  }
  return current;
};
