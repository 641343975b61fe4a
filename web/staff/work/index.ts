import type { ComponentType } from 'preact';
import type { WorkProps } from './props.ts';

/** The work pages by the template of a resource or a list. Each is loaded with its first use. */
export const work: Readonly<Record<string, () => Promise<ComponentType<WorkProps>>>> = {
  '/parking/lots/{lotId}': async () => (await import('./spot-grid.tsx')).SpotGrid,
  '/food-court/shops/{shopId}': async () => (await import('./kitchen.tsx')).Kitchen,
  '/cinema/showings/{showingId}': async () => (await import('./seat-map.tsx')).SeatMap,
  '/screening/slots': async () => (await import('./calendar.tsx')).Calendar,
  '/bike-rental/bikes': async () => (await import('./stations.tsx')).Stations,
};
