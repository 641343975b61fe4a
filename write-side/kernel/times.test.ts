import { expect, it } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { Id, Strict, Time } from '../../schemas/kernel/values.ts';
import { timesInUtc } from './times.ts';

const inUtc = timesInUtc(Strict({ id: Id, at: Time }));

it.each([
  ['2027-01-31T19:00:00.000Z', '2027-01-31T19:00:00.000Z'],
  ['2027-01-31T19:00:00Z', '2027-01-31T19:00:00.000Z'],
  ['2027-01-31T19:00:00+09:00', '2027-01-31T10:00:00.000Z'],
  ['2027-01-31T19:00:00.123456-00:30', '2027-01-31T19:30:00.123Z'],
])('writes %s as %s', (at, utc) => {
  const data = { id: 'a', at };
  inUtc(data);
  expect(data).toEqual({ id: 'a', at: utc });
});

it.each(['2016-12-31T23:59:60Z', '9999-12-31T23:59:59-01:00', '0000-01-01T00:00:00+01:00', 'soon'])(
  'rejects %s',
  (at) =>
    expect(() => inUtc({ at })).toThrow(expect.objectContaining({ problem: expect.objectContaining({ status: 400 }) })),
);

it('leaves data without a time unchanged', () => {
  const data = { id: 'a' };
  inUtc(data);
  expect(data).toEqual({ id: 'a' });
});

it('finds the times of every command: none is below the top level', () => {
  const timesIn = (schema: unknown): number =>
    schema !== null && typeof schema === 'object'
      ? Object.values(schema).reduce(
          (sum: number, part) => sum + timesIn(part),
          (schema as { format?: unknown }).format === 'date-time' ? 1 : 0,
        )
      : 0;
  const commands = contextSchemas.flatMap((context) => Object.entries(context.commands));
  for (const [type, { data }] of commands) {
    const top = Object.values(data.properties).filter((field) => Object(field).format === 'date-time');
    expect(timesIn(data), type).toBe(top.length);
  }
});
