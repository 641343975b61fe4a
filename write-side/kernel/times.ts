import type { TObject } from 'typebox';
import { ProblemError, problems } from '../../platform/http/problem.ts';
import { utcTime } from '../../schemas/kernel/values.ts';

/**
 * Returns a function that writes every time of a command's data in UTC, in place.
 * @param schema the command's data; times are found at its top level
 * @returns a function that throws a ProblemError (400) for a text that is not a time, such as a leap second
 */
export const timesInUtc = ({ properties }: TObject): ((data: Record<string, unknown>) => void) => {
  const names = Object.keys(properties).filter((name) => Object(properties[name]).format === 'date-time');
  return (data) => {
    for (const name of names) {
      const text = data[name];
      if (typeof text !== 'string') continue;
      const utc = utcTime(text);
      if (utc === undefined)
        throw new ProblemError(problems.invalid([{ pointer: `/${name}`, detail: 'must be a moment' }]));
      data[name] = utc;
    }
  };
};
