import type { TObject, TSchema } from 'typebox';
import { type Wrong, wrongAt } from '../../platform/http/validation.ts';
import { TEXT_PATTERN } from '../../schemas/kernel/values.ts';

type Schema = { pattern?: string; properties?: Record<string, TSchema>; items?: TSchema };
type Visit = (text: string, path: readonly string[]) => string;

/** Replaces, in place, each free text in data by the result of a visit. */
type Walk = (value: unknown, path: readonly string[], visit: Visit) => unknown;

/** Invisible characters: separators, formats such as a zero-width space, Hangul fillers, the empty Braille cell. */
const ONLY_BLANKS = /^[\p{Z}\p{Cf}\u115f\u1160\u2800\u3164\uffa0]+$/u;
const CONTROL = /\p{Cc}/u;

/** Trims a text and composes its characters (Unicode NFC). Does not trim a text that is refused next. */
const tidyText = (text: string): string => {
  const composed = text.normalize('NFC');
  return CONTROL.test(composed) ? composed : composed.trim() || composed;
};

const walkOf = (schema: TSchema): Walk | undefined => {
  const { pattern, properties, items } = schema as Schema;
  if (pattern === TEXT_PATTERN) return (value, path, visit) => (typeof value === 'string' ? visit(value, path) : value);
  if (items) {
    const walk = walkOf(items);
    return (
      walk &&
      ((value, path, visit) =>
        Array.isArray(value) ? value.map((each, index) => walk(each, [...path, `${index}`], visit)) : value)
    );
  }
  const fields = Object.entries(properties ?? {}).flatMap(([name, property]) => {
    const walk = walkOf(property);
    return walk ? [{ name, walk }] : [];
  });
  if (fields.length === 0) return undefined;
  return (value, path, visit) => {
    if (typeof value !== 'object' || value === null) return value;
    const data = value as Record<string, unknown>;
    for (const { name, walk } of fields)
      if (Object.hasOwn(data, name)) data[name] = walk(data[name], [...path, name], visit);
    return data;
  };
};

/** Finds the free texts of a command's data, by their pattern in its schema. */
export const textsOf = (schema: TObject) => {
  const walk = walkOf(schema);
  return {
    /** Trims them and composes their characters (Unicode NFC), in place. */
    tidy: (data: object): void => void walk?.(data, [], tidyText),
    /** Returns an error for each that is blank or has a control character. The schema refuses empty ones. */
    faults(data: object): Wrong[] {
      const faults: Wrong[] = [];
      walk?.(data, [], (text, path) => {
        if (ONLY_BLANKS.test(text)) faults.push(wrongAt(path, 'must not be blank'));
        else if (CONTROL.test(text)) faults.push(wrongAt(path, 'must not have control characters'));
        return text;
      });
      return faults;
    },
  };
};
