import type { PlaceEventKind, PlaceNames } from './limited-places.ts';
import { idLine, line, type MessageEffect, type MessageFacts, message, momentText, type Phrase } from './messages.ts';

const entryNumber: Phrase = { ko: '대기 번호', en: 'Waiting list entry' };
const holdNumber: Phrase = { ko: '선점 번호', en: 'Hold' };

/** The kinds of events that make messages. The others answer what the customer does. */
type Kind = Exclude<PlaceEventKind, 'Held' | 'WaitingListJoined'>;

type Data = {
  customerId: string;
  places: number;
  holdId?: string;
  entryId?: string;
  expiresAt?: string;
  reason?: 'closed';
};

type Subject = 'offered' | 'offerExpired' | 'holdExpired' | 'entryClosed' | 'holdClosed';

/**
 * Returns the messages of holds and waiting lists: of an offer, of an expired offer or hold, and of an entry or hold
 * that ended because the resource closed. A customer who leaves, declines or releases gets none.
 * @param subjects the first lines of the messages
 * @param details returns the lines that name the resource and the places
 * @param by the label of an offer's deadline
 */
export const placeMessages = <Prefix extends string, Key extends string, Details extends object>(
  { prefix, key }: PlaceNames<Prefix, Key>,
  {
    subjects,
    details,
    by,
  }: {
    subjects: Readonly<Record<Subject, Phrase>>;
    details: (data: Details, facts: MessageFacts) => readonly (Phrase | undefined)[];
    by: Phrase;
  },
) => {
  const about =
    (kind: 'offered' | 'expired' | 'closed', subject: Subject) =>
    (data: Data & Details, facts: MessageFacts): MessageEffect => {
      const { customerId, holdId, entryId, expiresAt } = data;
      const id = (data as object as Record<Key, string>)[key];
      return {
        customerId,
        about: { [key]: id, ...(holdId === undefined ? { entryId: entryId! } : { holdId }) },
        message: message(
          kind,
          subjects[subject],
          ...details(data, facts),
          line(by, expiresAt && momentText(expiresAt, facts.timeZone)),
          idLine(entryNumber, entryId),
          idLine(holdNumber, holdId),
        ),
      };
    };
  const ifClosed = (effect: ReturnType<typeof about>) => (data: Data & Details, facts: MessageFacts) =>
    data.reason === 'closed' ? effect(data, facts) : undefined;
  const on: Readonly<Record<Kind, (data: Data & Details, facts: MessageFacts) => MessageEffect | undefined>> = {
    Offered: about('offered', 'offered'),
    OfferExpired: about('expired', 'offerExpired'),
    HoldExpired: about('expired', 'holdExpired'),
    WaitingListLeft: ifClosed(about('closed', 'entryClosed')),
    OfferDeclined: ifClosed(about('closed', 'entryClosed')),
    HoldReleased: ifClosed(about('closed', 'holdClosed')),
  };
  return Object.fromEntries(Object.entries(on).map(([kind, effect]) => [`${prefix}${kind}`, effect])) as {
    readonly [K in Kind as `${Prefix}${K}`]: (typeof on)[K];
  };
};
