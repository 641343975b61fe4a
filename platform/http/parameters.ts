import type { RequestHandler } from 'express';
import type { TSchema } from 'typebox';
import { ProblemError, problems } from './problem.ts';
import { MAX_ERRORS, valueChecker, type Wrong, wrongAt } from './validation.ts';

/** Converts the text of a parameter to its value. */
export type ReadText = (text: string) => { value: unknown } | { wrong: string };

const converted = (type: unknown, text: string): unknown => {
  if (type === 'integer' || type === 'number') return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
};

/** Compiles the check of a parameter's text against a schema of a string, a number or a boolean. */
export const readText = (schema: TSchema): ReadText => {
  const check = valueChecker(schema);
  const { type } = schema as { type?: unknown };
  return (text) => {
    const value = converted(type, text);
    const wrong = check(value);
    return wrong === undefined ? { value } : { wrong };
  };
};

/**
 * Reads named texts, each known and given at most once.
 * @throws ProblemError 400 with the names of unknown, repeated or wrong texts
 */
export const readAll = (
  given: Iterable<readonly [name: string, text: string]>,
  known: ReadonlyMap<string, ReadText>,
): Map<string, unknown> => {
  const values = new Map<string, unknown>();
  const errors: Wrong[] = [];
  for (const [name, text] of given) {
    if (errors.length >= MAX_ERRORS) break;
    const read = known.get(name);
    if (!read) {
      errors.push(wrongAt([name], 'is not a parameter of this resource'));
      continue;
    }
    if (values.has(name)) errors.push(wrongAt([name], 'is given more than once'));
    const result = read(text);
    if ('wrong' in result) errors.push(wrongAt([name], result.wrong));
    else values.set(name, result.value);
  }
  if (errors.length > 0) throw new ProblemError(problems.invalid(errors));
  return values;
};

/** Returns the query parameters of a request's target. */
export const queryOf = (target: string): Iterable<readonly [string, string]> => {
  const start = target.indexOf('?');
  return start === -1 ? [] : new URLSearchParams(target.slice(start + 1));
};

const none: ReadonlyMap<string, ReadText> = new Map();

/** Lets a request pass whose resource has no parameters. @throws ProblemError 400 with the names of those given */
export const refuseParameters: RequestHandler = (req, _res, next) => {
  readAll(queryOf(req.url), none);
  next();
};
