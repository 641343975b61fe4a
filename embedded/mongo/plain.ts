import { isUtf8 } from 'node:buffer';
import type { Doc } from './values.ts';

/*
 * Takes some fields out of a document's bytes without decoding the rest: what an index needs of a document, or a filter by `_id`.
 * Only documents of plain values are read here; all others are for the BSON library. Whatever is accepted here the library
 * would accept too. Lengths are taken as they are: the document was checked when it came over the wire.
 */

/** The same bytes. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Names of top-level fields to take, found by a hash of their bytes. */
export type Wanted = ReadonlyMap<number, readonly string[]>;

/** @returns undefined when one of the names must be left to the BSON library */
export function wantedFields(names: Iterable<string>): Wanted | undefined {
  const wanted = new Map<number, string[]>();
  for (const name of new Set(names)) {
    if (!/^[\w$-]+$/.test(name) || name === '__proto__') return undefined;
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) & 0xffff;
    wanted.set(hash, [...(wanted.get(hash) ?? []), name]);
  }
  return wanted;
}

const DOUBLE = 0x01;
const TEXT = 0x02;
const DOCUMENT = 0x03;
const ARRAY = 0x04;
const OBJECT_ID = 0x07;
const BOOLEAN = 0x08;
const DATE = 0x09;
const NULL = 0x0a;
const INT32 = 0x10;
const LONG = 0x12;

/**
 * The wanted top-level fields, numbers as such, arrays of nothing but text as lists.
 * @returns undefined when the document has values of other types, text that is no UTF-8, a name like an operator's, or a wanted
 *   field that is a document
 */
export function plainFields(bytes: Buffer, wanted: Wanted): Doc | undefined {
  const fields: Doc = {};
  let depth = 0;
  for (let at = 4; ; ) {
    const type = bytes[at++] as number;
    if (type === 0) {
      if (depth-- === 0) return fields;
      continue;
    }
    const nameStart = at;
    let hash = 0;
    let high = 0;
    for (let byte = bytes[at] as number; byte !== 0; byte = bytes[++at] as number) {
      hash = (hash * 31 + byte) & 0xffff;
      high |= byte;
    }
    if (high > 0x7f && !isUtf8(bytes.subarray(nameStart, at))) return undefined;
    if (depth === 0 && bytes[nameStart] === 0x24) return undefined;
    const name = depth === 0 ? nameOf(wanted.get(hash), bytes, nameStart, at) : undefined;
    at++;
    switch (type) {
      case TEXT: {
        const end = at + 3 + int32(bytes, at);
        if (name !== undefined) {
          const text = textOf(bytes, at + 4, end);
          if (text === undefined) return undefined;
          fields[name] = text;
        } else if (!isText(bytes, at + 4, end)) return undefined;
        at = end + 1;
        break;
      }
      case DOCUMENT:
        if (name !== undefined) return undefined;
        depth++;
        at += 4;
        break;
      case ARRAY:
        if (name === undefined) {
          depth++;
          at += 4;
          break;
        }
        fields[name] = textsOf(bytes, at);
        if (fields[name] === undefined) return undefined;
        at += int32(bytes, at);
        break;
      case INT32:
        if (name !== undefined) fields[name] = int32(bytes, at);
        at += 4;
        break;
      case DOUBLE:
        if (name !== undefined) fields[name] = bytes.readDoubleLE(at);
        at += 8;
        break;
      case BOOLEAN:
        if ((bytes[at] as number) > 1) return undefined;
        if (name !== undefined) fields[name] = bytes[at] === 1;
        at += 1;
        break;
      case DATE:
        if (name !== undefined) fields[name] = new Date(Number(bytes.readBigInt64LE(at)));
        at += 8;
        break;
      case NULL:
        if (name !== undefined) fields[name] = null;
        break;
      case OBJECT_ID:
      case LONG:
        if (name !== undefined) return undefined;
        at += type === LONG ? 8 : 12;
        break;
      default:
        return undefined;
    }
  }
}

function nameOf(names: readonly string[] | undefined, bytes: Buffer, start: number, end: number): string | undefined {
  if (names === undefined) return undefined;
  for (const name of names) {
    if (name.length !== end - start) continue;
    let i = 0;
    while (i < name.length && name.charCodeAt(i) === bytes[start + i]) i++;
    if (i === name.length) return name;
  }
  return undefined;
}

function int32(bytes: Buffer, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

/** `end` is where the text's closing NUL must be. */
function isText(bytes: Buffer, start: number, end: number): boolean {
  let high = bytes[end] as number;
  if (high !== 0) return false;
  for (let i = start; i < end; i++) high |= bytes[i] as number;
  return high <= 0x7f || isUtf8(bytes.subarray(start, end));
}

function textOf(bytes: Buffer, start: number, end: number): string | undefined {
  let high = bytes[end] as number;
  if (high !== 0) return undefined;
  for (let i = start; i < end; i++) high |= bytes[i] as number;
  if (high <= 0x7f) return bytes.toString('latin1', start, end);
  return isUtf8(bytes.subarray(start, end)) ? bytes.toString('utf8', start, end) : undefined;
}

/** An array of texts and nothing else. */
function textsOf(bytes: Buffer, start: number): string[] | undefined {
  const texts: string[] = [];
  for (let at = start + 4; ; ) {
    const type = bytes[at++];
    if (type === 0) return texts;
    if (type !== TEXT) return undefined;
    while (bytes[at] !== 0) at++;
    at++;
    const end = at + 3 + int32(bytes, at);
    const text = textOf(bytes, at + 4, end);
    if (text === undefined) return undefined;
    texts.push(text);
    at = end + 1;
  }
}

/** A replacement of one document that is named by its `_id`, a text. */
export type PlainReplacement = {
  /** The fields by which the document is found, all of them texts, `_id` among them. */
  filter: Readonly<Record<string, string>>;
  /** The new document, which begins with the same `_id`. */
  bytes: Buffer;
  statement: Buffer;
};

/** @returns undefined for every other statement of an update */
export function plainReplacement(statement: Buffer): PlainReplacement | undefined {
  let filter: Record<string, string> | undefined;
  let replacement: Buffer | undefined;
  for (let at = 4; statement[at] !== 0; ) {
    const type = statement[at++];
    const nameStart = at;
    while (statement[at] !== 0) at++;
    const name = statement.toString('latin1', nameStart, at);
    at++;
    if (type === DOCUMENT && (name === 'q' || name === 'u')) {
      const size = int32(statement, at);
      const document = statement.subarray(at, at + size);
      if (name === 'q') filter = textFields(document);
      else replacement = document;
      at += size;
    } else if (type === BOOLEAN && (name === 'multi' || name === 'upsert') && statement[at] === 0) at += 1;
    else return undefined;
  }
  if (filter?._id === undefined || replacement === undefined || !beginsWithId(replacement)) return undefined;
  const id = plainFields(replacement, ID)?._id;
  return id === filter._id ? { filter, bytes: replacement, statement } : undefined;
}

const ID = wantedFields(['_id']) as Wanted;

export function beginsWithId(bytes: Buffer): boolean {
  return bytes[5] === 0x5f && bytes[6] === 0x69 && bytes[7] === 0x64 && bytes[8] === 0;
}

/** A document of texts under plain names. */
function textFields(bytes: Buffer): Record<string, string> | undefined {
  const fields: Record<string, string> = {};
  for (let at = 4; bytes[at] !== 0; ) {
    if (bytes[at++] !== TEXT) return undefined;
    const nameStart = at;
    while (bytes[at] !== 0) at++;
    const name = bytes.toString('latin1', nameStart, at);
    at++;
    const end = at + 3 + int32(bytes, at);
    const text = textOf(bytes, at + 4, end);
    if (text === undefined || !/^\w+$/.test(name) || name === '__proto__') return undefined;
    fields[name] = text;
    at = end + 1;
  }
  return fields;
}
