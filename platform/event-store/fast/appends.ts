import { randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import eventStore from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { CallOptions, ClientDuplexStream, Client as GrpcClient, Metadata } from '@grpc/grpc-js';
import {
  type AppendResult,
  type AppendWritten,
  type ExpectedRevision,
  type Revision,
  START,
  StoreUnavailableError,
  type WrittenEvent,
} from '../types.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

const { StreamsClient, StreamsService } = eventStore;
const { BatchAppendResp } = messages;

/*
 * The client's batch append with a faster encoder. The generated classes convert an event's data to base64, which is
 * decoded twice again; here its JSON is copied into the message.
 */

type Answer = InstanceType<typeof BatchAppendResp>;
type Call = ClientDuplexStream<Buffer, Answer>;
type OpenClient = {
  GRPCStreamCreator(
    kind: unknown,
    name: string,
    create: (connection: GrpcClient) => Call,
    cache: WeakMap<object, unknown>,
  ): () => Promise<Call>;
  callArguments(options: object, callOptions: CallOptions): [Metadata, CallOptions];
  supports(method: object): Promise<boolean>;
};
type Waiting = { resolve(result: AppendResult): void; reject(error: Error): void };

/** The largest message that every server accepts. */
const MOST_BYTES = 3 * 1024 * 1024;

/**
 * Appends over one long-lived call, in order.
 * @returns undefined when only the client itself can append: to a server without such calls, or a request larger than a
 *   message may be
 * @throws StoreUnavailableError when it is unknown whether the events were written
 */
type RawAppend = (...append: Parameters<AppendWritten>) => Promise<AppendResult | undefined>;

export const rawAppends = (client: EventStoreDBClient): RawAppend => {
  if (!('GRPCStreamCreator' in client)) return async () => undefined;
  const open = client as unknown as OpenClient;
  const calls = new WeakMap<Call, ReturnType<typeof answersOf>>();
  const create = (connection: GrpcClient): Call => {
    const { path } = StreamsService.batchAppend;
    const given = open.callArguments({}, { deadline: Number.POSITIVE_INFINITY });
    const call = connection.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, deserialize, ...given);
    calls.set(call, answersOf(call));
    return call;
  };
  const connected = open.GRPCStreamCreator(StreamsClient, 'appendToStream', create, new WeakMap());
  const connect = async (): Promise<Call | undefined> =>
    (await open.supports(StreamsService.batchAppend)) ? connected() : undefined;
  // One attempt for all callers, so that appends keep their order.
  let connecting: Promise<Call | undefined> | undefined;

  return async (stream, events, expected) => {
    connecting ??= connect().finally(() => {
      connecting = undefined;
    });
    const call = await connecting;
    const answers = call && calls.get(call);
    if (!answers) return undefined;
    const request = appendRequest(answers.nextId(), stream, events, expected);
    if (request.length > MOST_BYTES) return undefined;
    return new Promise((resolve, reject) => {
      answers.send(request, { resolve, reject });
    });
  };
};

const deserialize = (bytes: Buffer): Answer => BatchAppendResp.deserializeBinary(bytes);

/** Sends requests on a call and matches its answers. A correlation id is a UUID that ends with a counter. */
const answersOf = (call: Call) => {
  let unsent: Buffer[] = [];
  const waiting = new Map<number, Waiting>();
  const prefix = randomUUID().slice(0, -COUNT_DIGITS);
  let count = 0;
  const lost = (error?: Error) => {
    for (const { reject } of waiting.values())
      reject(new StoreUnavailableError(`the event store did not answer: ${error?.message ?? 'it ended the call'}`));
    waiting.clear();
  };
  call.on('error', lost).on('end', lost);
  call.on('data', (answer: Answer) => {
    const answered = countIn(answer);
    const { resolve, reject } = waiting.get(answered) ?? {};
    waiting.delete(answered);
    const result = resultOf(answer);
    if (result) resolve?.(result);
    else reject?.(new StoreUnavailableError(`the event store did not append: ${answer.getError()?.getMessage()}`));
  });
  return {
    /** The correlation id of the next request. */
    nextId: (): string => prefix + (count + 1).toString(16).padStart(COUNT_DIGITS, '0'),
    /** Sends a request, together with the others of this turn of the event loop. */
    send(request: Buffer, one: Waiting): void {
      count += 1;
      waiting.set(count, one);
      if (unsent.length === 0)
        process.nextTick(() => {
          call.write(inOnePiece(unsent));
          unsent = [];
        });
      unsent.push(request);
    },
  };
};

const COUNT_DIGITS = 12;
/** A message's flag and its length (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md). */
const PREFIX_BYTES = 5;

/**
 * Joins messages into one, so that grpc-js handles them once. grpc-js reserves a prefix of five bytes and copies a
 * message of this length after it. Here each message is copied with its own prefix, and the first prefix overwrites the
 * one of grpc-js.
 */
const inOnePiece = (messages: readonly Buffer[]): Buffer => {
  const length = messages.reduce((sum, message) => sum + PREFIX_BYTES + message.length, -PREFIX_BYTES);
  const copy = (target: Buffer, start: number): number => {
    let at = start - PREFIX_BYTES;
    for (const message of messages) {
      target[at] = 0;
      target.writeUInt32BE(message.length, at + 1);
      target.set(message, at + PREFIX_BYTES);
      at += PREFIX_BYTES + message.length;
    }
    return length;
  };
  return { length, copy } as Buffer;
};

/** Servers answer with the id as two numbers, in whatever form it was sent. */
const countIn = (answer: Answer): number => {
  const id = answer.getCorrelationId();
  const halves = id?.getStructured();
  if (!halves) return Number.parseInt(id?.getString().slice(-COUNT_DIGITS) ?? '', 16);
  return Number(BigInt.asUintN(4 * COUNT_DIGITS, BigInt(halves.getLeastSignificantBits())));
};

const REASONS: Readonly<Record<string, 'conflict' | 'too-large'>> = {
  WrongExpectedVersion: 'conflict',
  StreamDeleted: 'conflict',
  MaximumAppendSizeExceeded: 'too-large',
  MaximumAppendEventSizeExceeded: 'too-large',
};

/** @returns undefined for failures that say nothing about the stream */
const resultOf = (answer: Answer): AppendResult | undefined => {
  const success = answer.getSuccess();
  if (success) {
    const position = success.getPosition();
    return {
      ok: true,
      revision: BigInt(success.getCurrentRevision()) as Revision,
      position: position
        ? { commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) }
        : START,
    };
  }
  const kind = answer.getError()?.getDetails()?.getTypeName();
  const reason = REASONS[kind?.replace('event_store.client.', '') ?? ''];
  if (reason) return { ok: false, reason };
  return undefined;
};

// --- event_store.client.streams.BatchAppendReq, the last field first
// --------------------------------------------------

const writer = new ProtobufWriter();

const uuid = (tag: number, value: string): void => {
  const before = writer.length;
  writer.text(0x12, value);
  writer.wrap(tag, before);
};

/** Writes an entry of a message's metadata. */
const entry = (key: string, value: string): void => {
  const before = writer.length;
  writer.text(0x12, value);
  writer.text(0x0a, key);
  writer.wrap(0x12, before);
};

const proposedMessage = ({ id, type, data, metadata }: WrittenEvent): void => {
  const before = writer.length;
  writer.text(0x22, data);
  writer.text(0x1a, metadata);
  entry('content-type', 'application/json');
  entry('type', type);
  uuid(0x0a, id);
  writer.wrap(0x1a, before);
};

/** Writes no deadline: it would be a time of day by this machine's clock, which may differ from the server's. */
const options = (stream: string, expected: ExpectedRevision): void => {
  const before = writer.length;
  if (expected === 'no-stream') writer.text(0x1a, '');
  else writer.number(0x10, Number(expected));
  const identifier = writer.length;
  writer.text(0x1a, stream);
  writer.wrap(0x0a, identifier);
  writer.wrap(0x12, before);
};

/** Returns a BatchAppendReq that is a complete append. */
export const appendRequest = (
  correlationId: string,
  stream: string,
  events: readonly WrittenEvent[],
  expected: ExpectedRevision,
): Buffer => {
  writer.begin();
  writer.number(0x20, 1); // is_final
  for (const event of events.toReversed()) proposedMessage(event);
  options(stream, expected);
  uuid(0x0a, correlationId);
  return writer.message();
};
