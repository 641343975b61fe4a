import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { type Problem, ProblemError, problems } from '../../platform/http/problem.ts';

const ajv = new Ajv({ strict: true });
formats.default(ajv, ['date', 'date-time']);

/** Turns the text of a parameter into its value. */
export type ReadText = (text: string) => { value: unknown } | { wrong: string };

const converted = (type: unknown, text: string): unknown => {
  if (type === 'integer' || type === 'number') return /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
};

/** Compiles the check of a parameter's text against a schema of a string, a number or a boolean. */
export const readText = (schema: TSchema): ReadText => {
  const validate = ajv.compile(schema);
  const { type } = schema as { type?: unknown };
  return (text) => {
    const value = converted(type, text);
    if (validate(value)) return { value };
    const [error] = validate.errors ?? [];
    const words = error?.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
    return { wrong: `${error?.message ?? 'is wrong'}${words}` };
  };
};

type Wrong = NonNullable<Problem['errors']>[number];

const wrong = (name: string, detail: string): Wrong => ({
  pointer: `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
  detail,
});

/**
 * Reads named texts, all of them known and none of them twice.
 * @throws ProblemError 400 naming each text that is unknown, repeated or wrong
 */
export const readAll = (
  given: Iterable<readonly [name: string, text: string]>,
  known: ReadonlyMap<string, ReadText>,
): Map<string, unknown> => {
  const values = new Map<string, unknown>();
  const errors: Wrong[] = [];
  for (const [name, text] of given) {
    const read = known.get(name);
    if (!read) {
      errors.push(wrong(name, 'is not a parameter of this resource'));
      continue;
    }
    if (values.has(name)) errors.push(wrong(name, 'is given more than once'));
    const result = read(text);
    if ('wrong' in result) errors.push(wrong(name, result.wrong));
    else values.set(name, result.value);
  }
  if (errors.length > 0) throw new ProblemError(problems.invalid(errors.slice(0, 20)));
  return values;
};

/** The query of a request's target, as names and texts. */
export const queryOf = (target: string): Iterable<readonly [string, string]> => {
  const start = target.indexOf('?');
  return start === -1 ? [] : new URLSearchParams(target.slice(start + 1));
};
