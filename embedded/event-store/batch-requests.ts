import { BatchAppendReq, StreamIdentifier, streamNameOf, uuidHex } from './protocol.ts';
import type { ExpectedRevision, NewEvent } from './stored-events.ts';

/** The reason of a refusal. */
type Problem = { problem: string };

export type Append = { streamName: string; expected: ExpectedRevision; events: readonly NewEvent[] };

export type BatchRequest = {
  /** The correlation id as received, a UUID message. */
  correlationId: Buffer;
  /** The stream's name as received, a StreamIdentifier message. */
  identifier: Buffer;
  /** Undefined in a further message of an append. */
  append: Append | Problem | undefined;
  isFinal: boolean;
};

const JSON_CONTENT = 'application/json';

/** Decodes a request. Throws the error of the generated classes for an invalid message. */
export const decodeBatchRequest = (message: Buffer): BatchRequest => {
  const request = BatchAppendReq.deserializeBinary(message);
  const options = request.getOptions();
  return {
    correlationId: Buffer.from(request.getCorrelationId()?.serializeBinary() ?? []),
    identifier: Buffer.from((options?.getStreamIdentifier() ?? new StreamIdentifier()).serializeBinary()),
    append: options && appendOf(options, request.getProposedMessagesList()),
    isFinal: request.getIsFinal(),
  };
};

type Options = NonNullable<ReturnType<InstanceType<typeof BatchAppendReq>['getOptions']>>;

const appendOf = (options: Options, proposed: readonly Proposed[]): Append | Problem => {
  const streamName = streamNameOf(options.getStreamIdentifier());
  if (streamName === '' || streamName === '$$') return { problem: 'The stream has no name.' };
  const expected = expectedRevision(options);
  if (expected === undefined) return { problem: 'The expected revision is missing, or of a kind that is not served.' };
  const events: NewEvent[] = [];
  for (const one of proposed) {
    const event = newEvent(one);
    if ('problem' in event) return event;
    events.push(event);
  }
  return { streamName, expected, events };
};

/** No stream reaches a revision beyond 2^53. */
const expectedRevision = (options: Options): ExpectedRevision | undefined => {
  if (options.hasStreamPosition()) return Math.min(Number(options.getStreamPosition()), Number.MAX_SAFE_INTEGER);
  if (options.hasNoStream()) return 'no_stream';
  return options.hasAny() ? 'any' : undefined;
};

type Proposed = ReturnType<InstanceType<typeof BatchAppendReq>['getProposedMessagesList']>[number];

const newEvent = (proposed: Proposed): NewEvent | Problem => {
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
