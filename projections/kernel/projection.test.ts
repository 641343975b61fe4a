import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { type ContextSchema, event } from '../../schemas/kernel/context.ts';
import { Strict } from '../../schemas/kernel/values.ts';
import { projection } from './projection.ts';
import { documentsAfter } from './testing.ts';

const data = Strict({ counterId: Type.String(), by: Type.Integer() });
const context = {
  name: 'counting',
  title: '',
  events: { CounterAdded: event('', data), Counted: event('', data), CounterRemoved: event('', data) },
  commands: {},
  queries: {},
  problems: {},
} as const satisfies ContextSchema;

type Counter = { total: number; at: string };

const counters = projection<Counter>()({
  context,
  name: 'counting.counters',
  version: 1,
  key: ({ counterId }) => counterId,
  on: {
    CounterAdded: (_counter, { by }, { metadata }) => ({ total: by, at: metadata.time }),
    CounterRemoved: () => null,
  },
  onExisting: {
    Counted: (counter, { by }) => ({ ...counter, total: counter.total + by }),
  },
  missing: 'a counter that was never added',
});

const given = (type: keyof typeof context.events, by = 1) => ({ type, data: { counterId: 'a', by } });

test('folds the events that a projection names into the document of their key', () => {
  expect(counters.events).toEqual(['CounterAdded', 'CounterRemoved', 'Counted']);
  expect(documentsAfter(counters, given('CounterAdded', 2), given('Counted', 3))).toEqual({
    a: { total: 5, at: '2026-01-31T09:00:00.000Z' },
  });
});

test('refuses an event in onExisting before the first document and after a deletion', () => {
  const reason = 'Counted for a counter that was never added';
  expect(() => documentsAfter(counters, given('Counted'))).toThrow(reason);
  expect(() => documentsAfter(counters, given('CounterAdded'), given('CounterRemoved'), given('Counted'))).toThrow(
    reason,
  );
});

test('refuses a definition that handles an event twice', () => {
  const handler = (): Counter => ({ total: 0, at: '' });
  const twice = { context, version: 1, key: () => 'a', on: { Counted: handler }, onExisting: { Counted: handler } };
  expect(() => projection<Counter>()({ ...twice, name: 'counting.twice' })).toThrow(
    'counting.twice handles Counted in on and in onExisting',
  );
});

test('the type check fails for an event or a field that the schema does not have', () => {
  const rest = { context, name: 'counting.others', version: 1 } as const;
  const key = () => 'a';
  // @ts-expect-error: the schema has no event of this name.
  projection<Counter>()({ ...rest, key, on: { CounterLost: () => ({ total: 0, at: '' }) } });
  // @ts-expect-error: the event has no such field.
  projection<Counter>()({ ...rest, key, on: { Counted: (_counter, { size }) => ({ total: size, at: '' }) } });
  // @ts-expect-error: the event has no such field.
  projection<Counter>()({ ...rest, key: ({ size }) => size, on: { Counted: () => ({ total: 0, at: '' }) } });
  projection<Counter>()({
    ...rest,
    key,
    on: { CounterAdded: () => ({ total: 0, at: '' }) },
    // @ts-expect-error: a handler in onExisting returns a document of the same type.
    onExisting: { Counted: () => ({ total: '' }) },
  });
  expect(projection<Counter>()({ ...rest, key, on: {} }).events).toEqual([]);
});
