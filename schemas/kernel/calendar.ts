// Calendar days and moments, over Temporal. The page does not import this file: browsers may not have Temporal.
// Moments are UTC text with milliseconds, so the order of text is the order of time. Days are `2030-01-31`.

const FIRST = '0000-01-01T00:00:00.000Z';
const LAST = '9999-12-31T23:59:59.999Z';

/** Returns a moment as text; the first or last one beyond the years of four digits, whose text sorts by time. */
const textOf = (moment: Temporal.Instant): string => {
  const text = moment.toString({ fractionalSecondDigits: 3 });
  if (text.startsWith('-')) return FIRST;
  return text.startsWith('+') ? LAST : text;
};

/** Returns whether a name is a time zone of the IANA database. Offsets such as `+09:00` are not. */
export const isTimeZone = (name: string): boolean => {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
};

/** Returns the calendar day of a moment in a time zone. */
export const calendarDay = (moment: string, timeZone: string): string =>
  Temporal.Instant.from(moment).toZonedDateTimeISO(timeZone).toPlainDate().toString();

/** Returns the first moment of a day: midnight, or the end of the gap where the clocks skip midnight. */
export const startOfDay = (day: string, timeZone: string): string =>
  textOf(Temporal.PlainDate.from(day).toZonedDateTime(timeZone).toInstant());

/**
 * Returns the moment of a day and a local time, `HH:mm`. Of a time that occurs twice it is the first; a time that the
 * clocks skip counts from before the gap: 02:30 in a gap from 02:00 to 03:00 is 03:30.
 */
export const momentOf = (day: string, time: string, timeZone: string): string =>
  textOf(
    Temporal.PlainDate.from(day)
      .toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) })
      .toInstant(),
  );

/** Returns the moment that is an exact duration after another one; negative numbers go back. */
export const plus = (
  moment: string,
  duration: { hours?: number; minutes?: number; seconds?: number; milliseconds?: number },
): string => textOf(Temporal.Instant.from(moment).add(duration));

/**
 * Returns the day that is some days after another one, at most the last of the year 9999; a negative number goes back.
 */
export const plusDays = (day: string, days: number): string => {
  const text = Temporal.PlainDate.from(day).add({ days }).toString();
  return text.startsWith('+') ? LAST.slice(0, day.length) : text;
};
