import { bikeRental } from './bike-rental.ts';
import { cinema } from './cinema.ts';
import { foodCourt } from './food-court.ts';
import type { ReadContext } from './kernel/context.ts';
import { parking } from './parking.ts';
import { screening } from './screening.ts';

/** The read side of every context, in the order in which they are shown. */
export const readContexts: readonly ReadContext[] = [parking, screening, foodCourt, cinema, bikeRental];
