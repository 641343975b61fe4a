import { contextOf } from './wiring/context.ts';

/** Every context, one line each, in the order in which they are shown. */
const contexts = await Promise.all([
  contextOf('parking'),
  contextOf('screening'),
  contextOf('food-court'),
  contextOf('cinema'),
  contextOf('bike-rental'),
  contextOf('customers'),
]);

export const contextSchemas = contexts.map(({ schema }) => schema);

export const messagingContexts = contexts.flatMap(({ schema, messages }) => (messages ? [{ schema, messages }] : []));

const chosen = (enabled: readonly string[]) => contexts.filter(({ schema }) => enabled.includes(schema.name));

export const writeSidesOf = (enabled: readonly string[]) =>
  Promise.all(chosen(enabled).map(({ writeSide }) => writeSide()));

export const readSidesOf = (enabled: readonly string[]) =>
  Promise.all(chosen(enabled).map(({ readSide }) => readSide()));

/** Loads the projections of some contexts. @param timeZone of calendar days and of the times in texts (IANA name) */
export const projectionsOf = async (enabled: readonly string[], timeZone: string) =>
  (
    await Promise.all(chosen(enabled).map(({ projections }) => projections({ messaging: messagingContexts, timeZone })))
  ).flat();
