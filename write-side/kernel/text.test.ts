import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import type { CommandSchema } from '../../schemas/kernel/context.ts';
import { exampleOf } from '../../schemas/kernel/examples.ts';
import { Id, Strict, TEXT_PATTERN, Text } from '../../schemas/kernel/values.ts';
import { textsOf } from './text.ts';

const schema = Strict({
  thingId: Id,
  name: Text(10, 'x'),
  note: Type.Optional(Text(10, 'x')),
  parts: Type.Array(Strict({ label: Text(10, 'x') })),
});
const texts = textsOf(schema);

/** Data with a text in each place, tidied, and its faults. */
const given = (text: unknown) => {
  const data = { thingId: ' t1 ', name: text, parts: [{ label: 'x' }, { label: text }] };
  texts.tidy(data);
  return { data, faults: texts.faults(data) };
};

describe('text in a command', () => {
  it.each([
    ['  정자역  ', '정자역'],
    ['\u3000정자역\u00a0', '정자역'],
    ['정자역'.normalize('NFD'), '정자역'],
    ['a  b', 'a  b'],
    ['😀', '😀'],
    ['', ''],
  ])('takes %j as %j', (text, taken) => {
    const { data, faults } = given(text);
    expect(data).toEqual({ thingId: ' t1 ', name: taken, parts: [{ label: 'x' }, { label: taken }] });
    expect(faults).toEqual([]);
  });

  it.each(['   ', '\u3000', '\u200b', '\u3164', '\ufeff ', '\u2800', '\u00ad\u2060'])('refuses %j as blank', (text) =>
    expect(given(text).faults).toEqual([
      { pointer: '/name', detail: 'must not be blank' },
      { pointer: '/parts/1/label', detail: 'must not be blank' },
    ]),
  );

  it.each(['\n', 'a\u0000b', '\tname', 'name\r\n', '\u0085', 'a\u009f', '\u007f'])(
    'refuses %j for its control character',
    (text) => expect(given(text).faults).toHaveLength(2),
  );

  it.each([5, null, ['a'], { a: 1 }])('leaves %j for the schema to refuse', (value) => {
    const { data, faults } = given(value);
    expect([data.name, faults]).toEqual([value, []]);
  });
});

/** The free texts of the commands that come over HTTP, by where they are. */
const allTexts = contextSchemas.flatMap((context) =>
  Object.entries<CommandSchema>(context.commands).flatMap(([command, { data, http }]) => {
    if (!http) return [];
    const example = exampleOf(data) as Record<string, unknown>;
    return Object.keys(data.properties)
      .filter((field) => {
        const { maxLength, pattern = TEXT_PATTERN } = data.properties[field] as {
          maxLength?: number;
          pattern?: string;
        };
        return typeof example[field] === 'string' && maxLength !== undefined && pattern === TEXT_PATTERN;
      })
      .map((field) => [context.name, command, field, data, example] as const);
  }),
);

it.each(allTexts)('%s %s refuses a blank %s', (_context, _command, field, data, example) =>
  expect(textsOf(data).faults({ ...example, [field]: ' \u200b' })).toEqual([
    { pointer: `/${field}`, detail: 'must not be blank' },
  ]),
);
it('checks the texts of every context', () =>
  expect(new Set(allTexts.map(([context]) => context)).size).toBe(contextSchemas.length));
