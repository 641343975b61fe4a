/**
 * Compares the revision of an event with the one that a record follows.
 * @param revision decimal
 * @param recorded decimal; undefined in a record of an event version that did not have it
 * @returns undefined when that is not known
 */
export const isLater = (revision: string | undefined, recorded: string | undefined): boolean | undefined =>
  revision === undefined || recorded === undefined ? undefined : BigInt(revision) > BigInt(recorded);
