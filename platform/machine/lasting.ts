import { machine } from './machine.ts';

/** Returns a function that takes whether something is true now, and returns whether it has been for some milliseconds. */
export const lasting = (milliseconds: number): ((isTrue: boolean) => boolean) => {
  let since: number | undefined;
  return (isTrue) => {
    since = isTrue ? (since ?? machine.elapsed()) : undefined;
    return since !== undefined && machine.elapsed() - since >= milliseconds;
  };
};
