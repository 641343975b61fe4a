import { BatchAppendReq, StreamIdentifier, streamNameOf, type UuidMessage, uuidHex } from './protocol.ts';
import type { ExpectedRevision, NewEvent } from './stored-events.ts';

/** The reason of a refusal. */
export type Problem = { problem: string };

export type BatchRequest = {
  /** the correlation id as lower-case hex; undefined for an invalid UUID, which cannot be answered */
  key: string | undefined;
  /** the correlation id as received, a UUID message */
  correlationId: Buffer;
  /** in the first request of an append */
  options: BatchOptions | (Problem & { identifier: Buffer }) | undefined;
  proposed: readonly (NewEvent | Problem)[];
  isFinal: boolean;
};

/** `deadline`: milliseconds since 1970, Infinity when there is none. */
export type BatchOptions = { streamName: string; expected: ExpectedRevision; deadline: number };

const JSON_CONTENT = 'application/json';

/** Decodes a request. Throws the error of the generated classes for an invalid message. */
export const decodeBatchRequest = (message: Buffer): BatchRequest => {
  const request = BatchAppendReq.deserializeBinary(message);
  const correlationId = request.getCorrelationId();
  return {
    key: uuidHex(correlationId),
    correlationId: Buffer.from(correlationId?.serializeBinary() ?? []),
    options: optionsOf(request.getOptions()),
    proposed: request.getProposedMessagesList().map(newEvent),
    isFinal: request.getIsFinal(),
  };
};

const optionsOf = (options: ReturnType<InstanceType<typeof BatchAppendReq>['getOptions']>): BatchRequest['options'] => {
  if (!options) return undefined;
  const streamIdentifier = options.getStreamIdentifier();
  const identifier = Buffer.from((streamIdentifier ?? new StreamIdentifier()).serializeBinary());
  const streamName = streamNameOf(streamIdentifier);
  if (streamName === '' || streamName === '$$') return { problem: 'The stream has no name.', identifier };
  let expected: ExpectedRevision;
  if (options.hasStreamPosition()) expected = revisionNumber(options.getStreamPosition());
  else if (options.hasNoStream()) expected = 'no_stream';
  else if (options.hasStreamExists()) expected = 'stream_exists';
  else if (options.hasAny()) expected = 'any';
  else return { problem: 'The expected stream position is missing.', identifier };
  const deadline = options.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY;
  return { streamName, expected, deadline };
};

/** Returns a revision as a number. No stream reaches a revision beyond 2^53. */
export const revisionNumber = (text: string): number => Math.min(Number(text), Number.MAX_SAFE_INTEGER);

type Proposed = {
  getId: () => UuidMessage | undefined;
  getMetadataMap: () => { get: (key: string) => string | undefined };
  getData_asU8: () => Uint8Array;
  getCustomMetadata_asU8: () => Uint8Array;
};

export const newEvent = (proposed: Proposed): NewEvent | Problem => {
  const id = uuidHex(proposed.getId());
  if (!id) return { problem: 'The id of an event is not a UUID.' };
  const type = proposed.getMetadataMap().get('type');
  if (!type) return { problem: "Required metadata property 'type' is missing." };
  const contentType = proposed.getMetadataMap().get('content-type');
  if (!contentType) return { problem: "Required metadata property 'content-type' is missing." };
  return {
    id,
    type,
    isJson: contentType === JSON_CONTENT,
    data: proposed.getData_asU8(),
    metadata: proposed.getCustomMetadata_asU8(),
  };
};
