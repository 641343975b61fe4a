/** Streams/BatchAppend: many appends on one long-lived call, each with its own correlation id. */
import { status as grpcStatus, type ServerDuplexStream } from '@grpc/grpc-js';
import { isDiskFull } from '../sqlite-file.ts';
import type { Append, BatchRequest } from './batch-requests.ts';
import type { Commits } from './commits.ts';
import type { OpenCalls } from './open-calls.ts';
import { Any, BadRequest, Empty, MaximumAppendSizeExceeded, Status, WrongExpectedVersion } from './protocol.ts';
import type { NewEvent, WriteOutcome } from './stored-events.ts';
import { encodeBatchAnswer, encodeSuccess } from './wire.ts';

/** EventStoreDB's default: the data, metadata and type (two bytes a character) of all events of one append. */
const MAX_APPEND_BYTES = 1_048_576;

const sizeOf = (event: NewEvent): number => event.data.length + event.metadata.length + 2 * event.type.length;

type StatusMessage = InstanceType<typeof Status>;

export const batchAppend = (commits: Commits, calls: OpenCalls) => {
  return (call: ServerDuplexStream<BatchRequest, readonly Buffer[]>) => {
    const outbox = calls.begin(call);
    let unanswered = 0;
    let ended = false;

    const send = (answer: Buffer) => {
      const room = outbox.send(answer);
      if (!room || call.isPaused()) return;
      call.pause();
      room.then(() => call.resume());
    };
    const finish = () => {
      if (ended && unanswered === 0) outbox.end();
    };

    call.on('data', ({ correlationId, identifier, append, isFinal }: BatchRequest) => {
      if (!append) return; // The rest of an append that was refused.
      const refuse = (error: StatusMessage): Buffer =>
        encodeBatchAnswer(correlationId, identifier, { error: error.serializeBinary() });
      if ('problem' in append) return send(refuse(badRequestStatus(append.problem)));
      const bytes = append.events.reduce((sum, event) => sum + sizeOf(event), 0);
      // Clients send an append in several messages only when it is larger than it may be.
      if (!isFinal || bytes > MAX_APPEND_BYTES) return send(refuse(tooLargeStatus()));
      unanswered++;
      const answer = (response: Buffer) => {
        unanswered--;
        send(response);
        finish();
      };
      commits.enqueue({
        run: (storage) => storage.append(append.streamName, append.expected, append.events),
        done: (outcome) =>
          answer(
            outcome.kind === 'written'
              ? encodeBatchAnswer(correlationId, identifier, {
                  success: encodeSuccess(outcome.revision, outcome.position),
                })
              : refuse(wrongRevisionStatus(append, outcome)),
          ),
        failed: (error) => answer(refuse(failureStatus(error))),
      });
    });
    call.on('end', () => {
      ended = true;
      finish();
    });
  };
};

const errorStatus = (code: number, message: string, type: string, details: Uint8Array): StatusMessage => {
  const any = new Any();
  any.pack(details, `event_store.client.${type}`);
  return new Status().setCode(code).setMessage(message).setDetails(any);
};

const wrongRevisionStatus = (
  { expected }: Append,
  { current }: Extract<WriteOutcome, { kind: 'wrong-expected-revision' }>,
): StatusMessage => {
  const details = new WrongExpectedVersion();
  if (current < 0) details.setCurrentNoStream(new Empty());
  else details.setCurrentStreamRevision(String(current));
  if (expected === 'any') details.setExpectedAny(new Empty());
  else if (expected === 'no_stream') details.setExpectedNoStream(new Empty());
  else details.setExpectedStreamPosition(String(expected));
  return errorStatus(grpcStatus.ALREADY_EXISTS, '', 'WrongExpectedVersion', details.serializeBinary());
};

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
const failureStatus = (error: unknown): StatusMessage => {
  const message = error instanceof Error ? error.message : String(error);
  const [code, reason] = isDiskFull(error)
    ? [grpcStatus.RESOURCE_EXHAUSTED, 'The disk of the event store is full.']
    : [grpcStatus.UNKNOWN, `The event store could not write: ${message}`];
  return errorStatus(code, reason, 'BadRequest', new BadRequest().serializeBinary());
};
