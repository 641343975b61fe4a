/**
 * Encodes answers of Streams/Read and BatchAppend as protobuf bytes by hand. Events are by far the most frequent
 * message of this server: an event takes about 2 µs instead of 20 with the generated classes, once for all its live
 * subscribers. Field numbers: event_store.client.streams.ReadResp and BatchAppendResp.
 *
 * A message is written from its end to its beginning, so that each length is known when it is written: its last field
 * comes first.
 */
import { randomUUID } from 'node:crypto';
import { ReadResp, StreamIdentifier } from './protocol.ts';
import type { StoredEvent } from './stored-events.ts';

const TICKS_PER_MILLISECOND = 10_000;
/** The most bytes of a tag and a length or number. */
const TAG_AND_NUMBER = 9;
/** The most bytes of an event besides its name, type, metadata and data. */
const REST_OF_EVENT = 256;

/** The message being written: everything from `at` on. */
let out = Buffer.alloc(0);
let at = 0;

/** @param most bytes that the message may have */
const begin = (most: number): void => {
  out = Buffer.allocUnsafe(most);
  at = most;
};

const written = (): Buffer => out.subarray(at);

/** Writes a tag and a number: a field, or its length. */
const number = (tag: number, value: number): void => {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++;
  at -= bytes + 1;
  out[at] = tag;
  let rest = value;
  for (let place = at + 1; place < at + bytes; place++) {
    out[place] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at + bytes] = rest;
};

const block = (tag: number, content: Uint8Array): void => {
  at -= content.length;
  out.set(content, at);
  number(tag, content.length);
};

const text = (tag: number, value: string): void => {
  const length = Buffer.byteLength(value);
  at -= length;
  out.write(value, at, 'utf8');
  number(tag, length);
};

/** Makes a field of everything written since the message began at `end`. */
const wrap = (tag: number, end: number): void => number(tag, end - at);

/** Writes an entry of an event's system metadata. */
const entry = (key: string, value: string): void => {
  const end = at;
  text(0x12, value);
  text(0x0a, key);
  wrap(0x32, end);
};

/** Writes commit and prepare position, which are the same here. */
const positions = (tag: number, nextTag: number, position: number): void => {
  number(nextTag, position);
  number(tag, position);
};

/** One event as a ReadResp, with its id as text. */
export const encodeEvent = (event: StoredEvent): Buffer => {
  const { streamName, type, metadata, data, revision, position } = event;
  begin(3 * (streamName.length + type.length) + metadata.length + data.length + REST_OF_EVENT);
  const end = at;
  number(0x18, position);
  const recordEnd = at;
  if (data.length > 0) block(0x42, data);
  if (metadata.length > 0) block(0x3a, metadata);
  entry('created', String(event.created * TICKS_PER_MILLISECOND));
  entry('content-type', event.isJson ? 'application/json' : 'application/octet-stream');
  entry('type', type);
  positions(0x20, 0x28, position);
  if (revision !== 0) number(0x18, revision);
  const identifierEnd = at;
  text(0x1a, streamName);
  wrap(0x12, identifierEnd);
  const idEnd = at;
  text(0x12, uuidText(event.id));
  wrap(0x0a, idEnd);
  wrap(0x0a, recordEnd);
  wrap(0x0a, end);
  return written();
};

/** Encodes a checkpoint of a filtered subscription: every event up to and including `position` has been considered. */
export const encodeCheckpoint = (position: number): Buffer => {
  begin(3 * TAG_AND_NUMBER);
  const end = at;
  positions(0x08, 0x10, position);
  wrap(0x1a, end);
  return written();
};

export const encodeConfirmation = (): Buffer => {
  const confirmation = new ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(randomUUID());
  return bytes(new ReadResp().setConfirmation(confirmation));
};

export const encodeStreamNotFound = (streamName: string): Buffer => {
  const notFound = new ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(new StreamIdentifier().setStreamName(Buffer.from(streamName)));
  return bytes(new ReadResp().setStreamNotFound(notFound));
};

/** Encodes the outcome of an append: a BatchAppendResp with `error` (a Status) or `success` (see encodeSuccess). */
export const encodeBatchAnswer = (
  correlationId: Buffer,
  identifier: Buffer,
  outcome: { error: Uint8Array } | { success: Buffer },
): Buffer => {
  const [tag, content] = 'error' in outcome ? [0x12, outcome.error] : [0x1a, outcome.success];
  begin(correlationId.length + content.length + identifier.length + 3 * TAG_AND_NUMBER);
  block(0x22, identifier);
  block(tag, content);
  block(0x0a, correlationId);
  return written();
};

const EMPTY = Buffer.alloc(0);

/** Encodes the revision of the last event (negative: none) and its position. */
export const encodeSuccess = (revision: number, position: number | undefined): Buffer => {
  begin(4 * TAG_AND_NUMBER);
  const end = at;
  if (position === undefined) {
    block(0x22, EMPTY);
  } else {
    positions(0x08, 0x10, position);
    wrap(0x1a, end);
  }
  if (revision < 0) block(0x12, EMPTY);
  else number(0x08, revision);
  return written();
};

const bytes = (message: InstanceType<typeof ReadResp>): Buffer => Buffer.from(message.serializeBinary());

/** Formats lower-case hex without dashes as the usual text form. */
const uuidText = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

export const CAUGHT_UP = bytes(new ReadResp().setCaughtUp(new ReadResp.CaughtUp()));
