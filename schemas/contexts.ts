import { bikeRental } from './bike-rental.ts';
import { cinema } from './cinema.ts';
import { foodCourt } from './food-court.ts';
import type { ContextSchema } from './kernel/context.ts';
import { parking } from './parking.ts';
import { screening } from './screening.ts';

/** Every context that Plaza knows, in the order in which they are shown. */
export const contextSchemas: readonly ContextSchema[] = [parking, screening, foodCourt, cinema, bikeRental];
