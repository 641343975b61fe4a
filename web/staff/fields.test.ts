import '../testing.ts';
import { expect, test } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { filterLabelOf, labelOf } from './fields.ts';

type Schema = { type?: string | string[]; format?: string };

/** Returns the kind of a value that people type: a number is not a day. */
const kindOf = ({ type, format }: Schema): string => `${[type].flat().find((one) => one !== 'null')} ${format ?? ''}`;

test('a label of a form stands for a number, a text or a day, in every context', () => {
  const kinds = new Map<string, Map<string, string>>();
  for (const { name, commands } of contextSchemas)
    for (const [command, { data, http }] of Object.entries(commands)) {
      if (!http) continue;
      for (const [field, schema] of Object.entries(data.properties)) {
        if ('items' in schema) continue;
        const label = labelOf(field, name).en;
        const known = kinds.get(label) ?? new Map<string, string>();
        kinds.set(label, known.set(kindOf(schema as Schema), `${command}.${field}`));
      }
    }
  expect(labelOf('cancelUntil', 'parking')).not.toEqual(labelOf('cancelUntil', 'cinema'));
  expect([...kinds].filter(([, known]) => known.size > 1)).toEqual([]);
});

test('a filter by the words of a name says so, and one by the beginning of a text as well', () => {
  expect(filterLabelOf('namePrefix', 'parking', { byWords: true }).en).toBe('Name: start of a word');
  expect(filterLabelOf('carNumberPrefix', 'parking', {}).en).toBe('Car begins with');
});
