import type { IncomingHttpHeaders } from 'node:http';
import { utcTime } from '../../schemas/kernel/values.ts';
import { ProblemError, problems } from './problem.ts';

/** An earlier moment as a request names it: a position of the log, or a time in UTC with milliseconds. */
export type AskedMoment = { position: bigint } | { time: string };

/** The headers that ask for an earlier moment. */
const AS_OF = 'as-of';
const ACCEPT_DATETIME = 'accept-datetime';

const MAX_POSITION = 2n ** 64n - 1n;

/** A date and a time with an offset, as RFC 3339 and ISO 8601 have it. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

/** IMF-fixdate of RFC 9110 5.6.7: `Sat, 31 Jan 2026 09:00:00 GMT`. */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT$/;

const malformed = (detail: string) => new ProblemError(problems.malformedRequest(detail));

const parseAsOf = (header: string): AskedMoment => {
  if (/^\d{1,20}$/.test(header) && BigInt(header) <= MAX_POSITION) return { position: BigInt(header) };
  const time = MOMENT.test(header) ? utcTime(header) : undefined;
  if (time === undefined)
    throw malformed('As-Of must be a position in decimal, or a time such as 2026-01-31T09:00:00Z');
  return { time };
};

/** An HTTP date has no fractions: the moment is the end of its second, so that a Memento-Datetime finds its event. */
const parseAcceptDatetime = (header: string): AskedMoment => {
  const date = HTTP_DATE.test(header) ? new Date(header) : undefined;
  if (date?.toUTCString() !== header) throw malformed('Accept-Datetime must be an HTTP date in GMT');
  return { time: new Date(date.getTime() + 999).toISOString() };
};

/** Returns whether a request asks for an earlier moment. */
export const asksForMoment = (headers: IncomingHttpHeaders): boolean =>
  headers[AS_OF] !== undefined || headers[ACCEPT_DATETIME] !== undefined;

/**
 * Returns the moment of As-Of or Accept-Datetime (RFC 7089).
 * @throws ProblemError 400 when it is malformed, and for both headers
 */
export const askedMoment = (headers: IncomingHttpHeaders): AskedMoment | undefined => {
  const [asOf, datetime] = [headers[AS_OF], headers[ACCEPT_DATETIME]] as (string | undefined)[];
  if (asOf !== undefined && datetime !== undefined) throw malformed('Send either As-Of or Accept-Datetime');
  if (asOf !== undefined) return parseAsOf(asOf);
  return datetime === undefined ? undefined : parseAcceptDatetime(datetime);
};
