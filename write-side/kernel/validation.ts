import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { TSchema } from 'typebox';
import { ProblemError, problems } from '../../platform/http/problem.ts';

const ajv = new Ajv({ allErrors: true, strict: true });
formats.default(ajv, ['date', 'date-time']);

/** Keywords that a value of the right shape fails by being out of its range. */
const RANGE_KEYWORDS = new Set([
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
]);

const pointerOf = ({ instancePath, keyword, params }: ErrorObject): string => {
  const property =
    keyword === 'additionalProperties'
      ? params.additionalProperty
      : keyword === 'required'
        ? params.missingProperty
        : undefined;
  if (property === undefined) return instancePath;
  return `${instancePath}/${String(property).replaceAll('~', '~0').replaceAll('/', '~1')}`;
};

/**
 * Compiles a check of a command's data.
 * @returns throws a ProblemError for data that is not of the schema: 400 for a wrong shape, 422 for a right one out of
 *   range, naming each place by its JSON pointer (RFC 6901)
 */
export const validator = (schema: TSchema): ((data: unknown) => void) => {
  const validate: ValidateFunction = ajv.compile(schema);
  return (data) => {
    if (validate(data)) return;
    const errors = validate.errors ?? [];
    const described = errors.map((error) => ({ pointer: pointerOf(error), detail: error.message ?? error.keyword }));
    const onlyRange = errors.every(({ keyword }) => RANGE_KEYWORDS.has(keyword));
    throw new ProblemError(onlyRange ? problems.outOfRange(described) : problems.invalid(described));
  };
};
