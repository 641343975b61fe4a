import type { ComponentChildren } from 'preact';
import type { EntryView } from '../../schemas/kernel/limited-places.ts';
import { Countdown } from '../common/countdown.tsx';
import { readAgain } from '../common/updates.ts';
import { Refused, useCommand } from './command.tsx';
import { useList } from './lists.ts';
import { say } from './words.ts';

/** An entry of a customer in a waiting list. @property at the session of a screening slot */
export type Entry = EntryView & { at?: string };

export const isWaiting = ({ status }: Entry): boolean => status === 'waiting' || status === 'offered';

/** Returns the customer's entries of a resource that still wait or have an offer: one in each of its waiting lists. */
export const useEntries = (context: string, key: string, id: string, customerId: string): Entry[] => {
  const path = `/${context}/waiting-list?customerId=${customerId}&${key}=${id}&sort=-joinedAt&limit=50`;
  return useList<Entry>(path, { every: 3000 }).body?.filter(isWaiting) ?? [];
};

/**
 * The waiting list of a full resource: joins it, shows the position, and the offer with its countdown.
 * @param path of the resource: `/parking/lots/lot-1`
 * @param left the places that are free, too few for the customer
 * @param about what else the entry states: the session
 * @param offered accepts the offer
 */
export const Waiting = ({
  path,
  entry,
  customerId,
  places = 1,
  left = 0,
  about = {},
  offered,
}: {
  path: string;
  entry?: Entry | undefined;
  customerId: string;
  places?: number;
  left?: number;
  about?: object;
  offered?: ComponentChildren;
}) => {
  const { give, isBusy, problem } = useCommand();
  const leave = () => give('DELETE', `${path}/waiting-list/${entry?.entryId}`);
  if (!entry)
    return (
      <section class="card">
        <p>
          {left > 0
            ? say(`지금은 ${left}자리만 남았습니다.`, `Only ${left} ${left === 1 ? 'place is' : 'places are'} free.`)
            : say('자리가 없습니다.', 'Nothing is free.')}{' '}
          {say(
            '대기하면 자리가 나는 대로 순서대로 알려 드립니다.',
            'Join the waiting list, and free places are offered in order.',
          )}
        </p>
        <Refused problem={problem} />
        <button
          type="button"
          class="main"
          disabled={isBusy}
          onClick={() => give('POST', `${path}/waiting-list`, { customerId, places, ...about })}
        >
          {say('대기하기', 'Join the waiting list')}
        </button>
      </section>
    );
  if (entry.status === 'offered' && entry.expiresAt)
    return (
      <section class="card offer" aria-live="polite">
        <h2>{say('자리가 났습니다', 'A place is free for you')}</h2>
        <p>
          {say('남은 시간', 'Time left')} <Countdown until={entry.expiresAt} onEnd={readAgain} />
        </p>
        {offered}
        <Refused problem={problem} />
        <button type="button" disabled={isBusy} onClick={leave}>
          {say('사양하기', 'Decline')}
        </button>
      </section>
    );
  return (
    <section class="card" aria-live="polite">
      <h2>{say('대기 중', 'Waiting')}</h2>
      <p>
        {say('내 순서', 'Your position')} <strong class="big">{entry.position ?? '–'}</strong>
      </p>
      <Refused problem={problem} />
      <button type="button" disabled={isBusy} onClick={leave}>
        {say('대기 취소', 'Leave the waiting list')}
      </button>
    </section>
  );
};
