import { Ajv, type ErrorObject } from 'ajv';
import formats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { type Problem, ProblemError, problems } from './problem.ts';

/** One error in a request: a JSON pointer (RFC 6901) into its data, and the reason. */
export type Wrong = NonNullable<Problem['errors']>[number];

/** The most errors that one answer lists. */
export const MAX_ERRORS = 20;

/** The most characters of an error's pointer, which repeats names that the client chose. */
const MAX_POINTER = 200;

/**
 * Number of values above which only the first error is reported, because finding each further error costs time.
 * Ordinary requests stay far below.
 */
const MANY_VALUES = 1_000;

const ajvWith = (allErrors: boolean): Ajv => {
  const ajv = new Ajv({ allErrors, strict: true });
  formats.default(ajv, ['date', 'date-time']);
  return ajv;
};

const stopsAtFirst = ajvWith(false);
const findsAll = ajvWith(true);

/** Keywords that a value of the right shape fails when it is out of range. */
const RANGE_KEYWORDS = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
]);

const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** Returns one error, its pointer cut to a bounded length. */
export const wrongAt = (path: readonly string[], detail: string): Wrong => ({
  pointer: path
    .map((part) => `/${escaped(part.slice(0, MAX_POINTER))}`)
    .join('')
    .slice(0, MAX_POINTER),
  detail,
});

const pathOf = ({ instancePath, keyword, params }: ErrorObject): string => {
  const property =
    keyword === 'additionalProperties'
      ? params.additionalProperty
      : keyword === 'required'
        ? params.missingProperty
        : undefined;
  if (property === undefined) return instancePath;
  return `${instancePath}/${escaped(String(property).slice(0, MAX_POINTER))}`;
};

const described = (error: ErrorObject): Wrong => ({
  pointer: pathOf(error).slice(0, MAX_POINTER),
  detail: error.keyword === 'not' ? 'must not be a reserved word' : (error.message ?? error.keyword),
});

/**
 * Returns whether every string is well-formed Unicode. UTF-8 cannot express a lone surrogate, so the event store would
 * keep another character than the answer shows.
 */
const isWellFormed = (data: unknown): boolean => {
  if (typeof data === 'string') return data.isWellFormed();
  return typeof data !== 'object' || data === null || Object.values(data).every(isWellFormed);
};

const malformedText = (data: unknown, path: readonly string[] = []): Wrong[] => {
  if (isWellFormed(data)) return [];
  if (typeof data !== 'object' || data === null) return [wrongAt(path, 'must be well-formed Unicode')];
  return Object.entries(data).flatMap(([name, value]) => malformedText(value, [...path, name]));
};

/** Returns whether data holds more than {@link MANY_VALUES} values, at any depth. */
const isLarge = (data: unknown): boolean => {
  const open: unknown[] = [data];
  let seen = 0;
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inside = Object.values(next);
    seen += inside.length;
    if (seen > MANY_VALUES) return true;
    for (const value of inside) open.push(value);
  }
  return false;
};

/** Compiling the schemas of all commands takes a quarter of a second of a start, and most processes use few of them. */
const onFirstUse = <Compiled>(compile: () => Compiled): (() => Compiled) => {
  let compiled: Compiled | undefined;
  return () => {
    compiled ??= compile();
    return compiled;
  };
};

/**
 * Returns a check of a request's data, compiled with its first use.
 * @param outOfRange makes the problem of data whose shape is right; 422 when left out
 * @returns throws a ProblemError for data that does not fit the schema: 400 for a wrong shape or a string that is not
 *   well-formed Unicode. It names at most {@link MAX_ERRORS} places; of large data only the first.
 */
export const validator = <Data = unknown>(
  schema: TSchema,
  outOfRange: (errors: readonly Wrong[]) => Problem = problems.outOfRange,
): ((data: unknown) => Data) => {
  const first = onFirstUse(() => stopsAtFirst.compile(schema));
  const all = onFirstUse(() => findsAll.compile(schema));
  const errorsOf = (data: unknown): readonly ErrorObject[] => {
    if (isLarge(data)) return first().errors ?? [];
    all()(data);
    return all().errors ?? [];
  };
  return (data) => {
    if (first()(data)) {
      if (isWellFormed(data)) return data as Data;
      throw new ProblemError(problems.invalid(malformedText(data).slice(0, MAX_ERRORS)));
    }
    const errors = errorsOf(data);
    const onlyRange = errors.every(({ keyword }) => RANGE_KEYWORDS.has(keyword));
    const listed = errors.slice(0, MAX_ERRORS).map(described);
    throw new ProblemError(onlyRange ? outOfRange(listed) : problems.invalid(listed));
  };
};

/**
 * Returns a check of one value, compiled with its first use. The check returns why the value is wrong, or undefined.
 */
export const valueChecker = (schema: TSchema): ((value: unknown) => string | undefined) => {
  const isValid = onFirstUse(() => stopsAtFirst.compile(schema));
  return (value) => {
    if (isValid()(value)) return undefined;
    const [error] = isValid().errors ?? [];
    const words = error?.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
    return `${error?.message ?? 'is wrong'}${words}`;
  };
};
