import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { inView, list, one } from '../../schemas/kernel/queries.ts';
import { Status, Strict } from '../../schemas/kernel/values.ts';
import { indexesOf } from './indexes.ts';

const text = Type.String();
const Book = Strict({ bookId: text, branch: text, title: text, status: text, readerId: text });

const queries = {
  ...inView('library.books', {
    books: list('All', '/library/books', Book, { filters: { status: text }, sorts: ['title', 'status'] }),
    book: one('One', '/library/books/{bookId}', Book),
    readerBooks: list('A reader’s', '/library/readers/{readerId}/books', Book, { sorts: ['title'] }),
    lost: list('The lost ones', '/library/lost', Book, { only: { status: 'lost' }, sorts: ['title'] }),
  }),
  ...inView('library.readers', { reader: one('One reader', '/library/readers/{readerId}', Book) }),
};

const fieldsOf = (...given: Parameters<typeof indexesOf>) =>
  indexesOf(...given).map((index) => Object.keys(index).join());

test('a list has an index for each of its filters and orders, after the fields that all of its documents share', () => {
  expect(fieldsOf({ queries }, 'library.books')).toEqual([
    'title,_id',
    'status,_id',
    'status,title,_id',
    'readerId,_id',
    'readerId,title,_id',
  ]);
});

test('a list that callers read within their scope has an index of the scope field, unless its path narrows it', () => {
  const scope = { kind: 'branch', field: 'branch' };
  const added = fieldsOf({ queries, scope }, 'library.books').filter((fields) => fields.includes('branch'));
  expect(added).toEqual(['branch,_id', 'status,branch,_id']);
});

test('a list that shows closed items last has an index for this order, alone and with each filter', () => {
  const Shelf = Strict({ shelfId: text, branch: text, status: Status('open', 'full') });
  const shelves = list('All', '/library/shelves', Shelf, {
    filters: { branch: text },
    sorts: ['branch'],
    closed: ['full'],
  });
  expect(fieldsOf({ queries: inView('library.shelves', { shelves }) }, 'library.shelves')).toEqual([
    '_folded.closed,_id',
    'branch,_id',
    'branch,_folded.closed,_id',
  ]);
});

test('queries for one document need no index', () => {
  expect(indexesOf({ queries }, 'library.readers')).toEqual([]);
});
