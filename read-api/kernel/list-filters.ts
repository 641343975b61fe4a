import type { Document } from 'mongodb';
import type { TObject } from 'typebox';
import { type ReadText, readText } from '../../platform/http/parameters.ts';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import { wrongAt } from '../../platform/http/validation.ts';
import { calendarDay, plusDays, startOfDay } from '../../schemas/kernel/calendar.ts';
import type { QuerySchema, ViewQuery } from '../../schemas/kernel/context.ts';
import { CountFlag, listParameters, Moment, prefixParameter } from '../../schemas/kernel/paging.ts';
import { beginsWith, CLOSED, folded, foldedPath, foldedText, searchedTexts } from '../../schemas/kernel/search.ts';
import { utcTime } from '../../schemas/kernel/values.ts';

const isMoment = readText(Moment);

/** A `+` that was not escaped arrives as a space. No other space can stand before an offset. */
const withPlus = (text: string): string => text.replace(/ (?=\d\d:\d\d$)/, '+');

const NOT_A_MOMENT = { wrong: 'must match format "date-time"' };

/** Digits beyond the milliseconds that every stored time has: the next millisecond is the first one at or after it. */
const BEYOND_MILLISECONDS = /\.\d{3}\d*[1-9]/;

/** Reads a moment with any offset. @returns it in UTC with milliseconds, like every stored time */
export const readMoment: ReadText = (given) => {
  const text = withPlus(given);
  if ('wrong' in isMoment(text)) return NOT_A_MOMENT;
  const utc = utcTime(text);
  if (utc === undefined) return NOT_A_MOMENT;
  return { value: BEYOND_MILLISECONDS.test(text) ? new Date(Date.parse(utc) + 1).toISOString() : utc };
};

/** Compiles the checks of a list's parameters except those of its pages. */
export const listTexts = (query: QuerySchema): [name: string, read: ReadText][] => [
  ...Object.entries(listParameters(query)).map(([name, { schema }]): [string, ReadText] => [
    name,
    schema === Moment ? readMoment : readText(schema),
  ]),
  ['count', readText(CountFlag)],
];

/** Conditions of documents, by field, and the field by which they are ordered when the request names no order. */
type Way = { conditions: Readonly<Record<string, unknown>>; order: string | undefined };

/** The part of a list that a request asks for, besides filters by equality and the page. */
export type Choice = {
  /** The list has the documents of all ways, each of which reads one index. No document belongs to two of them. */
  ways: readonly [Way, ...Way[]];
  isCounted: boolean;
};

/** Returns the first day that begins at a moment or later. */
const firstDayFrom = (moment: string, timeZone: string): string => {
  const day = calendarDay(moment, timeZone);
  return startOfDay(day, timeZone) >= moment ? day : plusDays(day, 1);
};

/**
 * Returns how the values of a field that holds days or moments relate to moments.
 * @param timeZone of calendar days: a day is within a range when its first moment is
 */
export const rangeOf = ({ properties }: TObject, field: string, timeZone: string) => {
  const isDay = (properties[field] as { format?: string }).format === 'date';
  const boundOf = (moment: string) => (isDay ? firstDayFrom(moment, timeZone) : moment);
  return {
    /** Returns the condition for the values from one moment on and before another. */
    bounds: (from: string | undefined, to: string | undefined): Document => ({
      ...(from === undefined ? {} : { $gte: boundOf(from) }),
      ...(to === undefined ? {} : { $lt: boundOf(to) }),
    }),
    /** Returns the first moment of a value. */
    momentOf: (value: string): string => (isDay ? startOfDay(value, timeZone) : value),
  };
};

/** Returns the ways to the documents with a text that begins with a typed one. */
const waysTo = (field: string, typed: string, byWords: boolean): Way[] => {
  const texts = byWords ? searchedTexts(field, 'name') : [foldedText(field)];
  const asked = texts.flatMap(({ name, asked }) => {
    const prefix = asked(typed);
    return prefix === undefined ? [] : [{ path: foldedPath(name), prefix }];
  });
  return asked.map(({ path, prefix }, at) => {
    const others = asked.slice(0, at).map((earlier) => beginsOtherwise(earlier.path, earlier.prefix));
    const conditions = { [path]: beginsWith(prefix), ...(others.length > 0 ? { $and: others } : {}) };
    return { conditions, order: path };
  });
};

/** Returns the condition for the documents without a text that begins with a prefix. */
const beginsOtherwise = (path: string, prefix: string): Document => {
  const { $gte, $lt } = beginsWith(prefix);
  return { $or: [{ [path]: { $lt: $gte } }, { [path]: { $gte: $lt } }, { [path]: { $exists: false } }] };
};

/**
 * Removes the time range, the prefix and the wish for a count from the given parameters.
 * @throws ProblemError 400 for a range that ends before it begins, and for a prefix without a visible character
 */
export const takeChoice = (
  given: Map<string, unknown>,
  { range, prefix, byWords = false, closed, item }: QuerySchema & Pick<ViewQuery, 'byWords'>,
  timeZone: string,
): Choice => {
  const take = (name: string) => {
    const value = given.get(name);
    given.delete(name);
    return value as string | undefined;
  };
  const isCounted = given.get('count') === true;
  given.delete('count');
  const typed = prefix === undefined ? undefined : take(prefixParameter(prefix));
  if (typed !== undefined && folded(typed) === '')
    throw new ProblemError(problems.invalid([wrongAt([prefixParameter(prefix!)], 'must not be blank')]));
  const [from, to] = range === undefined ? [] : [take('from'), take('to')];
  if (from !== undefined && to !== undefined && from > to)
    throw new ProblemError(problems.invalid([wrongAt(['from'], 'must not be after `to`')]));
  const isRanged = from !== undefined || to !== undefined;
  const within = isRanged ? { [range!]: rangeOf(item, range!, timeZone).bounds(from, to) } : {};
  const [first = { conditions: {}, order: isRanged ? range : closed && CLOSED }, ...rest] =
    typed === undefined ? [] : waysTo(prefix!, typed, byWords);
  const narrowed = (way: Way): Way => ({ ...way, conditions: allOf(way.conditions, within) });
  return { ways: [narrowed(first), ...rest.map(narrowed)], isCounted };
};

/** Joins conditions: several of one field apply together. */
export const allOf = (...parts: Readonly<Record<string, unknown>>[]): Document => {
  const joined: Document = {};
  for (const [field, condition] of parts.flatMap((part) => Object.entries(part)))
    joined[field] =
      isOperators(joined[field]) && isOperators(condition) ? { ...joined[field], ...condition } : condition;
  return joined;
};

const isOperators = (condition: unknown): condition is Document => typeof condition === 'object' && condition !== null;
