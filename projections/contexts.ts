import { bikeRentalProjections } from './bike-rental/index.ts';
import { cinemaProjections } from './cinema/index.ts';
import { foodCourtProjections } from './food-court/index.ts';
import type { Projection } from './kernel/projection.ts';
import { parkingProjections } from './parking/index.ts';
import { screeningProjections } from './screening/index.ts';

/** The projections of every context. */
export const projectionsOf: Readonly<Record<string, readonly Projection[]>> = {
  parking: parkingProjections,
  screening: screeningProjections,
  'food-court': foodCourtProjections,
  cinema: cinemaProjections,
  'bike-rental': bikeRentalProjections,
};

/**
 * The projections of some contexts.
 * @throws Error for a name that is no context
 */
export const projectionsIn = (contexts: readonly string[]): Projection[] =>
  contexts.flatMap((context) => {
    if (!Object.hasOwn(projectionsOf, context)) throw new Error(`There is no context ${context}`);
    return projectionsOf[context]!;
  });
