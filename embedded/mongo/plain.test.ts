import { Binary, type Document, Double, Int32, Long, ObjectId, serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asBuffer, plainFields, plainReplacement, wantedFields } from './plain.ts';
import { decode, keyOf } from './values.ts';

const NAMES = ['_id', 'a', 'b', 'status', '한글'];
const WANTED = wantedFields(['_id', 'a', 'status'])!;
const bytesOf = (doc: Document): Buffer => asBuffer(serialize(doc, { ignoreUndefined: false }));

const plain = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map((value) => new Int32(value)),
  fc.double().map((value) => new Double(value)),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.array(fc.string({ unit: 'grapheme' })),
);
const other = fc.oneof(
  fc.constant(new ObjectId()),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc.constant(new Binary(Buffer.from('x'))),
  fc.record({ a: plain, b: fc.array(plain) }),
);
const documents = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), fc.oneof({ weight: 4, arbitrary: plain }, other)))
  .map((entries) => Object.fromEntries(entries));

describe('fields taken out of the bytes', () => {
  it('are those that decoding gives', () => {
    fc.assert(
      fc.property(documents, (doc) => {
        const bytes = bytesOf(doc);
        const taken = plainFields(bytes, WANTED);
        if (!taken) return;
        const decoded = decode(bytes);
        for (const name of ['_id', 'a', 'status']) expect(keyOf(taken[name])).toEqual(keyOf(decoded[name]));
        expect(Object.keys(taken).every((name) => name in decoded)).toBe(true);
      }),
    );
  });

  it.each<[string, Document]>([
    ['a document that is wanted', { a: { b: 1 } }],
    ['an array of more than text', { a: ['x', 1] }],
    ['a number of 64 bits', { a: Long.fromNumber(1) }],
    ['bytes', { other: new Binary(Buffer.from('x')) }],
    ['an operator', { $set: 1 }],
  ])('are left to the library: %s', (_, doc) => expect(plainFields(bytesOf(doc), WANTED)).toBeUndefined());

  it('are left to the library when text is no UTF-8', () => {
    const bytes = bytesOf({ b: 'xyz' });
    bytes[bytes.indexOf('xyz')] = 0xff;
    expect(plainFields(bytes, WANTED)).toBeUndefined();
  });
});

describe('a statement', () => {
  const statement = (change: Document) =>
    plainReplacement(bytesOf({ q: { _id: 'x', _position: '7' }, u: { _id: 'x', _position: '9', n: 1 }, ...change }));

  it('that replaces a document by its id is known', () => {
    expect(statement({ multi: false, upsert: false })).toMatchObject({ filter: { _id: 'x', _position: '7' } });
    expect(decode(statement({})!.bytes)).toEqual({ _id: 'x', _position: '9', n: new Int32(1) });
  });

  it.each<[string, Document]>([
    ['an update by operators', { u: { $set: { n: 1 } } }],
    ['an upsert', { upsert: true }],
    ['one of many', { multi: true }],
    ['one with a hint', { hint: '_id_' }],
    ['a filter without an id', { q: { _position: '7' } }],
    ['a filter with more than text', { q: { _id: 'x', n: { $gt: 1 } } }],
    ['a filter with an operator', { q: { _id: 'x', $comment: 'y' } }],
    ['another id', { u: { _id: 'y' } }],
    ['no id', { u: { n: 1 } }],
    ['an operator behind fields', { u: { _id: 'x', $set: { n: 1 } } }],
  ])('is another: %s', (_, change) => expect(statement(change)).toBeUndefined());
});
