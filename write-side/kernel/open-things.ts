import type { PlaceNames } from '../../schemas/kernel/limited-places.ts';

/** A view of things of customers that end. Its documents have `status`. */
export type OpenThings = {
  view: string;
  /** The field with the customer's id; `customerId` when left out. */
  owner?: string;
  /** The values of `status` of what has not ended. */
  while: readonly string[];
  /** The moment at which it ends without a new status: the field of the document that `by` names in another view. */
  until?: { view: string; by: string; field: string };
  /** The command that ends one, and the fields of its data; left out when only the customer can end it. */
  cancel?: { command: string; fields: readonly string[] };
};

/**
 * Returns the holds and the entries of a waiting list that have not ended. Entries first: they would get what is freed.
 */
export const openPlaces = ({ context, key, names }: PlaceNames): OpenThings[] => [
  {
    view: `${context}.waitingList`,
    while: ['waiting', 'offered'],
    cancel: { command: names.LeaveWaitingList, fields: [key, 'entryId'] },
  },
  { view: `${context}.holds`, while: ['held'], cancel: { command: names.ReleaseHold, fields: [key, 'holdId'] } },
];
