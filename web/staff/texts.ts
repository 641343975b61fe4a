import {
  formatDay,
  formatMoment,
  formatMoney,
  formatNumber,
  formatShare,
  formatStart,
  type Phrase,
  t,
} from '../common/language.ts';
import type { Item } from './context.ts';
import { type Kind, kindOf, reasonOf, statusOf } from './fields.ts';

/** How the values of each kind are formatted; those of the others are texts. */
const formats: Readonly<Partial<Record<Kind, (value: never) => string>>> = {
  number: formatNumber,
  money: formatMoney,
  percent: (percent: number) => formatShare(percent / 100),
  time: formatMoment,
  start: formatStart,
  status: (status: string) => t(statusOf(status)),
  reason: (reason: string) => t(reasonOf(reason)),
};

/** A day, or the time of a session: fields of several kinds can have them. */
export const isDay = (value: unknown): value is string => /^\d{4}-\d\d-\d\d$/.test(String(value));
export const isTimeOfDay = (value: unknown): value is string => /^\d\d:\d\d$/.test(String(value));

/** Formats the value of a field as a text. */
export const textOf = (field: string, value: unknown): string => {
  if (isDay(value)) return formatDay(value);
  const format = isTimeOfDay(value) ? undefined : formats[kindOf(field)];
  return format ? format(value as never) : String(value);
};

/**
 * Returns a phrase in the page's language, with the values of an item in the place of its `{field}`s.
 * @param nameOf returns the text of a field that its value alone does not say
 */
export const filled = (phrase: Phrase, item: Item, nameOf: (field: string) => string | undefined = () => undefined) =>
  t(phrase).replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = item[field];
    return nameOf(field) ?? (value === undefined ? '' : textOf(field, value));
  });
