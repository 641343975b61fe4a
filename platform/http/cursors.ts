import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Db } from 'mongodb';
import { ProblemError, problems } from './problem.ts';

/** The last document of a page, after which the next page begins. */
export type Place = { id: string; value: string | number | boolean | null };

/** Makes and reads the cursors of paged lists. A cursor is valid for the question it was made for, and for no other. */
export type Cursors = {
  /** @param question everything that a page depends on except its place and its length */
  encode(question: string, place: Place): Promise<string>;
  /** @throws ProblemError 400 for a cursor that was not made for this question */
  decode(question: string, cursor: string): Promise<Place>;
};

type Secret = { _id: string; key: string };

const MAC_BYTES = 16;

/** Milliseconds between two reads of the key for cursors that it does not fit: MongoDB's data may have been replaced. */
const READ_AGAIN_AFTER = 5_000;

const isDuplicate = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === 11000;

/** Returns the key that all processes on a database share; the first one that needs it makes it. */
const sharedKey = async (db: Db): Promise<string> => {
  const secrets = db.collection<Secret>('secrets');
  const known = await secrets.findOne({ _id: { $eq: 'cursors' } });
  if (known) return known.key;
  try {
    const key = randomBytes(32).toString('base64url');
    await secrets.insertOne({ _id: 'cursors', key });
    return key;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return sharedKey(db);
  }
};

const macOf = (key: string, question: string, place: Buffer): Buffer =>
  createHmac('sha256', key).update(question).update('\n').update(place).digest().subarray(0, MAC_BYTES);

const refused = () =>
  new ProblemError(
    problems.invalid([{ pointer: '/cursor', detail: 'is not a cursor of this query: begin with its first page' }]),
  );

const isPrimitive = (value: unknown): value is Place['value'] =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** Opens cursors signed with a key that is kept in the database. */
export const signedCursors = (db: Db): Cursors => {
  let key: Promise<string> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;

  const currentKey = (): Promise<string> => {
    key ??= sharedKey(db).catch((error) => {
      key = undefined;
      throw error;
    });
    return key;
  };
  const renewedKey = (): Promise<string> => {
    if (performance.now() - readAt > READ_AGAIN_AFTER) {
      readAt = performance.now();
      key = undefined;
    }
    return currentKey();
  };

  return {
    async encode(question, { id, value }) {
      const place = Buffer.from(JSON.stringify([id, value]));
      return Buffer.concat([macOf(await currentKey(), question, place), place]).toString('base64url');
    },
    async decode(question, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      const [mac, place] = [bytes.subarray(0, MAC_BYTES), bytes.subarray(MAC_BYTES)];
      const isSignedBy = (by: string): boolean =>
        mac.length === MAC_BYTES && timingSafeEqual(mac, macOf(by, question, place));
      if (!isSignedBy(await currentKey()) && !isSignedBy(await renewedKey())) throw refused();
      const [id, value] = JSON.parse(place.toString());
      if (typeof id !== 'string' || !isPrimitive(value)) throw refused();
      return { id, value };
    },
  };
};
