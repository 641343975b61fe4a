import { bikeRental } from './bike-rental/index.ts';
import { cinema } from './cinema/index.ts';
import { foodCourt } from './food-court/index.ts';
import type { WriteSideContext } from './kernel/context.ts';
import { parking } from './parking/index.ts';
import { screening } from './screening/index.ts';

/** Every context's write side. */
export const writeSideContexts: readonly WriteSideContext[] = [parking, screening, foodCourt, cinema, bikeRental];
