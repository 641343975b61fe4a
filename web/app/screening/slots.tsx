import { Stethoscope } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/screening.ts';
import { DAY_MS, dayOf } from '../../common/days.ts';
import { formatDay, formatNumber } from '../../common/language.ts';
import type { Option } from '../../common/select.tsx';
import { comingSessions, placesLeft } from '../../common/sessions.ts';
import { MonthCalendar } from '../calendar.tsx';
import { arranged, useList, useLongList } from '../lists.ts';
import { Choice, Fact, Loaded, RowLink } from '../parts.tsx';
import { say } from '../words.ts';

export type Slot = Static<typeof queries.slot.item>;

const leftOf = (left: number) =>
  left > 0 ? (
    <span class="good">{say(`${formatNumber(left)}자리 남음`, `${formatNumber(left)} left`)}</span>
  ) : (
    <span class="bad">{say('마감', 'Full')}</span>
  );

const sessionsOf = (slot: Slot): string =>
  slot.sessions === undefined
    ? say('시간 지정 없음', 'Any time of the day')
    : comingSessions(slot)
        .map(({ at }) => at)
        .join(' · ');

export const whenOf = ({ date, at }: { date: string; at?: string | undefined }): string =>
  at === undefined ? formatDay(date) : `${formatDay(date)} ${at}`;

/** The day until which a booking can be cancelled or moved. */
export const CancelUntil = ({ day }: { day: string | undefined }) => (
  <Fact label={say('취소·변경', 'Cancel or change')}>
    {day !== undefined && say(`${formatDay(day)}까지`, `until ${formatDay(day)}`)}
  </Fact>
);

export const people = (places: number): string => say(`${places}명`, places === 1 ? '1 person' : `${places} people`);

/** One slot of a list. @param isDated whether the row shows the day */
export const SlotRow = ({ slot, isDated = false }: { slot: Slot; isDated?: boolean }) => (
  <RowLink
    to={`/app/screening/${slot.slotId}`}
    icon={Stethoscope}
    title={slot.hospitalName}
    about={isDated ? formatDay(slot.date) : sessionsOf(slot)}
    aside={leftOf(placesLeft(slot))}
  />
);

/** Reads the open slots of a month. */
const useMonth = (month: string, hospital: string) => {
  const first = new Date(`${month}-01T00:00Z`);
  // A day begins at another moment in each time zone: the range is a day longer on both sides.
  const query = new URLSearchParams({
    status: 'open',
    from: new Date(first.getTime() - DAY_MS).toISOString(),
    to: new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 2)).toISOString(),
    sort: 'date',
    ...(hospital === '' ? {} : { hospitalName: hospital }),
  });
  const { isWhole, ...slots } = useLongList<Slot>(`/screening/slots?${query}`, 15_000);
  return { isWhole, ...arranged(slots, (all) => all.filter(({ date }) => date.startsWith(month))) };
};

/** Reads the names of the hospitals with open slots. */
const useHospitals = (): string[] => {
  const { body } = useList<Slot>('/screening/slots?status=open&sort=date&limit=200', { every: 60_000 });
  return [...new Set(body?.map(({ hospitalName }) => hospitalName))].sort((a, b) => a.localeCompare(b, 'ko'));
};

/** The choice of a hospital, a day and a slot. @param children shows a slot of the chosen day */
export const SlotChoice = ({
  hospital: initial = '',
  children,
}: {
  hospital?: string;
  children: (slot: Slot) => ComponentChildren;
}) => {
  const [hospital, setHospital] = useState(initial);
  const [month, setMonth] = useState(dayOf(new Date()).slice(0, 7));
  const [chosen, setChosen] = useState<string>();
  const hospitals = useHospitals();
  const slots = useMonth(month, hospital);
  const left = new Map<string, number>();
  for (const slot of slots.body ?? []) left.set(slot.date, (left.get(slot.date) ?? 0) + placesLeft(slot));
  const isOfMonth = chosen?.startsWith(month);
  const day = isOfMonth ? chosen : [...left].find(([, places]) => places > 0)?.[0];
  const filter = hospital === '' ? '' : `&hospitalName=${encodeURIComponent(hospital)}`;
  const ofDay = useList<Slot>(
    day === undefined ? undefined : `/screening/slots?status=open&date=${day}&sort=-left&limit=100${filter}`,
  );
  return (
    <>
      {hospitals.length > 1 && (
        <Choice
          label={say('병원', 'Hospital')}
          value={hospital}
          options={[['', say('전체 병원', 'All hospitals')], ...hospitals.map((name): Option => [name, name])]}
          onChoose={setHospital}
        />
      )}
      <MonthCalendar month={month} onMonth={setMonth} day={day} onDay={setChosen} left={left} />
      {!slots.isWhole && (
        <p class="dim">
          {say('병원을 고르면 이 달의 모든 날짜가 보입니다.', 'Choose a hospital to see every day of the month.')}
        </p>
      )}
      {day === undefined ? (
        <Loaded of={slots} rows={1}>
          {() => (
            <p class="dim">{say('이 달에는 예약할 수 있는 날이 없습니다.', 'No day of this month can be booked.')}</p>
          )}
        </Loaded>
      ) : (
        <section>
          <h2>{formatDay(day)}</h2>
          <Loaded of={ofDay}>{(items) => <ul class="rows">{items.map(children)}</ul>}</Loaded>
        </section>
      )}
    </>
  );
};
