import { Type } from 'typebox';
import { expect, it } from 'vitest';
import { type ContextSchema, command, event } from '../../schemas/kernel/context.ts';
import { Strict } from '../../schemas/kernel/values.ts';
import { decider, refuse } from './decider.ts';

const Addressed = { shelfId: Type.String(), bookId: Type.String() };
const schema = {
  name: 'library',
  title: 'Library',
  events: { BookPut: event('A book is there', Strict(Addressed)), BookTaken: event('It is gone', Strict(Addressed)) },
  commands: {
    PutBook: command('Put a book', Strict(Addressed)),
    TakeBook: command('Take a book', Strict(Addressed)),
    CountBooks: command('Count books', Strict({ shelfId: Type.String() })),
  },
  queries: {},
  problems: {},
} as const satisfies ContextSchema;

type State = { books: readonly string[] };
const initialState: State = { books: [] };

const shelf = decider(schema, {
  stream: 'shelf-{shelfId}',
  initialState,
  evolve: {
    BookPut: ({ books }, { bookId }) => ({ books: [...books, bookId] }),
    BookTaken: ({ books }, { bookId }) => ({ books: books.filter((each) => each !== bookId) }),
  },
  commands: {
    PutBook: {
      decide: (data, { books }) => (books.includes(data.bookId) ? [] : [{ type: 'BookPut', data }]),
      answer: ({ bookId }, [put]) => ({ bookId, status: put ? 'put' : 'there' }),
    },
    TakeBook: {
      owner: ({ bookId }, { books }) => (books.includes(bookId) ? `owner of ${bookId}` : undefined),
      decide: (data, { books }) => (books.includes(data.bookId) ? [{ type: 'BookTaken', data }] : refuse('no-book')),
    },
  },
  snapshotVersion: 3,
});

const data = { shelfId: 's', bookId: 'b' };
const input = { now: '', timeZone: 'UTC', revision: 0n };

it('takes the commands that have a rule, and names their stream', () => {
  expect(shelf.commands).toEqual(['PutBook', 'TakeBook']);
  expect([shelf.category, shelf.id(data)]).toEqual(['shelf', 's']);
  const copy = decider(schema, {
    stream: 'copy-{shelfId}.{bookId}',
    initialState,
    evolve: {},
    commands: { PutBook: { decide: () => [] } },
    snapshotVersion: 1,
  });
  expect(copy.id(data)).toBe('s.b');
  const first = decider(schema, {
    stream: 'first-{bookId|shelfId}',
    initialState,
    evolve: {},
    commands: { PutBook: { decide: () => [] }, CountBooks: { decide: () => [] } },
    snapshotVersion: 1,
  });
  expect([first.id(data), first.id({ shelfId: 's' })]).toEqual(['b', 's']);
});

it('decides, folds, answers and names the owner by the rule of each command', () => {
  const put = { type: 'BookPut', data } as const;
  expect(shelf.decide({ type: 'PutBook', data }, initialState, input)).toEqual([put]);
  const state = shelf.evolve(initialState, put);
  expect(state).toEqual({ books: ['b'] });
  expect(shelf.decide({ type: 'PutBook', data }, state, input)).toEqual([]);
  expect(shelf.answer({ type: 'PutBook', data }, [put])).toEqual({ bookId: 'b', status: 'put' });
  expect(shelf.answer({ type: 'TakeBook', data }, [])).toEqual(data);
  expect(shelf.owner?.({ type: 'TakeBook', data }, state)).toBe('owner of b');
  expect(shelf.owner?.({ type: 'PutBook', data }, state)).toBeUndefined();
  expect(shelf.snapshotVersion).toBe(3);
});

it('refuses to fold an event or decide a command without a rule', () => {
  expect(() => shelf.evolve(initialState, { type: 'Unknown', data } as never)).toThrow(
    'shelf does not know the event Unknown',
  );
  expect(() => shelf.decide({ type: 'constructor', data } as never, initialState, input)).toThrow('does not take');
});

it('fails at start when a command lacks a field of the stream name', () => {
  const commands = { CountBooks: { decide: () => [] } };
  const declare = () =>
    decider(schema, { stream: 'book-{bookId}', initialState, evolve: {}, commands, snapshotVersion: 1 });
  expect(declare).toThrow('CountBooks does not have bookId, which names book-{bookId}');
});

it('fails the type check for a name that the schema or the fold does not have', () => {
  const evolve = { BookPut: (state: State) => state };
  const base = { stream: 'shelf-{shelfId}', initialState, snapshotVersion: 1 } as const;
  decider(schema, {
    ...base,
    // @ts-expect-error the schema has no such event
    evolve: { ...evolve, BookBurnt: (state: State) => state },
    commands: {},
  });
  const declareUnknown = () =>
    decider(schema, {
      ...base,
      evolve,
      // @ts-expect-error the schema has no such command
      commands: { BurnBook: { decide: () => [] } },
    });
  expect(declareUnknown).toThrow('BurnBook does not have shelfId');
  decider(schema, {
    ...base,
    evolve,
    // @ts-expect-error the rule decides something that is not an event of the schema
    commands: { PutBook: { decide: (data) => [{ type: 'BookBurnt', data }] } },
  });
  decider(schema, {
    ...base,
    evolve: { BookPut: (state) => state },
    // @ts-expect-error the rule decides an event that is not folded
    commands: { TakeBook: { decide: (data) => [{ type: 'BookTaken', data }] } },
  });
});
