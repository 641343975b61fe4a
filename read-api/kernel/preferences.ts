import { ProblemError, problems } from '../../platform/http/problem.ts';

/** The most seconds that a request may wait for a view. */
export const MAX_WAIT = 30;

/** The most characters of a Prefer header. */
const MAX_PREFER = 1_000;

const MAX_POSITION = 2n ** 64n - 1n;

/**
 * Returns the position that the answer must have reached.
 * @param header Min-Event-Position: a position in decimal, as in Event-Position
 * @throws ProblemError 400 for anything else
 */
export const parseMinEventPosition = (header: string | undefined): bigint | undefined => {
  if (header === undefined) return undefined;
  const position = /^\d{1,20}$/.test(header) ? BigInt(header) : undefined;
  if (position === undefined || position > MAX_POSITION)
    throw new ProblemError(problems.malformedRequest('Min-Event-Position must be a position in decimal'));
  return position;
};

/** A quoted string (RFC 9110 5.6.4), or what begins like one and does not end. */
const QUOTED = /"(?:[^"\\]|\\.?)*(?:"|$)/g;

/**
 * Returns the seconds of the `wait` preference, at most {@link MAX_WAIT}. By RFC 7240 2 the first of several counts,
 * names are matched without regard to case, and preferences that are not understood are ignored.
 * @param header Prefer, several joined with commas
 * @throws ProblemError 400 for more than {@link MAX_PREFER} characters
 */
export const parseWait = (header: string | undefined): number | undefined => {
  if (header === undefined) return undefined;
  if (header.length > MAX_PREFER)
    throw new ProblemError(problems.malformedRequest(`Prefer must have at most ${MAX_PREFER} characters`));
  // A number may be quoted. Other quoted strings say nothing here, and may contain separators.
  const plain = header.replaceAll(QUOTED, (text) => (/^"\d+"$/.test(text) ? text : '""'));
  for (const preference of plain.split(',')) {
    const [assignment = ''] = preference.split(';');
    const [name = '', ...value] = assignment.split('=');
    if (name.trim().toLowerCase() !== 'wait') continue;
    const [, quoted, bare] = /^(?:"(\d+)"|(\d+))$/.exec(value.join('=').trim()) ?? [];
    const seconds = quoted ?? bare;
    return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT);
  }
  return undefined;
};
