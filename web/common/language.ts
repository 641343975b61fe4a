import { createStore } from './store.ts';

export type Language = 'en' | 'ko';

/** A text in every language of the page. */
export type Phrase = Readonly<Record<Language, string>>;

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
const perLanguage = <Format>(make: (tag: Language) => Format): (() => Format) => {
  const made = new Map<Language, Format>();
  return () => {
    const tag = language.get();
    const known = made.get(tag) ?? make(tag);
    made.set(tag, known);
    return known;
  };
};

const HOURS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

const numbers = perLanguage((tag) => new Intl.NumberFormat(tag));
const won = new Intl.NumberFormat('en', { style: 'currency', currency: 'KRW' });
const percents = perLanguage((tag) => new Intl.NumberFormat(tag, { style: 'percent' }));
const times = perLanguage((tag) => new Intl.DateTimeFormat(tag, { ...HOURS, second: '2-digit' }));
const minutes = perLanguage((tag) => new Intl.DateTimeFormat(tag, HOURS));
const moments = perLanguage((tag) => new Intl.DateTimeFormat(tag, { month: 'short', day: 'numeric', ...HOURS }));
const days = perLanguage(
  (tag) => new Intl.DateTimeFormat(tag, { month: 'short', day: 'numeric', weekday: 'short', timeZone: 'UTC' }), // a calendar day has no time zone
);
const months = perLanguage((tag) => new Intl.DateTimeFormat(tag, { year: 'numeric', month: 'long', timeZone: 'UTC' }));
const weekdays = perLanguage((tag) => new Intl.DateTimeFormat(tag, { weekday: 'short', timeZone: 'UTC' }));

export const formatNumber = (value: number): string => numbers().format(value);
/**
 * Formats an amount as people write it: 5,000원, ₩5,000.
 * @param value in the smallest unit of the currency; for the won, one won
 */
export const formatMoney = (value: number): string => t({ ko: `${formatNumber(value)}원`, en: won.format(value) });
/** @param share from 0 to 1 */
export const formatShare = (share: number): string => percents().format(share);
export const formatTime = (moment: string | number): string => times().format(new Date(moment));
export const formatMinute = (moment: string | number): string => minutes().format(new Date(moment));
export const formatDay = (day: string): string => days().format(new Date(day));
/** Formats the month of a day: `2026년 12월`. */
export const formatMonth = (day: string): string => months().format(new Date(day));
export const formatWeekday = (day: Date): string => weekdays().format(day);

/** Formats a moment: only the time if it is today. */
export const formatMoment = (moment: string): string => {
  const then = new Date(moment);
  return then.toDateString() === new Date().toDateString() ? formatTime(moment) : moments().format(then);
};

/** Formats a moment to the minute: only the time if it is today. */
export const formatStart = (moment: string): string =>
  new Date(moment).toDateString() === new Date().toDateString() ? formatMinute(moment) : formatMoment(moment);

const unit = (value: number, name: 'second' | 'minute' | 'hour' | 'day'): string =>
  new Intl.NumberFormat(language.get(), { style: 'unit', unit: name, unitDisplay: 'short' }).format(value);

/** Formats a duration in its largest unit. */
export const formatDuration = (seconds: number): string => {
  if (seconds < 1) return unit(Math.round(seconds * 10) / 10, 'second');
  if (seconds < 100) return unit(Math.round(seconds), 'second');
  if (seconds < 6000) return unit(Math.round(seconds / 60), 'minute');
  if (seconds < 172_800) return unit(Math.round(seconds / 3600), 'hour');
  return unit(Math.round(seconds / 86_400), 'day');
};
