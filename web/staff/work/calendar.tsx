import { useState } from 'preact/hooks';
import type { Static } from 'typebox';
import type { queries } from '../../../schemas/screening.ts';
import type { Page } from '../../common/api.ts';
import { DAY_MS, dayOf } from '../../common/days.ts';
import { formatDay, formatNumber, t } from '../../common/language.ts';
import { Link, VIEW } from '../../common/router.tsx';
import { Scroll } from '../../common/scroll.tsx';
import { placesLeft } from '../../common/sessions.ts';
import { fill } from '../../common/templates.ts';
import { useShownNow } from '../moment.ts';
import { useResource } from '../resource.ts';
import type { WorkProps } from './props.ts';

type Slot = Static<typeof queries.slot.item>;

const DAYS = 7;
const LIMIT = 200;

/** Returns the calendar day of this browser, some days from today. */
const dayAt = (ahead: number): string => dayOf(new Date(Date.now() + ahead * DAY_MS));

/** Returns the moment at which a day begins in this browser. */
const startOf = (day: string): string => new Date(`${day}T00:00`).toISOString();

/** Returns the tone and the words of a slot: one whose last session has begun is over. */
const stateOf = (slot: Slot, now: number): { tone?: string; words: string } => {
  const left = placesLeft(slot, now);
  const { capacity } = slot;
  if (left === 0 && slot.left > 0) return { words: t({ en: 'over', ko: '종료' }) };
  if (left === 0) return { tone: 'full', words: t({ en: 'full', ko: '마감' }) };
  return {
    tone: left <= capacity * 0.25 ? 'few' : 'left',
    words: t({
      en: `${formatNumber(left)} of ${formatNumber(capacity)}`,
      ko: `${formatNumber(left)}/${formatNumber(capacity)}`,
    }),
  };
};

/** A week of open slots: hospitals by days, with the places that are left. */
export const Calendar = ({ view }: WorkProps) => {
  const [week, setWeek] = useState(0);
  const now = useShownNow(60_000);
  const days = Array.from({ length: DAYS }, (_, at) => dayAt(week * DAYS + at));
  const query = new URLSearchParams({
    status: 'open',
    from: startOf(days[0]!),
    to: startOf(dayAt((week + 1) * DAYS)),
    sort: 'date',
    limit: String(LIMIT),
  });
  const isOurs = ({ context }: { context: string }) => context === view.name;
  const { body: first } = useResource<Page<Slot>>(`/screening/slots?${query}`, isOurs);
  const { body: second } = useResource<Page<Slot>>(
    first?.next === undefined ? undefined : `/screening/slots?${query}&cursor=${encodeURIComponent(first.next)}`,
    isOurs,
  );
  if (!first) return null;
  const hospitals = Map.groupBy(
    [...first.items, ...(second?.items ?? [])],
    ({ hospitalId, hospitalName }) => hospitalId ?? hospitalName,
  );
  const rows = [...hospitals.values()].sort((one, other) =>
    one[0]!.hospitalName.localeCompare(other[0]!.hospitalName, 'ko'),
  );
  return (
    <section class="list" aria-labelledby="calendar">
      <header>
        <h2 id="calendar">{t({ en: 'Places left', ko: '남은 자리' })}</h2>
        <span class="commands">
          <button type="button" disabled={week === 0} onClick={() => setWeek(week - 1)}>
            {t({ en: 'Previous week', ko: '이전 주' })}
          </button>
          <button type="button" onClick={() => setWeek(week + 1)}>
            {t({ en: 'Next week', ko: '다음 주' })}
          </button>
        </span>
      </header>
      {rows.length === 0 ? (
        <p class="dim">{t({ en: 'No slot is open in this week.', ko: '이 주에 열린 일정이 없습니다.' })}</p>
      ) : (
        <Scroll>
          <table class="calendar">
            <thead>
              <tr>
                <th scope="col">{t({ en: 'Hospital', ko: '병원' })}</th>
                {days.map((day) => (
                  <th key={day} scope="col">
                    <time dateTime={day}>{formatDay(day)}</time>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((slots) => (
                <tr key={slots[0]!.slotId}>
                  <th scope="row">
                    <bdi>{slots[0]!.hospitalName}</bdi>
                  </th>
                  {days.map((day) => {
                    const slot = slots.find(({ date }) => date === day);
                    if (!slot) return <td key={day} />;
                    const { tone, words } = stateOf(slot, now);
                    return (
                      <td key={day} class={tone}>
                        <Link to={VIEW + fill('/screening/slots/{slotId}', slot)!}>
                          {words}
                          <span class="unseen">
                            {' '}
                            {slot.hospitalName} {formatDay(day)}
                          </span>
                        </Link>
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {second?.next !== undefined && (
        <p class="dim">
          {t({
            en: `The first ${LIMIT * 2} slots of the week are shown.`,
            ko: `이 주의 처음 ${LIMIT * 2}개 일정만 표시됩니다.`,
          })}
        </p>
      )}
    </section>
  );
};
