import type { Language, Phrase } from '../../schemas/kernel/messages.ts';
import { createStore } from './store.ts';

export type { Language, Phrase };

const KEPT_AS = 'plaza.language';

const preferred = (): Language => {
  const kept = localStorage.getItem(KEPT_AS);
  if (kept === 'en' || kept === 'ko') return kept;
  for (const tag of navigator.languages) {
    const [name] = tag.split('-');
    if (name === 'en' || name === 'ko') return name;
  }
  return 'en';
};

/** The browser's language, or the one that the user chose. */
export const language = createStore<Language>(preferred());

// Every open tab follows the choice of one.
globalThis.addEventListener?.('storage', ({ key }) => {
  if (key === KEPT_AS) language.set(preferred());
});

export const chooseLanguage = (chosen: Language): void => {
  localStorage.setItem(KEPT_AS, chosen);
  language.set(chosen);
};

/** The phrase in the page's language. */
export const t = (phrase: Phrase): string => phrase[language.get()];

/** A text that is the same in every language: a name, a number. */
export const same = (text: string): Phrase => ({ en: text, ko: text });

/** Formats are expensive to create: each is created once per language. */
const perLanguage = <Value>(make: (tag: Language) => { format(value: Value): string }): ((value: Value) => string) => {
  const made = new Map<Language, { format(value: Value): string }>();
  return (value) => {
    const tag = language.get();
    const known = made.get(tag) ?? make(tag);
    made.set(tag, known);
    return known.format(value);
  };
};

const numbers = (options?: Intl.NumberFormatOptions) =>
  perLanguage<number>((tag) => new Intl.NumberFormat(tag, options));

const dates = (options: Intl.DateTimeFormatOptions) => {
  const format = perLanguage<Date>((tag) => new Intl.DateTimeFormat(tag, options));
  return (moment: string | number | Date): string => format(new Date(moment));
};

const HOURS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const won = new Intl.NumberFormat('en', { style: 'currency', currency: 'KRW' });

export const formatNumber = numbers();
/**
 * Formats an amount as people write it: 5,000원, ₩5,000.
 * @param value in the smallest unit of the currency; for the won, one won
 */
export const formatMoney = (value: number): string => t({ ko: `${formatNumber(value)}원`, en: won.format(value) });
/** Formats a share from 0 to 1. */
export const formatShare = numbers({ style: 'percent' });
export const formatTime = dates({ ...HOURS, second: '2-digit' });
export const formatMinute = dates(HOURS);
const formatLater = dates({ month: 'short', day: 'numeric', ...HOURS });
// A calendar day has no time zone.
export const formatDay = dates({ month: 'short', day: 'numeric', weekday: 'short', timeZone: 'UTC' });
/** Formats the month of a day: `2026년 12월`. */
export const formatMonth = dates({ year: 'numeric', month: 'long', timeZone: 'UTC' });
export const formatWeekday = dates({ weekday: 'short', timeZone: 'UTC' });

const isToday = (moment: string): boolean => new Date(moment).toDateString() === new Date().toDateString();

/** Formats a moment: only the time if it is today. */
export const formatMoment = (moment: string): string => (isToday(moment) ? formatTime(moment) : formatLater(moment));

/** Formats a moment to the minute: only the time if it is today. */
export const formatStart = (moment: string): string => (isToday(moment) ? formatMinute(moment) : formatLater(moment));

const unit = (name: 'second' | 'minute' | 'hour' | 'day') =>
  numbers({ style: 'unit', unit: name, unitDisplay: 'short' });
const [seconds, minutes, hours, days] = [unit('second'), unit('minute'), unit('hour'), unit('day')];

/** Formats a duration in its largest unit. @param duration in seconds */
export const formatDuration = (duration: number): string => {
  if (duration < 1) return seconds(Math.round(duration * 10) / 10);
  if (duration < 100) return seconds(Math.round(duration));
  if (duration < 6000) return minutes(Math.round(duration / 60));
  if (duration < 172_800) return hours(Math.round(duration / 3600));
  return days(Math.round(duration / 86_400));
};
