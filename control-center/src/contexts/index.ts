import type { ContextView } from '../context.ts';
import { bikeRental } from './bike-rental.ts';
import { cinema } from './cinema.ts';
import { foodCourt } from './food-court.ts';
import { parking } from './parking.ts';
import { screening } from './screening.ts';

/** Every context that the page can show, in order. */
export const contextViews: readonly ContextView[] = [parking, screening, foodCourt, cinema, bikeRental];

export const viewOf = (name: string): ContextView | undefined => contextViews.find((view) => view.name === name);
