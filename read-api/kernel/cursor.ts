import { hash } from 'node:crypto';
import { ProblemError, problems } from '../../platform/http/problem.ts';

/** The last document of a page: where the next one begins. */
export type Place = { id: string; value: string | number | boolean | null };

/** @param question all that a page's answer depends on but its place and its length */
const fingerprint = (question: string): string => hash('sha256', question, 'base64url').slice(0, 12);

/** A cursor that is good for one question only. */
export const encodeCursor = (question: string, { id, value }: Place): string =>
  Buffer.from(JSON.stringify([fingerprint(question), id, value])).toString('base64url');

/**
 * @param isValue whether the sort's field can have such a value
 * @throws ProblemError 400 for what is not a cursor, or the cursor of another question
 */
export const decodeCursor = (question: string, cursor: string, isValue: (value: unknown) => boolean): Place => {
  const refused = (detail: string) => new ProblemError(problems.invalid([{ pointer: '/cursor', detail }]));
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw refused('is not a cursor');
  }
  if (!Array.isArray(parts) || parts.length !== 3) throw refused('is not a cursor');
  const [mark, id, value] = parts;
  if (mark !== fingerprint(question)) throw refused('is the cursor of another query');
  if (typeof id !== 'string' || id.length > 200 || !isValue(value)) throw refused('is not a cursor');
  return { id, value };
};
