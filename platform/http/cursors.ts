import { createHmac } from 'node:crypto';
import type { Db } from 'mongodb';
import { decrypt, encrypt, NONCE_BYTES } from '../machine/encryption.ts';
import { machine } from '../machine/machine.ts';
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

/**
 * Milliseconds between two reads of the key after a cursor could not be opened: MongoDB's data may have been replaced.
 */
const READ_AGAIN_AFTER = 5_000;

const isDuplicate = (error: unknown): boolean => (error as { code?: unknown } | undefined)?.code === 11000;

/** Returns the key that all processes on a database share; the first one that needs it makes it. */
const sharedKey = async (db: Db): Promise<string> => {
  const secrets = db.collection<Secret>('secrets');
  const known = await secrets.findOne({ _id: { $eq: 'cursors' } });
  if (known) return known.key;
  try {
    const key = machine.randomBytes(32).toString('base64url');
    await secrets.insertOne({ _id: 'cursors', key });
    return key;
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return sharedKey(db);
  }
};

/**
 * Encrypts a place, since its id may name a customer, and binds it to its question. The nonce derives from both, so the
 * same place gives the same cursor, and pages keep their ETag; no nonce is used for two different places.
 */
const seal = (key: string, question: string, place: string): Buffer => {
  const nonce = createHmac('sha256', `nonce ${key}`).update(question).update('\n').update(place).digest();
  return encrypt(Buffer.from(key, 'base64url'), place, question, nonce.subarray(0, NONCE_BYTES));
};

/** Returns the place in a cursor; undefined when it was sealed with another key or for another question. */
const open = (key: string, question: string, cursor: Buffer): string | undefined => {
  try {
    return decrypt(Buffer.from(key, 'base64url'), cursor, question).toString();
  } catch {
    return undefined;
  }
};

const refused = () =>
  new ProblemError(
    problems.invalid([{ pointer: '/cursor', detail: 'is not a cursor of this query: begin with its first page' }]),
  );

const isPrimitive = (value: unknown): value is Place['value'] =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

/** Encrypts cursors with a key that is kept in the database. */
export const sealedCursors = (db: Db): Cursors => {
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
    if (machine.elapsed() - readAt > READ_AGAIN_AFTER) {
      readAt = machine.elapsed();
      key = undefined;
    }
    return currentKey();
  };

  return {
    async encode(question, { id, value }) {
      return seal(await currentKey(), question, JSON.stringify([id, value])).toString('base64url');
    },
    async decode(question, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      const place = open(await currentKey(), question, bytes) ?? open(await renewedKey(), question, bytes);
      if (place === undefined) throw refused();
      const [id, value] = JSON.parse(place);
      if (typeof id !== 'string' || !isPrimitive(value)) throw refused();
      return { id, value };
    },
  };
};
