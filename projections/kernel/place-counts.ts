import type { PlaceEventKind, PlaceNames } from '../../schemas/kernel/limited-places.ts';

/** Changes of the places that holds and offers keep, and of the entries that wait without an offer. */
export type PlaceChanges = { onHold?: number; waiting?: number };

type PlaceData = { at?: string; places: number };

const keeping = (places: number): PlaceChanges => ({ onHold: places });
const freeing = (places: number): PlaceChanges => ({ onHold: -places });

const changes: Readonly<Record<PlaceEventKind, (places: number) => PlaceChanges>> = {
  Held: keeping,
  HoldExpired: freeing,
  HoldReleased: freeing,
  WaitingListJoined: () => ({ waiting: 1 }),
  WaitingListLeft: () => ({ waiting: -1 }),
  Offered: (places) => ({ onHold: places, waiting: -1 }),
  OfferExpired: freeing,
  OfferDeclined: freeing,
};

/** Returns the handlers of the events of holds and waiting lists, for a view that counts them. */
export const placeCounts = <Prefix extends string, Key extends string, View>(
  { prefix }: PlaceNames<Prefix, Key>,
  add: (view: View, data: PlaceData & Record<Key, string>, changes: PlaceChanges) => View,
) =>
  Object.fromEntries(
    Object.entries(changes).map(([kind, changesOf]) => [
      `${prefix}${kind}`,
      (view: View, data: PlaceData & Record<Key, string>) => add(view, data, changesOf(data.places)),
    ]),
  ) as {
    readonly [Kind in PlaceEventKind as `${Prefix}${Kind}`]: (
      view: View,
      data: PlaceData & Record<Key, string>,
    ) => View;
  };

/** Returns what a reservation takes of the places on hold: those of the hold or the offer that it names. */
export const takenOfHold = ({ holdId, entryId }: { holdId?: string; entryId?: string }, places: number): number =>
  holdId === undefined && entryId === undefined ? 0 : places;
