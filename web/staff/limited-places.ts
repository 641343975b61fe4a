import type { PlaceEventKind, placeProblems } from '../../schemas/kernel/limited-places.ts';
import type { Phrase } from '../common/language.ts';
import type { CommandWords, ListView, ThingView } from './context.ts';

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

/** The words of each kind of event: `{some}` places at `{where}`. */
const words: Readonly<Record<PlaceEventKind, Phrase>> = {
  Held: { en: '{customerId} holds {some} at {where}', ko: '{customerId} {where} {some} 선점' },
  HoldExpired: { en: 'Hold of {customerId} on {some} at {where} expired', ko: '{customerId} {where} {some} 선점 만료' },
  HoldReleased: {
    en: 'Hold of {customerId} on {some} at {where} released',
    ko: '{customerId} {where} {some} 선점 해제',
  },
  WaitingListJoined: { en: '{customerId} waits for {some} at {where}', ko: '{customerId} {where} {some} 대기' },
  WaitingListLeft: { en: '{customerId} left the waiting list at {where}', ko: '{customerId} {where} 대기 취소' },
  Offered: { en: '{some} at {where} offered to {customerId}', ko: '{customerId}에게 {where} {some} 제안' },
  OfferExpired: {
    en: 'Offer of {some} at {where} to {customerId} expired',
    ko: '{customerId} {where} {some} 제안 만료',
  },
  OfferDeclined: { en: '{customerId} declined {some} at {where}', ko: '{customerId} {where} {some} 제안 거절' },
};

/** The kinds of events that change how many are left by a number that they do not say. */
const CHANGES = ['Held', 'HoldExpired', 'HoldReleased', 'Offered', 'OfferExpired', 'OfferDeclined'] as const;

type Data = { places: number; [field: string]: unknown };

/**
 * Returns the parts of a context's view that are about holds and waiting lists.
 * @param prefix of the names of their events and commands: `Spot`
 * @param path of the resource that has them: `/parking/lots/{lotId}`
 * @param key the field that names it
 * @param things a word for some places: `a spot`, `3면`
 * @param part the field that names a part of the resource with places of its own
 */
export const limitedPlaces = <const Prefix extends string>({
  prefix,
  path,
  key,
  things,
  part = '',
}: {
  prefix: Prefix;
  path: string;
  key: string;
  things(places: number): Phrase;
  part?: string;
}) => {
  const parts = part === '' ? [] : [part];
  const release = `Release${prefix}Hold` as const;
  const leave = `Leave${prefix}WaitingList` as const;
  const wordsOf =
    ({ en, ko }: Phrase) =>
    (data: Data): Phrase => {
      const some = things(data.places);
      const where = data[part] === undefined ? `{${key}}` : `{${key}} {${part}}`;
      return {
        en: en.replace('{some}', some.en).replace('{where}', where),
        ko: ko.replace('{some}', some.ko).replace('{where}', where),
      };
    };
  const named = <Kind extends string, Value>(kinds: readonly Kind[], make: (kind: Kind) => Value) =>
    Object.fromEntries(kinds.map((kind) => [`${prefix}${kind}`, make(kind)])) as Record<`${Prefix}${Kind}`, Value>;
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
  const resources: Readonly<Record<string, ThingView>> = {
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
  const commands = {
    [release]: { en: 'Release', ko: '선점 해제', danger: true },
    [`Join${prefix}WaitingList`]: { en: 'Join the waiting list', ko: '대기 신청' },
    [leave]: { en: 'Leave the waiting list', ko: '대기 취소', danger: true },
  } as Record<`Release${Prefix}Hold` | `${'Join' | 'Leave'}${Prefix}WaitingList`, CommandWords>;
  return {
    lists: {
      [`${path}/holds`]: holds,
      [`${path}/waiting-list`]: waitingList,
      [`/${path.split('/')[1]}/waiting-list`]: everyWaitingList,
    },
    things: resources,
    below: [`${path}/waiting-list`, `${path}/holds`],
    commands,
    about: [hold, entry],
    words: named(Object.keys(words) as PlaceEventKind[], (kind) => wordsOf(words[kind])),
    changes: named(CHANGES, () => null),
  };
};
