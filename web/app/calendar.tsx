import { ChevronLeft, ChevronRight, type IconNode } from 'lucide';
import { DAY_MS, dayOf } from '../common/days.ts';
import { Icon } from '../common/icon.tsx';
import { formatDay, formatMonth, formatNumber, formatWeekday } from '../common/language.ts';
import { say } from './words.ts';

/** Returns the month that is some months after a month: `2026-12`. */
const monthAfter = (month: string, months: number): string =>
  dayOf(new Date(Number(month.slice(0, 4)), Number(month.slice(5)) - 1 + months, 1)).slice(0, 7);

/** Returns six weeks from Sunday to Saturday with the days of a month; undefined for a day of another month. */
const weeksOf = (month: string): (string | undefined)[][] => {
  const first = new Date(`${month}-01T00:00Z`);
  const dayAt = (at: number) => {
    const day = new Date(first.getTime() + (at - first.getUTCDay()) * DAY_MS).toISOString().slice(0, 10);
    return day.startsWith(month) ? day : undefined;
  };
  return Array.from({ length: 6 }, (_, week) => Array.from({ length: 7 }, (_, at) => dayAt(week * 7 + at)));
};

/** A Sunday, from which the names of the weekdays are counted. */
const SUNDAY = Date.UTC(2026, 10, 1);

/**
 * A month with the places that are left on each day.
 * @param left the places of the days that can be chosen: 0 on a day that is full
 */
export const MonthCalendar = ({
  month,
  onMonth,
  day,
  onDay,
  left,
}: {
  month: string;
  onMonth(month: string): void;
  day: string | undefined;
  onDay(day: string): void;
  left: ReadonlyMap<string, number>;
}) => {
  const today = dayOf(new Date());
  const title = formatMonth(`${month}-01`);
  const weeks = weeksOf(month).filter((week) => week.some((one) => one !== undefined && one >= today));
  const turn = (months: number, words: string, icon: IconNode) => (
    <button
      type="button"
      class="quiet"
      aria-label={words}
      disabled={months < 0 && month <= today.slice(0, 7)}
      onClick={() => onMonth(monthAfter(month, months))}
    >
      <Icon of={icon} />
    </button>
  );
  return (
    <div class="card calendar">
      <div class="turn">
        {turn(-1, say('이전 달', 'Previous month'), ChevronLeft)}
        <h2 aria-live="polite">{title}</h2>
        {turn(1, say('다음 달', 'Next month'), ChevronRight)}
      </div>
      <table>
        <caption class="unseen">{say(`${title} 남은 자리`, `Places left in ${title}`)}</caption>
        <thead>
          <tr>
            {Array.from({ length: 7 }, (_, at) => (
              <th key={at} scope="col">
                {formatWeekday(new Date(SUNDAY + at * DAY_MS))}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {weeks.map((week, at) => (
            <tr key={at}>
              {week.map((one, weekday) => {
                if (one === undefined) return <td key={weekday} />;
                const places = left.get(one);
                const number = Number(one.slice(8));
                if (places === undefined)
                  return (
                    <td key={weekday}>
                      <span class="day dim">{number}</span>
                    </td>
                  );
                const words = places === 0 ? say('마감', 'full') : say(`${formatNumber(places)}자리`, `${places} left`);
                return (
                  <td key={weekday}>
                    <button
                      type="button"
                      class="day"
                      aria-pressed={one === day}
                      aria-current={one === today ? 'date' : undefined}
                      aria-label={`${formatDay(one)} ${words}`}
                      onClick={() => onDay(one)}
                    >
                      {number}
                      <small class={places === 0 ? 'bad' : 'good'}>{places === 0 ? words : formatNumber(places)}</small>
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
