/**
 * Encodes answers of Streams/Read and BatchAppend as protobuf bytes by hand. Events are by far the most frequent
 * message of this server: an event takes about 2 µs instead of 20 with the generated classes, once for all its live
 * subscribers. Field numbers: event_store.client.streams.ReadResp and BatchAppendResp.
 */
import { randomUUID } from 'node:crypto';
import { ReadResp, StreamIdentifier } from './protocol.ts';
import type { StoredEvent } from './stored-events.ts';

const TICKS_PER_MILLISECOND = 10_000;

const UUID_LENGTH = 36;

/** One event as a ReadResp, with its id as text. Commit and prepare position are the same here. */
export const encodeEvent = (event: StoredEvent): Buffer => {
  const nameLength = Buffer.byteLength(event.streamName);
  const typeLength = Buffer.byteLength(event.type);
  const created = String(event.created * TICKS_PER_MILLISECOND);
  const contentType = event.isJson ? CONTENT_TYPE_JSON : CONTENT_TYPE_BINARY;

  const identifierLength = nameLength === 0 ? 0 : 1 + varintLength(nameLength) + nameLength;
  const revisionLength = event.revision === 0 ? 0 : 1 + varintLength(event.revision);
  const positionLength = 1 + varintLength(event.position);
  const typeEntryLength = KEY_TYPE.length + 1 + varintLength(typeLength) + typeLength;
  const createdEntryLength = KEY_CREATED.length + 2 + created.length;
  const recordLength =
    fieldLength(UUID_LENGTH + 2) +
    1 +
    varintLength(identifierLength) +
    identifierLength +
    revisionLength +
    2 * positionLength +
    fieldLength(typeEntryLength) +
    fieldLength(createdEntryLength) +
    contentType.length +
    (event.metadata.length > 0 ? fieldLength(event.metadata.length) : 0) +
    (event.data.length > 0 ? fieldLength(event.data.length) : 0);
  const readEventLength = fieldLength(recordLength) + positionLength;

  const out = Buffer.allocUnsafe(fieldLength(readEventLength));
  let at = lengthPrefix(out, 0, 0x0a, readEventLength);
  at = lengthPrefix(out, at, 0x0a, recordLength);
  at = lengthPrefix(out, at, 0x0a, UUID_LENGTH + 2);
  at = lengthPrefix(out, at, 0x12, UUID_LENGTH);
  at += out.write(uuidText(event.id), at, 'latin1');
  at = lengthPrefix(out, at, 0x12, identifierLength);
  if (nameLength > 0) {
    at = lengthPrefix(out, at, 0x1a, nameLength);
    at += out.write(event.streamName, at, 'utf8');
  }
  if (event.revision !== 0) {
    out[at++] = 0x18;
    at = varint(out, at, event.revision);
  }
  out[at++] = 0x20;
  at = varint(out, at, event.position);
  out[at++] = 0x28;
  at = varint(out, at, event.position);
  at = lengthPrefix(out, at, 0x32, typeEntryLength);
  at += KEY_TYPE.copy(out, at);
  at = lengthPrefix(out, at, 0x12, typeLength);
  at += out.write(event.type, at, 'utf8');
  at += contentType.copy(out, at);
  at = lengthPrefix(out, at, 0x32, createdEntryLength);
  at += KEY_CREATED.copy(out, at);
  at = lengthPrefix(out, at, 0x12, created.length);
  at += out.write(created, at, 'latin1');
  if (event.metadata.length > 0) {
    at = lengthPrefix(out, at, 0x3a, event.metadata.length);
    out.set(event.metadata, at);
    at += event.metadata.length;
  }
  if (event.data.length > 0) {
    at = lengthPrefix(out, at, 0x42, event.data.length);
    out.set(event.data, at);
    at += event.data.length;
  }
  out[at++] = 0x18;
  varint(out, at, event.position);
  return out;
};

/** Encodes a checkpoint of a filtered subscription: every event up to and including `position` has been considered. */
export const encodeCheckpoint = (position: number): Buffer => {
  const positions = encodePositions(position);
  const out = Buffer.allocUnsafe(fieldLength(positions.length));
  block(out, 0, 0x1a, positions);
  return out;
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

// ---- BatchAppendResp
// -----------------------------------------------------------------------------------------------------------

const EMPTY_NO_STREAM = Buffer.from([0x12, 0]);
const EMPTY_NO_POSITION = Buffer.from([0x22, 0]);

/** Encodes the outcome of an append: a BatchAppendResp with `error` (a Status) or `success` (see encodeSuccess). */
export const encodeBatchAnswer = (
  correlationId: Buffer,
  identifier: Buffer,
  outcome: { error: Uint8Array } | { success: Buffer },
): Buffer => {
  const [tag, content] = 'error' in outcome ? [0x12, outcome.error] : [0x1a, outcome.success];
  const out = Buffer.allocUnsafe(
    fieldLength(correlationId.length) + fieldLength(content.length) + fieldLength(identifier.length),
  );
  const middle = block(out, 0, 0x0a, correlationId);
  block(out, block(out, middle, tag, content), 0x22, identifier);
  return out;
};

/** Encodes the revision of the last event (negative: none) and its position. */
export const encodeSuccess = (revision: number, position: number | undefined): Buffer => {
  const revisionLength = revision < 0 ? EMPTY_NO_STREAM.length : 1 + varintLength(revision);
  const checkpoint = position === undefined ? undefined : encodePositions(position);
  const out = Buffer.allocUnsafe(
    revisionLength + (checkpoint ? fieldLength(checkpoint.length) : EMPTY_NO_POSITION.length),
  );
  if (revision < 0) EMPTY_NO_STREAM.copy(out);
  else lengthPrefix(out, 0, 0x08, revision);
  if (checkpoint) block(out, revisionLength, 0x1a, checkpoint);
  else EMPTY_NO_POSITION.copy(out, revisionLength);
  return out;
};

/** Encodes commit and prepare position, fields 1 and 2 of every message that has both. */
const encodePositions = (position: number): Buffer => {
  const positionLength = 1 + varintLength(position);
  const out = Buffer.allocUnsafe(2 * positionLength);
  lengthPrefix(out, lengthPrefix(out, 0, 0x08, position), 0x10, position);
  return out;
};

// ---- shared
// --------------------------------------------------------------------------------------------------------------------

const bytes = (message: InstanceType<typeof ReadResp>): Buffer => Buffer.from(message.serializeBinary());

/** Formats lower-case hex without dashes as the usual text form. */
const uuidText = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;

const varintLength = (value: number): number => {
  let length = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) length++;
  return length;
};

const varint = (out: Buffer, start: number, value: number): number => {
  let at = start;
  let rest = value;
  while (rest > 0x7f) {
    out[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at++] = rest;
  return at;
};

/** Encodes a tag and a number: a field, or its length. */
const lengthPrefix = (out: Buffer, at: number, tag: number, length: number): number => {
  out[at] = tag;
  return varint(out, at + 1, length);
};

const block = (out: Buffer, at: number, tag: number, content: Uint8Array): number => {
  const start = lengthPrefix(out, at, tag, content.length);
  out.set(content, start);
  return start + content.length;
};

const fieldLength = (length: number): number => 1 + varintLength(length) + length;

const mapKey = (key: string): Buffer => Buffer.concat([Buffer.from([0x0a, key.length]), Buffer.from(key)]);

const mapEntry = (key: string, value: string): Buffer => {
  const content = Buffer.concat([mapKey(key), Buffer.from([0x12, value.length]), Buffer.from(value)]);
  return Buffer.concat([Buffer.from([0x32, content.length]), content]);
};

const KEY_TYPE = mapKey('type');
const KEY_CREATED = mapKey('created');
const CONTENT_TYPE_JSON = mapEntry('content-type', 'application/json');
const CONTENT_TYPE_BINARY = mapEntry('content-type', 'application/octet-stream');

export const CAUGHT_UP = bytes(new ReadResp().setCaughtUp(new ReadResp.CaughtUp()));
