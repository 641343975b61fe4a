import { randomUUID } from 'node:crypto';
import type { EventStoreDBClient } from '@eventstore/db-client';
import eventStore from '@eventstore/db-client/generated/streams_grpc_pb.js';
import messages from '@eventstore/db-client/generated/streams_pb.js';
import type { CallOptions, ClientDuplexStream, Client as GrpcClient, Metadata } from '@grpc/grpc-js';
import {
  type AppendResult,
  type ExpectedRevision,
  type NewEvent,
  type Revision,
  START,
  StoreUnavailableError,
} from './types.ts';

const { StreamsClient, StreamsService } = eventStore;
const { BatchAppendResp } = messages;

/*
 * The client's batch append with another way to write its messages. The generated classes make base64 of an event's data and
 * decode it twice again; here its JSON goes into the message as it is.
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

/** What a server takes as one message for certain. */
const MOST_BYTES = 3 * 1024 * 1024;
/** Milliseconds that a server may take, as the client has it. */
const SERVER_DEADLINE = 10_000;

/**
 * Appends over one long-lived call, on which they keep their order.
 * @returns undefined for what only the client itself can append: to a server without such calls, or more than a message may hold
 * @throws StoreUnavailableError when it is not known whether the events were written
 */
export type RawAppend = (
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision,
) => Promise<AppendResult | undefined>;

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
  // All wait for the same: who came first must not wait longer than the next.
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
      answers.expect({ resolve, reject });
      call.write(request);
    });
  };
};

const deserialize = (bytes: Buffer): Answer => BatchAppendResp.deserializeBinary(bytes);

/** Who waits for which answer of a call. A correlation id is a UUID that ends with a count. */
const answersOf = (call: Call) => {
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
    /** Waits for the answer to it. */
    expect(one: Waiting): void {
      count += 1;
      waiting.set(count, one);
    },
  };
};

const COUNT_DIGITS = 12;

/** Servers answer with an id in halves, whatever was sent. */
const countIn = (answer: Answer): number => {
  const id = answer.getCorrelationId();
  const halves = id?.getStructured();
  if (!halves) return Number.parseInt(id?.getString().slice(-COUNT_DIGITS) ?? '', 16);
  return Number(BigInt.asUintN(4 * COUNT_DIGITS, BigInt(halves.getLeastSignificantBits())));
};

/** @returns undefined for failures that tell nothing of the stream */
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
  if (kind === 'event_store.client.WrongExpectedVersion') return { ok: false, reason: 'conflict' };
  if (kind === 'event_store.client.MaximumAppendSizeExceeded') return { ok: false, reason: 'too-large' };
  return undefined;
};

// --- event_store.client.streams.BatchAppendReq, as protobuf's encoding has it ---------------------------------------

const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
};

const number = (tag: number, value: number): Buffer => Buffer.from([tag, ...varint(value)]);

const field = (tag: number, content: Buffer): Buffer => Buffer.concat([number(tag, content.length), content]);

const entry = (key: string, value: string): Buffer =>
  field(0x12, Buffer.concat([field(0x0a, Buffer.from(key)), field(0x12, Buffer.from(value))]));

const uuid = (text: string): Buffer => field(0x0a, field(0x12, Buffer.from(text)));

const IS_FINAL = number(0x20, 1);
const NOTHING = Buffer.alloc(0);
const CONTENT_TYPE = entry('content-type', 'application/json');

const optionsOf = (stream: string, expected: ExpectedRevision): Buffer => {
  const position = expected === 'no-stream' ? field(0x1a, NOTHING) : number(0x10, Number(expected));
  const deadline = number(0x08, Math.ceil((Date.now() + SERVER_DEADLINE) / 1000));
  return Buffer.concat([field(0x0a, field(0x1a, Buffer.from(stream))), position, field(0x32, deadline)]);
};

const proposedMessage = ({ id, type, data, metadata }: NewEvent): Buffer =>
  field(
    0x1a,
    Buffer.concat([
      uuid(id),
      entry('type', type),
      CONTENT_TYPE,
      field(0x1a, Buffer.from(JSON.stringify(metadata))),
      field(0x22, Buffer.from(JSON.stringify(data))),
    ]),
  );

/** A BatchAppendReq that is a whole append. */
export const appendRequest = (
  correlationId: string,
  stream: string,
  events: readonly NewEvent[],
  expected: ExpectedRevision,
): Buffer =>
  Buffer.concat([
    uuid(correlationId),
    field(0x12, optionsOf(stream, expected)),
    ...events.map(proposedMessage),
    IS_FINAL,
  ]);
