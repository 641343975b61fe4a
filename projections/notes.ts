import { exhaustMap } from 'rxjs';
import { ticks } from '../platform/machine/ticks.ts';

/**
 * Notes the progress of a job every few milliseconds, one note at a time: a late one would overwrite the outcome.
 * @param note never rejects
 * @returns a function that ends the notes, and waits for the one that is being written
 */
export const noteRegularly = (every: number, note: () => Promise<void>): (() => Promise<void>) => {
  let noting = Promise.resolve();
  const next = () => {
    noting = note();
    return noting;
  };
  const notes = ticks(every).pipe(exhaustMap(next)).subscribe();
  return () => {
    notes.unsubscribe();
    return noting;
  };
};
