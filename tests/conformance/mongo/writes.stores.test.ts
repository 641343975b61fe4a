import { Double, Int32, Long, MongoBulkWriteError, ObjectId } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { refusal, useServer } from './server.ts';

const server = useServer();

describe('insert', () => {
  it('returns the stored value of each type', async () => {
    const docs = server.collection();
    const stored = {
      _id: new ObjectId(),
      text: '분당_정자역_1구역',
      int: 5,
      double: 5.5,
      long: Long.fromString('9007199254740993'),
      date: new Date(1_700_000_000_123),
      list: [1, 'two', null, { three: 3 }],
      nested: { deep: { deeper: true } },
      nothing: null,
      bytes: Buffer.from([0, 1, 255]),
    };
    await docs.insertOne(stored);
    const found = await docs.findOne({ _id: stored._id }, { promoteBuffers: true });
    expect(found).toEqual(stored);
  });

  it('keeps Int64 as Int64 for a client that asks for wrappers, and gives a number to one that does not', async () => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never, small: Long.fromNumber(7), int: new Int32(7), double: new Double(7) });
    expect(await docs.findOne({})).toEqual({ _id: 1, small: 7, int: 7, double: 7 });
    const raw = await docs.findOne({}, { promoteValues: false });
    expect(raw?.small).toEqual(Long.fromNumber(7));
    expect(raw?.int).toEqual(new Int32(7));
    expect(raw?.double).toEqual(new Double(7));
  });

  it('keeps the number types of fields that an update does not touch', async () => {
    const docs = server.collection();
    await docs.insertOne({ long: Long.fromNumber(7), double: new Double(7) });
    await docs.updateOne({}, { $set: { other: 1 } });
    const raw = await docs.findOne({}, { promoteValues: false });
    expect(raw?.long).toEqual(Long.fromNumber(7));
    expect(raw?.double).toEqual(new Double(7));
  });

  it('keeps the order of fields, with _id first', async () => {
    const docs = server.collection();
    await docs.insertOne({ z: 1, a: 2, _id: 'x' as never, m: 3 });
    expect(Object.keys((await docs.findOne({})) ?? {})).toEqual(['_id', 'z', 'a', 'm']);
  });

  it('refuses an _id that is taken with 11000, keyPattern and keyValue', async () => {
    const docs = server.collection();
    await docs.insertOne({ _id: 'a' as never });
    const error = await refusal(docs.insertOne({ _id: 'a' as never }));
    expect(error).toMatchObject({ code: 11000, keyPattern: { _id: 1 }, keyValue: { _id: 'a' } });
    expect(error.message).toContain('E11000 duplicate key error');
  });

  it('treats equal numbers of different types as the same _id', async () => {
    const docs = server.collection();
    await docs.insertOne({ _id: new Int32(1) as never });
    for (const _id of [new Double(1), Long.fromNumber(1)]) {
      expect(await refusal(docs.insertOne({ _id: _id as never }))).toMatchObject({ code: 11000 });
    }
  });

  it('refuses an array as _id', async () => {
    expect(await refusal(server.collection().insertOne({ _id: [1] as never }))).toMatchObject({ code: 53 });
  });

  it('stops an ordered insertMany at the first error', async () => {
    const docs = server.collection();
    const error = await refusal(docs.insertMany([{ _id: 1 }, { _id: 1 }, { _id: 2 }] as never));
    expect(error).toBeInstanceOf(MongoBulkWriteError);
    expect((error as MongoBulkWriteError).result.insertedCount).toBe(1);
    expect(await docs.countDocuments()).toBe(1);
  });

  it('continues after an error in an unordered insertMany', async () => {
    const docs = server.collection();
    const error = (await refusal(
      docs.insertMany([{ _id: 1 }, { _id: 1 }, { _id: 2 }, { _id: 2 }, { _id: 3 }] as never, { ordered: false }),
    )) as MongoBulkWriteError;
    expect([error.writeErrors].flat().map(({ index, code }) => [index, code])).toEqual([
      [1, 11000],
      [3, 11000],
    ]);
    expect(error.result.insertedCount).toBe(3);
    expect(await docs.countDocuments()).toBe(3);
  });

  it('keeps __proto__ an ordinary field', async () => {
    const docs = server.collection();
    const hostile = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}');
    await docs.insertOne(hostile);
    const found = (await docs.findOne({ a: 1 })) ?? {};
    expect(Object.getOwnPropertyDescriptor(found, '__proto__')?.value).toEqual({ polluted: true });
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('update', () => {
  it('counts a match that changes nothing as matched and not modified', async () => {
    const docs = server.collection();
    await docs.insertOne({ a: 1 });
    expect(await docs.updateOne({ a: 1 }, { $set: { a: 1 } })).toMatchObject({ matchedCount: 1, modifiedCount: 0 });
    expect(await docs.updateOne({ a: 2 }, { $set: { a: 1 } })).toMatchObject({ matchedCount: 0, modifiedCount: 0 });
  });

  it.each([
    ['$set', { a: 1 }, { $set: { b: { c: 2 } } }, { a: 1, b: { c: 2 } }],
    ['$unset', { a: 1, b: 2 }, { $unset: { b: '', c: '' } }, { a: 1 }],
    ['$inc', { a: 1 }, { $inc: { a: 2, b: 3 } }, { a: 3, b: 3 }],
    ['$inc by a fraction', { a: 1 }, { $inc: { a: 0.5 } }, { a: 1.5 }],
    ['no field', { a: 1 }, { $set: {} }, { a: 1 }],
  ])('applies %s', async (_name, before, update, after) => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never, ...before });
    await docs.updateOne({}, update as never);
    expect(await docs.findOne({}, { projection: { _id: 0 } })).toEqual(after);
  });

  it('makes an Int64 of an Int32 that overflows', async () => {
    const docs = server.collection();
    await docs.insertOne({ int: 2 ** 31 - 1, long: Long.fromString('9007199254740993') });
    await docs.updateOne({}, { $inc: { int: 1, long: 1 } });
    const raw = await docs.findOne({}, { promoteValues: false });
    expect(raw?.int).toEqual(Long.fromNumber(2 ** 31));
    expect(raw?.long).toEqual(Long.fromString('9007199254740994'));
  });

  it('adds new fields in the order of their names', async () => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never });
    await docs.updateOne({}, { $set: { z: 1, b: 1 }, $inc: { c: 1, a: 1 } });
    expect(Object.keys((await docs.findOne({})) ?? {})).toEqual(['_id', 'a', 'b', 'c', 'z']);
  });

  it.each([
    ['an unknown operator', { $increase: { a: 1 } }, 9],
    ['$inc by a text', { $inc: { a: 'x' } }, 14],
    ['$inc of a text', { $inc: { text: 1 } }, 14],
    ['a modifier that is no document', { $set: 1 }, 9],
    ['a value beside an operator', { $set: { a: 2 }, b: 1 }, 9],
    ['two operators on one field', { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ['another _id', { $set: { _id: 2 } }, 66],
    ['no _id', { $unset: { _id: '' } }, 66],
    ['an empty path', { $set: { '': 1 } }, 56],
    ['a path that starts with $', { $set: { $a: 1 } }, 52],
  ])('refuses %s and leaves the document as it was', async (_name, update, code) => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never, a: 1, text: 'x', list: [1] });
    expect(await refusal(docs.updateOne({}, update as never))).toMatchObject({ code });
    expect(await docs.findOne({})).toEqual({ _id: 1, a: 1, text: 'x', list: [1] });
  });

  it('updates every match of updateMany once, even if it moves them in the index that found them', async () => {
    const docs = server.collection();
    await docs.createIndex({ n: 1 });
    await docs.insertMany(Array.from({ length: 300 }, (_, n) => ({ n })));
    expect(await docs.updateMany({ n: { $gte: 0 } }, { $inc: { n: 100 } })).toMatchObject({
      matchedCount: 300,
      modifiedCount: 300,
    });
    expect((await docs.find().sort({ n: 1 }).toArray()).map(({ n }) => n)).toEqual(
      Array.from({ length: 300 }, (_, n) => n + 100),
    );
  });

  it('replaces a whole document and keeps its _id', async () => {
    const docs = server.collection();
    await docs.insertOne({ _id: 1 as never, a: 1, b: 2 });
    await docs.replaceOne({ a: 1 }, { c: 3 });
    expect(await docs.findOne({})).toEqual({ _id: 1, c: 3 });
    expect(await refusal(docs.replaceOne({ c: 3 }, { _id: 2 as never }))).toMatchObject({ code: 66 });
  });
});

describe('upsert', () => {
  it('begins with the equalities of the filter', async () => {
    const docs = server.collection();
    const result = await docs.updateOne(
      { _id: 'x' as never, kind: 'lot', floor: 2, n: { $gt: 5 } },
      { $set: { a: 1 }, $inc: { c: 3 } },
      { upsert: true },
    );
    expect(result).toMatchObject({ matchedCount: 0, upsertedCount: 1, upsertedId: 'x' });
    expect(await docs.findOne({})).toEqual({ _id: 'x', kind: 'lot', floor: 2, a: 1, c: 3 });
  });

  it('of a replacement takes _id from the filter and nothing else', async () => {
    const docs = server.collection();
    await docs.replaceOne({ _id: 'x' as never, kind: 'lot' }, { a: 1 }, { upsert: true });
    expect(await docs.findOne({})).toEqual({ _id: 'x', a: 1 });
  });

  it.each([
    ['of a replacement', { q: { _id: 1 }, u: { _id: 2, a: 1 } }],
    ['by $set', { q: { _id: 1 }, u: { $set: { _id: 2 } } }],
  ])('under another _id than that of the filter is refused: %s', async (_name, statement) => {
    const docs = server.collection();
    const update = { update: docs.collectionName, updates: [{ ...statement, upsert: true }] };
    expect((await server.db.command(update)).writeErrors).toMatchObject([{ code: 66 }]);
    expect(await docs.countDocuments()).toBe(0);
  });

  it('takes the _id of a replacement when the filter names none', async () => {
    const docs = server.collection();
    await docs.replaceOne({ a: { $gt: 1 } }, { _id: 7 as never }, { upsert: true });
    expect(await docs.find().toArray()).toEqual([{ _id: 7 }]);
  });

  it('cannot take one field from two equalities', async () => {
    const docs = server.collection();
    const upsert = docs.updateOne({ $and: [{ a: 1 }, { a: 2 }] }, { $set: { b: 1 } }, { upsert: true });
    expect(await refusal(upsert)).toMatchObject({ code: 54 });
  });

  it('makes an ObjectId when the filter names none', async () => {
    const docs = server.collection();
    const { upsertedId } = await docs.updateOne({ a: 1 }, { $set: { b: 2 } }, { upsert: true });
    expect(upsertedId).toBeInstanceOf(ObjectId);
  });

  it('with a position in the filter is refused as a duplicate when the document stands elsewhere', async () => {
    const docs = server.collection();
    await docs.insertOne({ _id: 'x' as never, _position: 7 });
    const stale = {
      replaceOne: { filter: { _id: 'x' as never, _position: 5 }, replacement: { _position: 6 }, upsert: true },
    };
    const fresh = {
      replaceOne: { filter: { _id: 'y' as never, _position: 0 }, replacement: { _position: 1 }, upsert: true },
    };
    const error = (await refusal(docs.bulkWrite([stale, fresh], { ordered: false }))) as MongoBulkWriteError;
    expect([error.writeErrors].flat().map(({ index, code }) => [index, code])).toEqual([[0, 11000]]);
    expect(error.result.upsertedCount).toBe(1);
    expect(await docs.findOne({ _id: 'x' as never })).toEqual({ _id: 'x', _position: 7 });
  });

  it('of one _id by many clients at once makes one document', async () => {
    const docs = server.collection();
    const once = () => docs.updateOne({ _id: 'x' as never }, { $inc: { n: 1 } }, { upsert: true });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, once));
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(await docs.findOne({})).toEqual({ _id: 'x', n: 20 - refused.length });
  });
});

describe('bulkWrite', () => {
  it('counts each kind of write', async () => {
    const docs = server.collection();
    await docs.insertMany([
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
      { _id: 3, a: 3 },
    ] as never);
    const result = await docs.bulkWrite([
      { insertOne: { document: { _id: 4 as never } } },
      { updateOne: { filter: { _id: 1 as never }, update: { $set: { a: 10 } } } },
      { updateMany: { filter: { a: { $lt: 5 } }, update: { $set: { b: 1 } } } },
      { replaceOne: { filter: { _id: 5 as never }, replacement: { c: 1 }, upsert: true } },
      { deleteOne: { filter: { _id: 4 as never } } },
      { deleteMany: { filter: { b: 1 } } },
    ]);
    expect(result).toMatchObject({
      insertedCount: 1,
      matchedCount: 3,
      modifiedCount: 3,
      upsertedCount: 1,
      deletedCount: 3,
    });
    expect(result.upsertedIds).toEqual({ 3: 5 });
    expect((await docs.find().sort({ _id: 1 }).toArray()).map(({ _id }) => _id)).toEqual([1, 5]);
  });

  it('stops an ordered bulk at the first error and reports its index', async () => {
    const docs = server.collection();
    const error = (await refusal(
      docs.bulkWrite([
        { insertOne: { document: { _id: 1 as never } } },
        { updateOne: { filter: { _id: 1 as never }, update: { $set: { a: 1 } } } },
        { insertOne: { document: { _id: 1 as never } } },
        { insertOne: { document: { _id: 2 as never } } },
      ]),
    )) as MongoBulkWriteError;
    expect([error.writeErrors].flat()[0]).toMatchObject({ index: 2, code: 11000 });
    expect(error.result).toMatchObject({ insertedCount: 1, modifiedCount: 1 });
    expect(await docs.countDocuments()).toBe(1);
  });

  it('writes thousands of upserts in one bulk', async () => {
    const docs = server.collection();
    const writes = Array.from({ length: 3000 }, (_, n) => ({
      replaceOne: { filter: { _id: `d${n % 2000}` as never }, replacement: { n }, upsert: true },
    }));
    const result = await docs.bulkWrite(writes, { ordered: false });
    expect(result).toMatchObject({ upsertedCount: 2000, matchedCount: 1000, modifiedCount: 1000 });
    expect(await docs.countDocuments()).toBe(2000);
  });
});

describe('delete', () => {
  it('removes the first match or all of them', async () => {
    const docs = server.collection();
    await docs.insertMany([{ a: 1 }, { a: 1 }, { a: 1 }, { a: 2 }]);
    expect(await docs.deleteOne({ a: 1 })).toMatchObject({ deletedCount: 1 });
    expect(await docs.deleteMany({ a: 1 })).toMatchObject({ deletedCount: 2 });
    expect(await docs.deleteMany({ a: 1 })).toMatchObject({ deletedCount: 0 });
    expect(await docs.countDocuments()).toBe(1);
  });
});

describe('the fields of a statement', () => {
  it.each([
    ['an unknown field of an update', { updates: [{ q: {}, u: { $set: { a: 1 } }, foo: 1 }] }, 40415],
    ['an unknown field of the command', { updates: [{ q: {}, u: { $set: { a: 1 } } }], foo: 1 }, 40415],
    ['an update without a filter', { updates: [{ u: { $set: { a: 1 } } }] }, 40414],
    ['an update without an update', { updates: [{ q: {} }] }, 40414],
    ['no updates', { updates: [] }, 16],
    ['missing updates', {}, 40414],
    ['updates that are no array', { updates: 1 }, 14],
    ['a flag that is no boolean', { updates: [{ q: {}, u: { $set: { a: 1 } }, multi: 1 }] }, 14],
  ])('are checked: %s', async (_name, fields, code) => {
    const { collectionName: update } = server.collection();
    expect(await refusal(server.db.command({ update, ...fields }))).toMatchObject({ code });
  });

  it.each([
    ['an unknown field', { deletes: [{ q: {}, limit: 1, foo: 1 }] }, 40415],
    ['no limit', { deletes: [{ q: {} }] }, 40414],
    ['a limit of 2', { deletes: [{ q: {}, limit: 2 }] }, 9],
  ])('are checked in a delete: %s', async (_name, fields, code) => {
    const docs = server.collection();
    await docs.insertOne({});
    expect(await refusal(server.db.command({ delete: docs.collectionName, ...fields }))).toMatchObject({ code });
    expect(await docs.countDocuments()).toBe(1);
  });
});
