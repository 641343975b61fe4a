import { type TProperties, type TSchema, Type } from 'typebox';
import { MAX_MONEY } from './money.ts';

/** An id: 1-64 of `[A-Za-z0-9_-]`, given by the client or made by the server (UUIDv7). */
export const Id = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', examples: ['lot-1'] });

/** The pattern of {@link Text}. */
export const TEXT_PATTERN = '^[^\\u0000-\\u001f\\u007f]*$';

/**
 * Free text (names, car numbers, locations): any Unicode but control characters, so `10더8612` is an ordinary value. The
 * write side also trims it and refuses blank text; older events may hold blanks.
 */
export const Text = (maxLength: number, example: string) =>
  Type.String({ minLength: 1, maxLength, pattern: TEXT_PATTERN, examples: [example] });

/** Excludes words that Plaza writes itself: given by a caller, they would be taken for its own. */
export const except = <Schema extends TSchema>(schema: Schema, words: readonly string[]): Schema => ({
  ...schema,
  not: { enum: words },
});

/** Money: an integer in the smallest unit of the currency (KRW by default, so 5000 is ₩5,000). */
export const Money = Type.Integer({ minimum: 0, maximum: MAX_MONEY, examples: [5000] });

/** How many things there are. */
export const Count = Type.Integer({ minimum: 0 });

/** A moment: ISO 8601. Clients may send any offset; commands, events and views hold UTC, see {@link utcTime}. */
export const Time = Type.String({ format: 'date-time', examples: ['2026-01-31T09:00:00.000Z'] });

/** A moment in the form of {@link utcTime}. */
export const UtcTime = Type.String({
  format: 'date-time',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$',
  examples: ['2026-01-31T09:00:00.000Z'],
});

/**
 * Returns a moment in UTC with milliseconds: in this form alone the order of text is the order of time.
 * @returns undefined for text that is not a moment, and for a year without four digits
 */
export const utcTime = (text: string): string | undefined => {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return undefined;
  const utc = moment.toISOString();
  return /^\d{4}-/.test(utc) ? utc : undefined;
};

/** The revision of an event, in decimal: its place in its stream, from 0. */
export const RevisionText = Type.String({ pattern: '^\\d{1,20}$', examples: ['3'] });

/** An object schema that refuses unknown properties. */
export const Strict = <Properties extends TProperties>(properties: Properties) =>
  Type.Object(properties, { additionalProperties: false });

/** One of the given lower-case words. */
export const Status = <const Words extends string[]>(...words: Words) =>
  Type.Unsafe<Words[number]>(Type.String({ enum: words }));

/** A calendar day in the time zone of the setting TIME_ZONE (ISO 8601, RFC 3339 full-date). */
export const CalendarDay = Type.String({ format: 'date', examples: ['2030-01-31'] });
