import { contextOf } from './wiring/context.ts';

/** Every context, in the order in which they are shown. */
const contexts = await Promise.all([
  contextOf({
    schema: import('../schemas/parking.ts'),
    messages: import('../schemas/parking-messages.ts'),
    writeSide: () => import('../write-side/parking/index.ts'),
    projections: () => import('../projections/parking/index.ts'),
    readSide: () => import('../read-api/parking.ts'),
  }),
  contextOf({
    schema: import('../schemas/screening.ts'),
    messages: import('../schemas/screening-messages.ts'),
    writeSide: () => import('../write-side/screening/index.ts'),
    projections: () => import('../projections/screening/index.ts'),
    readSide: () => import('../read-api/screening.ts'),
  }),
  contextOf({
    schema: import('../schemas/food-court.ts'),
    messages: import('../schemas/food-court-messages.ts'),
    writeSide: () => import('../write-side/food-court/index.ts'),
    projections: () => import('../projections/food-court/index.ts'),
    readSide: () => import('../read-api/food-court.ts'),
  }),
  contextOf({
    schema: import('../schemas/cinema.ts'),
    messages: import('../schemas/cinema-messages.ts'),
    writeSide: () => import('../write-side/cinema/index.ts'),
    projections: () => import('../projections/cinema/index.ts'),
    readSide: () => import('../read-api/cinema.ts'),
  }),
  contextOf({
    schema: import('../schemas/bike-rental.ts'),
    messages: import('../schemas/bike-rental-messages.ts'),
    writeSide: () => import('../write-side/bike-rental/index.ts'),
    projections: () => import('../projections/bike-rental/index.ts'),
    readSide: () => import('../read-api/bike-rental.ts'),
  }),
  contextOf({
    schema: import('../schemas/customers.ts'),
    writeSide: () => import('../write-side/customers/index.ts'),
    projections: () => import('../projections/customers/index.ts'),
    readSide: () => import('../read-api/customers.ts'),
  }),
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
