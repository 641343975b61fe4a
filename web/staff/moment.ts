import { place } from '../common/router.tsx';
import { createStore, useNow, useStore } from '../common/store.ts';

/** @param kept the moment in the address: ISO 8601 */
const momentOf = ({ kept }: { kept: string | null }): string | undefined =>
  kept !== null && Number.isFinite(Date.parse(kept)) ? new Date(kept).toISOString() : undefined;

/** The earlier moment that the whole page shows; undefined for the present. */
export const moment = createStore<string | undefined>(momentOf(place.get()));
place.subscribe((now) => moment.set(momentOf(now)));

/** The progress of the views that are built up to the moment, as a share; undefined when nothing waits for them. */
export const building = createStore<number | undefined>(undefined);

/** Returns the present of what is shown, in milliseconds. */
export const shownNow = (): number => {
  const shown = moment.get();
  return shown === undefined ? Date.now() : Date.parse(shown);
};

/** Follows the present of what is shown, in milliseconds: that of an earlier moment stands still. */
export const useShownNow = (every: number): number => {
  const now = useNow(every);
  const shown = useStore(moment);
  return shown === undefined ? now : Date.parse(shown);
};
