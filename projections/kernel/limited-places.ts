import type { ContextSchema } from '../../schemas/kernel/context.ts';
import type { EntryView, HoldView, PlaceNames } from '../../schemas/kernel/limited-places.ts';
import { indexesOf, indexOn } from './indexes.ts';
import type { AnyEvent, Projection } from './projection.ts';

type Data = Readonly<Record<string, unknown>> & { holdId?: string; entryId?: string; places?: number };

type Handlers<View> = Readonly<Record<string, (document: View | null, data: Data, event: AnyEvent) => View>>;

/**
 * Declares the views of a context's holds and waiting lists.
 * @param reserved the event of a reservation
 * @param placesOf returns the places that the reservation takes of the hold or entry that it names; left out: its
 *   `places`, or one
 */
export const limitedPlaces = <Context extends ContextSchema>(
  context: Context,
  { prefix, key }: PlaceNames,
  reserved: keyof Context['events'] & string,
  placesOf: (data: { places?: number; seats?: string[] }) => number = ({ places = 1 }) => places,
): Projection[] => {
  const view = <View extends object>(
    name: string,
    idField: 'holdId' | 'entryId',
    handlers: Handlers<View>,
  ): Projection => ({
    context,
    name,
    version: 2,
    // A customer's open ones are looked up before the customer is erased.
    indexes: [...indexesOf(context, name), indexOn(['customerId', 'status'])],
    events: Object.keys(handlers),
    key: ({ type, data }) => {
      const named = data as Data;
      // A reservation that names both takes the places of the hold: the entry may not exist.
      if (type === reserved && idField === 'entryId' && named.holdId !== undefined) return null;
      return named[idField] === undefined ? null : `${named[key]}.${named[idField]}`;
    },
    evolve: (document, event) => handlers[event.type]!(document as View | null, event.data as Data, event),
  });

  const existing = <View>(document: View | null): View => {
    if (!document) throw new Error('an event for a hold or an entry that was never made');
    return document;
  };
  const ended =
    <View>(status: View extends { status: infer Status } ? Status : never) =>
    (document: View | null, _data: Data, { metadata }: AnyEvent): View => ({
      ...existing(document),
      status,
      endedAt: metadata.time,
    });
  const using =
    <View extends HoldView | EntryView>(status: View['status']) =>
    (document: View | null, data: Data, { metadata }: AnyEvent): View => {
      const before = existing(document);
      const used = before.used + placesOf(data);
      return { ...before, used, ...(used < before.places ? {} : { status, endedAt: metadata.time }) };
    };

  const holds = view<HoldView>(`${context.name}.holds`, 'holdId', {
    [`${prefix}Held`]: (_hold, { expiresAt, ...data }, { metadata }) => ({
      ...(data as object as Pick<HoldView, 'holdId' | 'customerId' | 'places'>),
      used: 0,
      status: 'held',
      heldAt: metadata.time,
      expiresAt: expiresAt as string,
    }),
    [`${prefix}HoldExpired`]: ended('expired'),
    [`${prefix}HoldReleased`]: ended('released'),
    [reserved]: using('used'),
  });

  const waitingList = view<EntryView>(`${context.name}.waitingList`, 'entryId', {
    [`${prefix}WaitingListJoined`]: (_entry, data, { metadata, revision }) => ({
      ...(data as object as Pick<EntryView, 'entryId' | 'customerId' | 'places'>),
      used: 0,
      status: 'waiting',
      order: Number(revision),
      joinedAt: metadata.time,
    }),
    [`${prefix}WaitingListLeft`]: ended('left'),
    [`${prefix}Offered`]: (entry, { expiresAt }, { metadata }) => ({
      ...existing(entry),
      status: 'offered',
      offeredAt: metadata.time,
      expiresAt: expiresAt as string,
    }),
    [`${prefix}OfferExpired`]: ended('expired'),
    [`${prefix}OfferDeclined`]: ended('declined'),
    [reserved]: using('accepted'),
  });

  return [holds, waitingList];
};
