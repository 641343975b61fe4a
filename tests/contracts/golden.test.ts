import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { contextSchemas } from '../../programs/contexts.ts';
import { schema as cinema } from '../../schemas/cinema.ts';
import { type ContextSchema, event } from '../../schemas/kernel/context.ts';
import { UnknownEventVersionError, upcast } from '../../schemas/kernel/upcast.ts';
import { Strict } from '../../schemas/kernel/values.ts';
import { goldenFiles, goldenOf } from './golden.ts';

const ajv = new Ajv({ strict: false });
formats.default(ajv);

/** An event keeps its file when it moves to another context: the cinema had MessageSent before `customers` did. */
const files = contextSchemas.flatMap(goldenFiles);
const find = (type: string, version: number) => files.find((each) => each.type === type && each.version === version);
const known: ContextSchema['events'] = Object.assign({}, ...contextSchemas.map(({ events }) => events));

describe.each(contextSchemas)('$name', (context) => {
  it.each(Object.entries(context.events))(
    '%s is stored as it always was, in a version for each shape',
    (type, schema) => {
      const versions = Array.from({ length: schema.version }, (_, index) => index + 1);
      for (const version of versions)
        expect(
          find(type, version),
          `${type} version ${version} needs a golden file: node tests/contracts/golden.ts`,
        ).toBeDefined();
      expect(
        goldenOf(type, schema).schema,
        `${type} has another shape: raise its version, add an upcaster, then node tests/contracts/golden.ts`,
      ).toEqual(find(type, schema.version)?.schema);
    },
  );

  it.each(goldenFiles(context).map(({ type, version, ...rest }) => [type, version, rest] as const))(
    '%s version %i is still understood',
    (type, version, { schema, data }) => {
      expect(ajv.validate(schema as object, data), ajv.errorsText()).toBe(true);
      const current = known[type]?.data;
      expect(current, `${type} was stored and must be known for ever`).toBeDefined();
      expect(ajv.validate(current as object, upcast(known, type, version, data)), ajv.errorsText()).toBe(true);
    },
  );
});

it('showings that were scheduled with an offset start at the same moment in UTC', () => {
  const showing = {
    showingId: 's',
    movieId: 'm',
    title: '괴물',
    startsAt: '2027-01-31T19:00:00+09:00',
    seats: 1,
    price: 1,
  };
  for (const type of ['ShowingScheduled', 'ShowingOpened'])
    expect(upcast(cinema.events, type, 1, showing)).toEqual({ ...showing, startsAt: '2027-01-31T10:00:00.000Z' });
});

describe('upcasting', () => {
  const events = {
    Parked: event('', Strict({ car: Type.String(), place: Type.String() }), 3, {
      1: (data: { plate: string }) => ({ car: data.plate }),
      2: (data: { car: string }) => ({ ...data, place: 'unknown' }),
    }),
  };

  it('applies one upcaster per version', () => {
    expect(upcast(events, 'Parked', 1, { plate: 'A' })).toEqual({ car: 'A', place: 'unknown' });
    expect(upcast(events, 'Parked', 2, { car: 'A' })).toEqual({ car: 'A', place: 'unknown' });
    expect(upcast(events, 'Parked', 3, { car: 'A', place: 'P' })).toEqual({ car: 'A', place: 'P' });
  });

  it.each([4, 0, 1.5, Number.NaN, undefined])('refuses the unknown version %s', (version) => {
    expect(() => upcast(events, 'Parked', version as number, {})).toThrow(UnknownEventVersionError);
  });
});
