/** Streams/BatchAppend, Append, Delete and Tombstone. */
import {
  status as grpcStatus,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { isDiskFull } from '../sqlite-file.ts';
import { type BatchOptions, type BatchRequest, newEvent, revisionNumber } from './batch-requests.ts';
import type { Commits } from './commits.ts';
import type { OpenCalls } from './open-calls.ts';
import {
  Any,
  type AppendRequest,
  AppendResp,
  type AppendResponse,
  BadRequest,
  type DeleteRequest,
  DeleteResp,
  type DeleteResponse,
  Empty,
  grpcError,
  invalidArgument,
  MaximumAppendSizeExceeded,
  printable,
  SharedEmpty,
  Status,
  StreamDeleted,
  StreamIdentifier,
  streamDeletedError,
  streamNameOf,
  Timeout,
  type TombstoneRequest,
  TombstoneResp,
  type TombstoneResponse,
  WrongExpectedVersion,
} from './protocol.ts';
import type { ExpectedRevision, NewEvent, WriteOutcome } from './stored-events.ts';
import { encodeBatchAnswer, encodeIdentifier, encodeSuccess } from './wire.ts';

/** EventStoreDB's default: the data, metadata and type (two bytes a character) of all events of one append. */
const MAX_APPEND_BYTES = 1_048_576;
const LONGEST_TIMER = 2_147_483_647;

const sizeOf = (event: NewEvent): number => event.data.length + event.metadata.length + 2 * event.type.length;

// ---- BatchAppend: many appends on one long-lived stream, each with its own correlation id -------------------------------------

type OpenBatch = BatchOptions & {
  correlationId: Buffer;
  events: NewEvent[];
  bytes: number;
  timer: NodeJS.Timeout | undefined;
};

/**
 * An append larger than one message comes in several, which are kept until the last one, its deadline, or the size
 * limit.
 */
export const batchAppend = (commits: Commits, calls: OpenCalls, log: (line: string) => void) => {
  return (call: ServerDuplexStream<BatchRequest, readonly Buffer[]>) => {
    const outbox = calls.begin(call);
    const open = new Map<string, OpenBatch>();
    let unanswered = 0;
    let ended = false;

    const send = (answer: Buffer) => {
      const room = outbox.send(answer);
      if (!room || call.isPaused()) return;
      call.pause();
      room.then(() => call.resume());
    };
    const close = (key: string, batch: OpenBatch): void => {
      open.delete(key);
      clearTimeout(batch.timer);
    };
    const finish = () => {
      if (ended && unanswered === 0) outbox.end();
    };

    call.on('data', ({ key, correlationId, options, proposed, isFinal }: BatchRequest) => {
      if (!key) return;
      if (options) {
        if ('problem' in options) {
          return send(encodeError(correlationId, options.identifier, badRequestStatus(options.problem)));
        }
        const batch: OpenBatch = { ...options, correlationId, events: [], bytes: 0, timer: undefined };
        if (batch.deadline <= Date.now()) return send(batchError(batch, timeoutStatus()));
        open.set(key, batch);
      }
      const batch = open.get(key);
      if (!batch) return;
      for (const event of proposed) {
        if ('problem' in event) {
          close(key, batch);
          return send(batchError(batch, badRequestStatus(event.problem)));
        }
        batch.events.push(event);
        batch.bytes += sizeOf(event);
      }
      if (batch.bytes > MAX_APPEND_BYTES) {
        close(key, batch);
        return send(batchError(batch, tooLargeStatus()));
      }
      if (!isFinal) {
        batch.timer ??= setTimeout(
          () => {
            open.delete(key);
            send(batchError(batch, timeoutStatus()));
          },
          Math.min(batch.deadline - Date.now(), LONGEST_TIMER),
        );
        return;
      }
      close(key, batch);
      unanswered++;
      const answer = (response: Buffer) => {
        unanswered--;
        send(response);
        finish();
      };
      commits.enqueue({
        run: (storage) => storage.append(batch.streamName, batch.expected, batch.events),
        done: (outcome) => answer(batchOutcome(batch, outcome)),
        failed: (error) => answer(batchError(batch, failureStatus(error, log))),
      });
    });
    call.on('end', () => {
      ended = true;
      finish();
    });
    call.on('cancelled', () => {
      for (const [key, batch] of open) close(key, batch);
    });
  };
};

const batchOutcome = (batch: OpenBatch, outcome: WriteOutcome): Buffer => {
  if (outcome.kind === 'stream-deleted') {
    const deleted = new StreamDeleted().setStreamIdentifier(
      new StreamIdentifier().setStreamName(Buffer.from(batch.streamName)),
    );
    return batchError(batch, errorStatus(5, 'Stream is deleted.', 'StreamDeleted', deleted.serializeBinary()));
  }
  if (outcome.kind === 'wrong-expected-revision') {
    const details = new WrongExpectedVersion();
    if (outcome.current < 0) details.setCurrentNoStream(new Empty());
    else details.setCurrentStreamRevision(String(outcome.current));
    if (batch.expected === 'any') details.setExpectedAny(new Empty());
    else if (batch.expected === 'no_stream') details.setExpectedNoStream(new Empty());
    else if (batch.expected === 'stream_exists') details.setExpectedStreamExists(new Empty());
    else details.setExpectedStreamPosition(String(batch.expected));
    return batchError(batch, errorStatus(6, '', 'WrongExpectedVersion', details.serializeBinary()));
  }
  const success = encodeSuccess(outcome.revision, outcome.position);
  return encodeBatchAnswer(batch.correlationId, encodeIdentifier(batch.streamName), { success });
};

const batchError = (batch: OpenBatch, error: StatusMessage): Buffer =>
  encodeError(batch.correlationId, encodeIdentifier(batch.streamName), error);

const encodeError = (correlationId: Buffer, identifier: Buffer, error: StatusMessage): Buffer =>
  encodeBatchAnswer(correlationId, identifier, { error: error.serializeBinary() });

type StatusMessage = InstanceType<typeof Status>;

const errorStatus = (code: number, message: string, type: string, details: Uint8Array): StatusMessage => {
  const any = new Any();
  any.pack(details, `event_store.client.${type}`);
  return new Status().setCode(code).setMessage(message).setDetails(any);
};

const timeoutStatus = () =>
  errorStatus(grpcStatus.DEADLINE_EXCEEDED, 'Timeout', 'Timeout', new Timeout().serializeBinary());

const badRequestStatus = (problem: string) =>
  errorStatus(
    grpcStatus.INVALID_ARGUMENT,
    problem,
    'BadRequest',
    new BadRequest().setMessage(problem).serializeBinary(),
  );

const tooLargeStatus = (): StatusMessage => {
  const details = new MaximumAppendSizeExceeded().setMaxappendsize(MAX_APPEND_BYTES).serializeBinary();
  return errorStatus(grpcStatus.INVALID_ARGUMENT, 'Maximum append size exceeded', 'MaximumAppendSizeExceeded', details);
};

/** The client shows the message of an unknown kind of error, such as BadRequest, so the caller sees the reason. */
const failureStatus = (error: unknown, log: (line: string) => void): StatusMessage => {
  const { code, details } = failure(error, log);
  return errorStatus(code ?? grpcStatus.UNKNOWN, details ?? '', 'BadRequest', new BadRequest().serializeBinary());
};

const failure = (error: unknown, log: (line: string) => void) => {
  const message = error instanceof Error ? error.message : String(error);
  log(`event store: a write failed: ${message}`);
  return isDiskFull(error)
    ? grpcError(grpcStatus.RESOURCE_EXHAUSTED, 'The disk of the event store is full.')
    : grpcError(grpcStatus.UNKNOWN, `The event store could not write: ${message}`);
};

// ---- Append: one append a call, its first message the options ------------------------------------------------------------------

export const append = (commits: Commits, log: (line: string) => void) => {
  return (call: ServerReadableStream<AppendRequest, AppendResponse>, answer: sendUnaryData<AppendResponse>) => {
    let streamName: string | undefined;
    let expected: ExpectedRevision | undefined;
    const events: NewEvent[] = [];
    let bytes = 0;
    let answered = false;
    const refuse = (error: ReturnType<typeof grpcError>) => {
      if (answered) return;
      answered = true;
      events.length = 0;
      answer(error);
    };

    call.on('data', (request: AppendRequest) => {
      if (answered) return;
      const options = request.getOptions();
      const proposed = request.getProposedMessage();
      if (options) {
        streamName = streamNameOf(options.getStreamIdentifier());
        expected = expectedRevision(options);
        if (streamName === '' || streamName === '$$') refuse(invalidArgument('The stream has no name.'));
        else if (expected === undefined) refuse(invalidArgument('The expected stream revision is missing.'));
      } else if (proposed) {
        const event = newEvent(proposed);
        if ('problem' in event) return refuse(missingProperty(event.problem));
        bytes += sizeOf(event);
        if (bytes > MAX_APPEND_BYTES) return refuse(tooLarge());
        events.push(event);
      }
    });
    call.on('end', () => {
      if (answered) return;
      const [name, revision] = [streamName, expected];
      if (name === undefined || revision === undefined) return refuse(invalidArgument('The options are missing.'));
      commits.enqueue({
        run: (storage) => storage.append(name, revision, events),
        done: (outcome) => {
          if (outcome.kind === 'stream-deleted') answer(streamDeletedError(name));
          else answer(null, appendResponse(revision, outcome));
        },
        failed: (error) => answer(failure(error, log)),
      });
    });
  };
};

const appendResponse = (
  expected: ExpectedRevision,
  outcome: Exclude<WriteOutcome, { kind: 'stream-deleted' }>,
): AppendResponse => {
  if (outcome.kind === 'written') {
    const success = new AppendResp.Success();
    if (outcome.revision < 0) success.setNoStream(new SharedEmpty());
    else success.setCurrentRevision(String(outcome.revision));
    if (outcome.position === undefined) success.setNoPosition(new SharedEmpty());
    else success.setPosition(position(new AppendResp.Position(), outcome.position));
    return new AppendResp().setSuccess(success);
  }
  const wrong = new AppendResp.WrongExpectedVersion();
  if (outcome.current < 0) wrong.setCurrentNoStream(new SharedEmpty());
  else wrong.setCurrentRevision(String(outcome.current));
  if (expected === 'any') wrong.setExpectedAny(new SharedEmpty());
  else if (expected === 'no_stream') wrong.setExpectedNoStream(new SharedEmpty());
  else if (expected === 'stream_exists') wrong.setExpectedStreamExists(new SharedEmpty());
  else wrong.setExpectedRevision(String(expected));
  return new AppendResp().setWrongExpectedVersion(wrong);
};

const missingProperty = (problem: string) =>
  grpcError(grpcStatus.INVALID_ARGUMENT, problem, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });

const tooLarge = () =>
  grpcError(grpcStatus.INVALID_ARGUMENT, `Maximum Append Size of ${MAX_APPEND_BYTES} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(MAX_APPEND_BYTES),
  });

// ---- Delete and Tombstone ------------------------------------------------------------------------------------------------------

export const softDelete = (commits: Commits, log: (line: string) => void) => {
  return (call: ServerUnaryCall<DeleteRequest, DeleteResponse>, answer: sendUnaryData<DeleteResponse>) =>
    remove(commits, log, 'softDelete', call.request.getOptions(), answer, (at) =>
      new DeleteResp().setPosition(position(new DeleteResp.Position(), at)),
    );
};

export const tombstone = (commits: Commits, log: (line: string) => void) => {
  return (call: ServerUnaryCall<TombstoneRequest, TombstoneResponse>, answer: sendUnaryData<TombstoneResponse>) =>
    remove(commits, log, 'tombstone', call.request.getOptions(), answer, (at) =>
      new TombstoneResp().setPosition(position(new TombstoneResp.Position(), at)),
    );
};

const remove = <Response>(
  commits: Commits,
  log: (line: string) => void,
  how: 'softDelete' | 'tombstone',
  options: (ExpectedOptions & { getStreamIdentifier: () => Parameters<typeof streamNameOf>[0] }) | undefined,
  answer: sendUnaryData<Response>,
  response: (position: number) => Response,
): void => {
  const streamName = streamNameOf(options?.getStreamIdentifier());
  const expected = options && expectedRevision(options);
  if (streamName === '' || expected === undefined) {
    answer(invalidArgument('The stream or its expected revision is missing.'));
    return;
  }
  commits.enqueue({
    run: (storage) => storage[how](streamName, expected),
    done: (outcome) => {
      if (outcome.kind === 'written')
        answer(null, response(outcome.position!)); // never a repeated request
      else if (outcome.kind === 'stream-deleted') answer(streamDeletedError(streamName));
      else answer(wrongExpectedVersion(streamName, expected, outcome.current));
    },
    failed: (error) => answer(failure(error, log)),
  });
};

const wrongExpectedVersion = (streamName: string, expected: ExpectedRevision, current: number) => {
  const numbers = { any: -2, no_stream: -1, stream_exists: -4 };
  const expectedNumber = typeof expected === 'number' ? expected : numbers[expected];
  const name = printable(streamName);
  return grpcError(
    grpcStatus.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${name}, Expected version: ${expectedNumber}, Actual version: ${current}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': name,
      'expected-version': String(expectedNumber),
      'actual-version': String(current),
    },
  );
};

// ---- shared --------------------------------------------------------------------------------------------------------------------

type ExpectedOptions = {
  hasRevision: () => boolean;
  getRevision: () => string;
  hasNoStream: () => boolean;
  hasStreamExists: () => boolean;
  hasAny: () => boolean;
};

const expectedRevision = (options: ExpectedOptions): ExpectedRevision | undefined => {
  if (options.hasRevision()) return revisionNumber(options.getRevision());
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  return options.hasAny() ? 'any' : undefined;
};

const position = <T extends { setCommitPosition: (v: string) => unknown; setPreparePosition: (v: string) => unknown }>(
  message: T,
  at: number,
): T => {
  message.setCommitPosition(String(at));
  message.setPreparePosition(String(at));
  return message;
};
