/**
 * The messages and services of the EventStoreDB gRPC protocol, from @eventstore/db-client. They are CommonJS, hence the
 * default imports; `Any` must come from the same google-protobuf as theirs.
 */
import serverFeaturesGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { StatusObject } from '@grpc/grpc-js';
import googleAny from 'google-protobuf/google/protobuf/any_pb.js';
import googleEmpty from 'google-protobuf/google/protobuf/empty_pb.js';

export const { ServerFeaturesService } = serverFeaturesGrpc;
export const { SupportedMethod, SupportedMethods } = serverFeatures;
export const {
  AllStreamPosition,
  BadRequest,
  MaximumAppendSizeExceeded,
  StreamIdentifier,
  UUID,
  WrongExpectedVersion,
} = shared;
export const { Status } = status;
export const { StreamsService } = streamsGrpc;
export const { BatchAppendReq, BatchAppendResp, ReadReq, ReadResp } = streams;
export const { Any } = googleAny;
export const { Empty } = googleEmpty;

export type ReadRequest = InstanceType<typeof streams.ReadReq>;
type StreamIdentifierMessage = InstanceType<typeof shared.StreamIdentifier>;
type UuidMessage = InstanceType<typeof shared.UUID>;

/** Returns a status that ends a call. */
export const grpcError = (code: number, details: string): Partial<StatusObject> => ({ code, details });

export const streamNameOf = (identifier: StreamIdentifierMessage | undefined): string => {
  return identifier ? Buffer.from(identifier.getStreamName_asU8()).toString('utf8') : '';
};

const UUID_TEXT = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** Returns the 16 bytes of an id as lower-case hex without dashes; undefined for an invalid UUID. */
export const uuidHex = (uuid: UuidMessage | undefined): string | undefined => {
  const text = uuid?.getString() ?? '';
  return UUID_TEXT.test(text) ? text.replaceAll('-', '').toLowerCase() : undefined;
};
