import type { AllStreamResolvedEvent, AllStreamSubscription, EventStoreDBClient } from '@eventstore/db-client';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Client as GrpcClient } from '@grpc/grpc-js';
import { withoutSubjects } from '../actors.ts';
import { toStoredEvent } from '../streams.ts';
import type { EventMetadata, Revision, StoredEvent } from '../types.ts';
import { READ, widenReceiveWindows } from './receive-window.ts';

const { ReadReq, ReadResp } = streams;
type ReadRequest = InstanceType<typeof ReadReq>;
type ReadResponse = InstanceType<typeof ReadResp>;

/*
 * The client's subscription with a faster decoder. The generated classes create some thirty objects per event on
 * arrival; here an event stays in its bytes until it is taken from the queue, and is decoded in one pass.
 */

/** An event in its bytes, decoded when it is taken from the queue. */
export class RawEvent {
  readonly bytes: Buffer;
  #convert: Convert | undefined;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Keeps the client's own decoder for messages that this one cannot read. */
  kept(convert: Convert): RawEvent {
    this.#convert = convert;
    return this;
  }

  read(): StoredEvent | undefined {
    const event = readEvent(this.bytes);
    if (event) return event;
    const { event: recorded } = this.#convert!(ReadResp.deserializeBinary(this.bytes).getEvent());
    return recorded && toStoredEvent(recorded);
  }
}

type Convert = (event: unknown) => AllStreamResolvedEvent;
type CreateStream = (connection: GrpcClient) => unknown;
type Client = Pick<EventStoreDBClient, 'subscribeToAll'>;
type OpenClient = { GRPCStreamCreator(kind: unknown, name: string, create: CreateStream, cache?: unknown): unknown };
type Transform = (message: unknown, encoding: string, next: (error: null, item: RawEvent) => void) => void;
type OpenSubscription = { convertGrpcEvent: Convert; _transform: Transform };

/** The tag of ReadResp.event: a message that begins with it is an event. */
const EVENT = 0x0a;

const serialize = (request: ReadRequest): Buffer => Buffer.from(request.serializeBinary());
const deserialize = (bytes: Buffer): RawEvent | ReadResponse =>
  bytes[0] === EVENT ? new RawEvent(bytes) : ReadResp.deserializeBinary(bytes);

/** Returns the client's subscription, which emits a RawEvent for each event. */
export const subscribeRaw = (
  client: Client,
  ...[options, buffers]: Parameters<Client['subscribeToAll']>
): AllStreamSubscription => {
  if (!('GRPCStreamCreator' in client)) return client.subscribeToAll(options, buffers);
  widenReceiveWindows();
  const open = client as Client & OpenClient;
  const raw: OpenClient = {
    GRPCStreamCreator: (kind, name, create, cache) =>
      open.GRPCStreamCreator(kind, name, (connection) => create(readingRaw(connection)), cache),
  };
  const subscription = Object.assign(Object.create(open), raw).subscribeToAll(
    options,
    buffers,
  ) as AllStreamSubscription;
  const opened = subscription as unknown as OpenSubscription;
  const { convertGrpcEvent, _transform } = opened;
  opened._transform = (message, encoding, next) =>
    message instanceof RawEvent
      ? next(null, message.kept(convertGrpcEvent))
      : _transform.call(subscription, message, encoding, next);
  return subscription;
};

/** Returns the connection with the faster decoder, as far as a subscription uses it. */
const readingRaw = (connection: GrpcClient): GrpcClient =>
  ({
    read: (request: ReadRequest, ...how: never[]) =>
      connection.makeServerStreamRequest(READ, serialize, deserialize, request, ...how),
  }) as unknown as GrpcClient;

// --- event_store.client.streams.ReadResp, as protobuf's encoding has it ---------------------------------------------

let bytes: Buffer = Buffer.alloc(0);
let at = 0;

/** Reads a number below 2^53; returns -1 for a larger one. */
const varint = (): number => {
  let value = 0;
  for (let scale = 1; ; scale *= 0x80) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : -1;
    if (scale > 2 ** 63) return -1;
  }
};

/** Skips a field. @returns false for an unknown wire type */
const skip = (tag: number): boolean => {
  const wireType = tag & 7;
  if (wireType === 0) varint();
  else if (wireType === 1) at += 8;
  else if (wireType === 2) slice();
  else if (wireType === 5) at += 4;
  else return false;
  return true;
};

const text = (): string => {
  const length = varint();
  at += length;
  return bytes.toString('utf8', at - length, at);
};

type Record = {
  id: string;
  stream: string;
  revision: number;
  prepare: number;
  commit: number;
  type: string;
  contentType: string;
  metadata: Buffer | undefined;
  data: Buffer | undefined;
};

/**
 * @returns undefined for messages that only the generated classes read: an event without a record, an id as two
 *   numbers, positions of 2^53 and above
 */
const readEvent = (message: Buffer): StoredEvent | undefined => {
  bytes = message;
  at = 0;
  const record: Record = {
    id: '',
    stream: '',
    revision: 0,
    prepare: 0,
    commit: 0,
    type: '<no-event-type-provided>',
    contentType: 'application/octet-stream',
    metadata: undefined,
    data: undefined,
  };
  if (varint() !== EVENT) return undefined;
  const end = varint() + at;
  while (at < end) {
    const tag = varint();
    if (tag === 0x0a) {
      if (!readRecord(record, varint() + at)) return undefined;
    } else if (tag === 0x12 || !skip(tag)) return undefined;
  }
  const { id, stream, revision, prepare, commit, type, contentType, metadata, data } = record;
  if (at !== message.length || id === '' || revision < 0 || prepare < 0 || commit < 0) return undefined;
  return {
    id,
    type,
    stream,
    revision: BigInt(revision) as Revision,
    position: { commit: BigInt(commit), prepare: BigInt(prepare) },
    data: contentType === 'application/json' ? parsed(data, String) : (data ?? EMPTY),
    metadata: withoutSubjects((metadata ? parsed(metadata, (raw) => raw) : {}) as EventMetadata),
  };
};

const EMPTY = Buffer.alloc(0);

/** Returns non-JSON data unchanged, like the client. */
const parsed = (json: Buffer = EMPTY, otherwise: (json: Buffer) => unknown): unknown => {
  try {
    return JSON.parse(json.toString('utf8'));
  } catch {
    return otherwise(json);
  }
};

const readRecord = (record: Record, end: number): boolean => {
  while (at < end) {
    const tag = varint();
    switch (tag) {
      case 0x0a: {
        at++; // skip the length, which is one byte
        if (bytes[at] !== 0x12) return false;
        at++;
        record.id = text();
        break;
      }
      case 0x12: {
        const identifierEnd = varint() + at;
        while (at < identifierEnd) {
          const field = varint();
          if (field === 0x1a) record.stream = text();
          else if (!skip(field)) return false;
        }
        break;
      }
      case 0x18:
        record.revision = varint();
        break;
      case 0x20:
        record.prepare = varint();
        break;
      case 0x28:
        record.commit = varint();
        break;
      case 0x32:
        if (!readEntry(record, varint() + at)) return false;
        break;
      case 0x3a:
        record.metadata = slice();
        break;
      case 0x42:
        record.data = slice();
        break;
      default:
        if (!skip(tag)) return false;
    }
  }
  return true;
};

const slice = (): Buffer | undefined => {
  const length = varint();
  at += length;
  return length === 0 ? undefined : bytes.subarray(at - length, at);
};

/** Reads an entry of the system metadata: the event's type, or the content type. */
const readEntry = (record: Record, end: number): boolean => {
  let key = '';
  while (at < end) {
    const tag = varint();
    if (tag === 0x0a) key = text();
    else if (tag === 0x12 && key === 'type') record.type = text();
    else if (tag === 0x12 && key === 'content-type') record.contentType = text();
    else if ((tag === 0x12 && key === '') || !skip(tag)) return false;
  }
  return true;
};
