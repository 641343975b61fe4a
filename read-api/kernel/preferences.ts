import { ProblemError, problems } from '../../platform/http/problem.ts';

/** The most seconds that a request may wait for a view. */
export const MAX_WAIT = 30;

const MAX_POSITION = 2n ** 64n - 1n;

/**
 * The position that the answer must have reached.
 * @param header Min-Event-Position: a position in decimal, as Event-Position tells it
 * @throws ProblemError 400 for anything else
 */
export const parseMinEventPosition = (header: string | undefined): bigint | undefined => {
  if (header === undefined) return undefined;
  const position = /^\d{1,20}$/.test(header) ? BigInt(header) : undefined;
  if (position === undefined || position > MAX_POSITION)
    throw new ProblemError(problems.malformedRequest('Min-Event-Position must be a position in decimal'));
  return position;
};

/**
 * The seconds of the `wait` preference, at most {@link MAX_WAIT}. As RFC 7240 2 has it, the first of several counts,
 * names are matched without regard to case, and what is not understood is passed over.
 * @param header Prefer, several joined with commas
 */
export const parseWait = (header: string | undefined): number | undefined => {
  if (header === undefined) return undefined;
  for (const preference of header.match(/(?:"(?:\\.|[^"\\])*"|[^,"])+/g) ?? []) {
    const [, name, quoted, bare] = /^\s*([\w-]+)\s*(?:=\s*(?:"(\d+)"|(\d+)))?\s*(?:;.*)?$/.exec(preference) ?? [];
    if (name?.toLowerCase() !== 'wait') continue;
    const seconds = quoted ?? bare;
    return seconds === undefined ? undefined : Math.min(Number(seconds), MAX_WAIT);
  }
  return undefined;
};
