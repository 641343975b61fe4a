import { BSONType, deserialize, type Long, serialize } from 'bson';
import { CommandError, notImplemented } from './errors.ts';
import { type Doc, decode } from './values.ts';

/*
 * MongoDB wire protocol: OP_MSG, and OP_QUERY only for the first hello.
 * Source: MongoDB manual, "MongoDB Wire Protocol".
 */

export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
export const MAX_MESSAGE_BYTES = 48_000_000;
/** The nesting depth that the real server allows. */
const MAX_DEPTH = 200;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const KNOWN_REQUIRED_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME;

/** A command as received. Documents to insert stay BSON: `documents` is a list of their bytes. */
export type Request = {
  requestId: number;
  legacy: boolean;
  /** False when the client wants no answer. */
  wantsReply: boolean;
  command: Doc;
  /** The reason why a command in a valid frame cannot be executed. */
  refusal?: CommandError;
};

/** A frame that is not a message: its connection is closed. */
export class FrameError extends Error {}

/** A batch of a cursor, with its documents as BSON. */
export type CursorBatch = { id: Long; ns: string; part: 'firstBatch' | 'nextBatch'; batch: Uint8Array[] };

/** Returns the length that a frame claims. @throws FrameError for an impossible length */
export const frameLength = (head: Buffer): number => {
  const length = head.readInt32LE(0);
  if (length < 21 || length > MAX_MESSAGE_BYTES) throw new FrameError(`a message of ${length} bytes`);
  return length;
};

/** Reads one whole frame. @throws FrameError */
export const parseFrame = (frame: Buffer): Request => {
  const requestId = frame.readInt32LE(4);
  const opCode = frame.readInt32LE(12);
  try {
    if (opCode === OP_MSG) return parseMessage(frame, requestId);
    if (opCode === OP_QUERY) return parseQuery(frame, requestId);
  } catch (error) {
    if (error instanceof CommandError) return refused(error, requestId, opCode === OP_QUERY, frame.readUInt32LE(16));
    throw error instanceof FrameError ? error : new FrameError((error as Error).message);
  }
  throw new FrameError(`operation ${opCode} is not supported`);
};

const refused = (refusal: CommandError, requestId: number, legacy: boolean, flags: number): Request => ({
  requestId,
  legacy,
  wantsReply: legacy || (flags & MORE_TO_COME) === 0,
  command: {},
  refusal,
});

const parseQuery = (frame: Buffer, requestId: number): Request => {
  const nameEnd = frame.indexOf(0, 20);
  if (nameEnd === -1) throw new FrameError('an unterminated collection name');
  const database = frame.toString('utf8', 20, nameEnd).replace(/\.\$cmd$/, '');
  const command = readDocument(frame, nameEnd + 9, frame.length).doc;
  return { requestId, legacy: true, wantsReply: true, command: { ...command, $db: database } };
};

const parseMessage = (frame: Buffer, requestId: number): Request => {
  const flags = frame.readUInt32LE(16);
  if ((flags & 0xffff & ~KNOWN_REQUIRED_FLAGS) !== 0) throw new FrameError(`unknown message flags ${flags}`);
  const end = frame.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  let command: Doc | undefined;
  const sequences: [string, unknown[]][] = [];
  for (let at = 20; at < end; ) {
    const kind = frame[at++];
    if (kind === 0 && command === undefined) {
      const body = readDocument(frame, at, end);
      command = body.doc;
      at = body.end;
    } else if (kind === 1) {
      const size = frame.readInt32LE(at);
      if (size < 5 || at + size > end) throw new FrameError(`a section of ${size} bytes`);
      sequences.push(readSequence(frame, at + 4, at + size));
      at += size;
    } else throw new FrameError(`an unexpected section of kind ${kind}`);
  }
  if (command === undefined) throw new FrameError('a message without a body');
  for (const [name, documents] of sequences) command[name] = documents;
  return { requestId, legacy: false, wantsReply: (flags & MORE_TO_COME) === 0, command };
};

const readSequence = (frame: Buffer, start: number, end: number): [string, unknown[]] => {
  const nameEnd = frame.indexOf(0, start);
  if (nameEnd === -1 || nameEnd >= end) throw new FrameError('an unterminated section name');
  const name = frame.toString('utf8', start, nameEnd);
  const documents: unknown[] = [];
  for (let at = nameEnd + 1; at < end; ) {
    const size = documentSize(frame, at, end);
    const bytes = frame.subarray(at, at + size);
    checkDocument(bytes);
    documents.push(name === 'documents' ? bytes : decode(bytes));
    at += size;
  }
  return [name, documents];
};

const readDocument = (frame: Buffer, at: number, limit: number): { doc: Doc; end: number } => {
  const size = documentSize(frame, at, limit);
  const bytes = frame.subarray(at, at + size);
  checkDocument(bytes);
  const isInsert = bytes.toString('latin1', 5, 12) === 'insert\0';
  const doc = isInsert ? deserialize(bytes, { promoteValues: false, fieldsAsRaw: { documents: true } }) : decode(bytes);
  return { doc, end: at + size };
};

const documentSize = (frame: Buffer, at: number, limit: number): number => {
  const size = at + 4 <= limit ? frame.readInt32LE(at) : 0;
  if (size < 5 || at + size > limit) throw new FrameError(`a document of ${size} bytes`);
  return size;
};

/**
 * Checks a document's bytes without recursion: every length within its parent, bounded nesting, supported types.
 * @throws FrameError; CommandError 238 for an unsupported type
 */
const checkDocument = (bytes: Buffer): void => {
  const ends: number[] = [documentSize(bytes, 0, bytes.length)];
  let at = 4;
  while (ends.length > 0) {
    const end = ends[ends.length - 1] as number;
    if (at >= end) throw new FrameError('a document that overruns its length');
    const type = bytes[at++] as number;
    if (type === 0) {
      if (at !== end) throw new FrameError('a document that ends before its length');
      ends.pop();
      continue;
    }
    while (at < end && bytes[at] !== 0) at++;
    at++;
    if (type === 0x03 || type === 0x04) {
      if (ends.length > MAX_DEPTH) throw new FrameError(`a document that nests more than ${MAX_DEPTH} levels`);
      ends.push(at + documentSize(bytes, at, end));
      at += 4;
      continue;
    }
    at += valueSize(bytes, type, at, end);
    if (at > end) throw new FrameError('a value that overruns its document');
  }
};

/** Sizes of the types without a length field. */
const FIXED: Record<number, number> = { 1: 8, 7: 12, 8: 1, 9: 8, 10: 0, 16: 4, 18: 8 };

/** The names of all types by their bytes. */
const NAMES = new Map<number, string>(Object.entries(BSONType).map(([name, type]) => [type & 0xff, name]));

const valueSize = (bytes: Buffer, type: number, at: number, end: number): number => {
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed;
  if (type !== BSONType.string && type !== BSONType.binData) {
    const unsupported = NAMES.get(type);
    if (unsupported) throw notImplemented(`values of type ${unsupported}`);
    throw new FrameError(`an element of unknown type ${type}`);
  }
  if (at + 4 > end) throw new FrameError('a value without its length');
  const length = bytes.readInt32LE(at);
  if (length < 0) throw new FrameError(`a value of ${length} bytes`);
  return (type === BSONType.string ? 4 : 5) + length;
};

let nextId = 1;

const frameOf = (request: Request, parts: Uint8Array[]): Buffer => {
  const prefix = Buffer.alloc(request.legacy ? 36 : 21);
  const length = prefix.length + parts.reduce((total, part) => total + part.length, 0);
  prefix.writeInt32LE(length, 0);
  nextId = (nextId + 1) & 0x7fffffff;
  prefix.writeInt32LE(nextId, 4);
  prefix.writeInt32LE(request.requestId, 8);
  prefix.writeInt32LE(request.legacy ? OP_REPLY : OP_MSG, 12);
  if (request.legacy) {
    prefix.writeInt32LE(8, 16);
    prefix.writeInt32LE(1, 32);
  }
  return Buffer.concat([prefix, ...parts], length);
};

export const replyFrame = (request: Request, reply: Doc): Buffer => {
  return frameOf(request, [serialize(reply)]);
};

/** Encodes `{ cursor: { <part>: [...], id, ns }, ok: 1 }` with the documents copied unchanged. */
export const cursorFrame = (request: Request, { id, ns, part, batch }: CursorBatch): Buffer => {
  const elements = batch.map((bytes, index) => ({ head: Buffer.from(`\x03${index}\0`, 'latin1'), bytes }));
  const arraySize = 5 + elements.reduce((total, { head, bytes }) => total + head.length + bytes.length, 0);
  const tail = serialize({ id, ns }).subarray(4);
  const arrayHead = Buffer.from(`\x04${part}\0`, 'latin1');
  const cursorSize = 4 + arrayHead.length + arraySize + tail.length;
  const cursorHead = Buffer.from('\x03cursor\0', 'latin1');
  const end = serialize({ ok: 1 }).subarray(4);
  const parts: Uint8Array[] = [
    int32(4 + cursorHead.length + cursorSize + end.length),
    cursorHead,
    int32(cursorSize),
    arrayHead,
    int32(arraySize),
  ];
  for (const { head, bytes } of elements) parts.push(head, bytes);
  parts.push(Buffer.from([0]), tail, end);
  return frameOf(request, parts);
};

const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};

/** Checks the result of an update. @throws CommandError 10334 above 16 MB, 15 when it nests too deep */
export const checkStorable = (bytes: Uint8Array): void => {
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new CommandError(
      10334,
      `BSONObj size: ${bytes.length} is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES}`,
    );
  }
  try {
    checkDocument(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    throw new CommandError(15, (error as Error).message);
  }
};
