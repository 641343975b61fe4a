import type { PlaceEventData, PlaceEventKind, placeProblems } from '../../schemas/kernel/limited-places.ts';
import { formatNumber, type Phrase } from '../common/language.ts';
import type { Item, Known, ListView, ThingView } from './context.ts';

/** The refusals of holds and waiting lists, in Korean. */
export const placeRefusals: Readonly<Record<keyof typeof placeProblems, string>> = {
  'hold-not-found': '존재하지 않는 선점입니다',
  'hold-already-exists': '이미 사용 중인 선점 ID입니다',
  'hold-expired': '선점 시간이 지났습니다',
  'hold-ended': '이미 사용했거나 해제한 선점입니다',
  'entry-not-found': '대기 목록에 없습니다',
  'entry-already-exists': '이미 사용 중인 대기 ID입니다',
  'entry-ended': '이미 대기 목록에서 나갔습니다',
  'already-waiting': '이미 대기 중인 고객입니다',
  'places-left': '자리가 남아 있어 대기할 필요가 없습니다',
  'not-offered': '아직 자리가 나지 않았습니다',
  'offer-expired': '제안된 자리의 확보 시간이 지났습니다',
  'too-few-kept': '확보한 자리보다 많습니다',
};

type Words<Prefix extends string> = {
  readonly [Kind in PlaceEventKind as `${Prefix}${Kind}`]: (data: PlaceEventData<Kind>, known: Known) => Phrase;
};

/**
 * Returns the words of the events of holds and waiting lists.
 * @param things a word for some places: `3 spots`, `3면`
 * @param pool the field that names a part of the resource with places of its own
 */
export const placeWords = <Prefix extends string>(
  prefix: Prefix,
  key: string,
  things: (places: string) => Phrase,
  pool = '',
): Words<Prefix> => {
  type Data = { customerId: string; places: number };
  const told =
    (
      en: (who: string, things: string, where: string) => string,
      ko: (who: string, things: string, where: string) => string,
    ) =>
    (data: Data, { name }: Known): Phrase => {
      const { [key]: id, [pool]: part } = data as object as Item;
      const where = part === undefined ? name(String(id)) : `${name(String(id))} ${part}`;
      const counted = things(formatNumber(data.places));
      return { en: en(data.customerId, counted.en, where), ko: ko(data.customerId, counted.ko, where) };
    };
  const words: { readonly [Kind in PlaceEventKind]: (data: Data, known: Known) => Phrase } = {
    Held: told(
      (who, some, where) => `${who} holds ${some} at ${where}`,
      (who, some, where) => `${who} ${where} ${some} 선점`,
    ),
    HoldExpired: told(
      (who, some, where) => `Hold of ${who} on ${some} at ${where} expired`,
      (who, some, where) => `${who} ${where} ${some} 선점 만료`,
    ),
    HoldReleased: told(
      (who, some, where) => `Hold of ${who} on ${some} at ${where} released`,
      (who, some, where) => `${who} ${where} ${some} 선점 해제`,
    ),
    WaitingListJoined: told(
      (who, some, where) => `${who} waits for ${some} at ${where}`,
      (who, some, where) => `${who} ${where} ${some} 대기`,
    ),
    WaitingListLeft: told(
      (who, _some, where) => `${who} left the waiting list at ${where}`,
      (who, _some, where) => `${who} ${where} 대기 취소`,
    ),
    Offered: told(
      (who, some, where) => `${some} at ${where} offered to ${who}`,
      (who, some, where) => `${who}에게 ${where} ${some} 제안`,
    ),
    OfferExpired: told(
      (who, some, where) => `Offer of ${some} at ${where} to ${who} expired`,
      (who, some, where) => `${who} ${where} ${some} 제안 만료`,
    ),
    OfferDeclined: told(
      (who, some, where) => `${who} declined ${some} at ${where}`,
      (who, some, where) => `${who} ${where} ${some} 제안 거절`,
    ),
  };
  return Object.fromEntries(
    Object.entries(words).map(([kind, word]) => [`${prefix}${kind}`, word]),
  ) as object as Words<Prefix>;
};

/**
 * Returns the lists and things of holds and waiting lists.
 * @param path of the resource that has them: `/parking/lots/{lotId}`
 * @param key the field that names it
 * @param release the command that releases a hold, and `leave` the one that leaves the waiting list
 * @param parts the fields that name a part of the resource with places of its own
 */
export const placeViews = (
  path: string,
  key: string,
  { release, leave, parts = [] }: { release: string; leave: string; parts?: readonly string[] },
) => {
  const hold = `${path}/holds/{holdId}`;
  const entry = `${path}/waiting-list/{entryId}`;
  const holds: ListView = {
    title: { en: 'Holds', ko: '선점' },
    columns: ['expiresAt', ...parts, 'customerId', 'places', 'used', 'status', 'holdId'],
    thing: hold,
    sort: '-expiresAt',
  };
  const waitingList: ListView = {
    title: { en: 'Waiting list', ko: '대기 목록' },
    columns: [...parts, 'position', 'customerId', 'places', 'status', 'joinedAt', 'expiresAt', 'entryId'],
    thing: entry,
    sort: 'order',
  };
  const everyWaitingList: ListView = {
    ...waitingList,
    columns: ['joinedAt', key, ...waitingList.columns.filter((column) => column !== 'joinedAt')],
    sort: '-joinedAt',
  };
  const things: Readonly<Record<string, ThingView>> = {
    [hold]: {
      title: { en: 'Hold', ko: '선점' },
      heading: ({ holdId }) => String(holdId),
      fields: ['status', key, ...parts, 'customerId', 'places', 'used', 'heldAt', 'expiresAt', 'endedAt'],
      commands: ({ status }) => (status === 'held' ? [release] : []),
    },
    [entry]: {
      title: { en: 'Waiting list entry', ko: '대기' },
      heading: ({ customerId }) => String(customerId),
      fields: [
        'status',
        'position',
        key,
        ...parts,
        'customerId',
        'places',
        'joinedAt',
        'offeredAt',
        'expiresAt',
        'endedAt',
        'entryId',
      ],
      commands: ({ status }) => (status === 'waiting' || status === 'offered' ? [leave] : []),
    },
  };
  return {
    lists: {
      [`${path}/holds`]: holds,
      [`${path}/waiting-list`]: waitingList,
      [`/${path.split('/')[1]}/waiting-list`]: everyWaitingList,
    },
    things,
    links: { holdId: hold, entryId: entry },
  };
};
