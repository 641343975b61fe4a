/**
 * The messages and services of the EventStoreDB gRPC protocol, from @eventstore/db-client. They are CommonJS, hence the
 * default imports; `Any` must come from the same google-protobuf as theirs.
 */
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import serverFeaturesGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import serverFeatures from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { status as grpcStatus, Metadata, type StatusObject } from '@grpc/grpc-js';
import googleAny from 'google-protobuf/google/protobuf/any_pb.js';
import googleEmpty from 'google-protobuf/google/protobuf/empty_pb.js';

export const { GossipService } = gossipGrpc;
export const { ClusterInfo, EndPoint, MemberInfo } = gossip;
export const { ServerFeaturesService } = serverFeaturesGrpc;
export const { SupportedMethod, SupportedMethods } = serverFeatures;
export const {
  AllStreamPosition,
  BadRequest,
  Empty: SharedEmpty,
  MaximumAppendSizeExceeded,
  StreamDeleted,
  StreamIdentifier,
  Timeout,
  UUID,
  WrongExpectedVersion,
} = shared;
export const { Status } = status;
export const { StreamsService } = streamsGrpc;
export const { AppendResp, BatchAppendReq, BatchAppendResp, DeleteResp, ReadReq, ReadResp, TombstoneResp } = streams;
export const { Any } = googleAny;
export const { Empty } = googleEmpty;

export type AppendRequest = InstanceType<typeof streams.AppendReq>;
export type AppendResponse = InstanceType<typeof streams.AppendResp>;
export type DeleteRequest = InstanceType<typeof streams.DeleteReq>;
export type DeleteResponse = InstanceType<typeof streams.DeleteResp>;
export type ReadRequest = InstanceType<typeof streams.ReadReq>;
export type TombstoneRequest = InstanceType<typeof streams.TombstoneReq>;
export type TombstoneResponse = InstanceType<typeof streams.TombstoneResp>;
export type StreamIdentifierMessage = InstanceType<typeof shared.StreamIdentifier>;
export type UuidMessage = InstanceType<typeof shared.UUID>;

/** Returns a status that ends a call; `details` travel as metadata, where clients look for the kind of error. */
export const grpcError = (
  code: number,
  message: string,
  details: Record<string, string> = {},
): Partial<StatusObject> => {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(details)) metadata.set(key, value);
  return { code, details: message, metadata };
};

export const streamDeletedError = (streamName: string) =>
  grpcError(grpcStatus.FAILED_PRECONDITION, `Event stream '${printable(streamName)}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': printable(streamName),
  });

export const invalidArgument = (message: string) => grpcError(grpcStatus.INVALID_ARGUMENT, message);

/** Metadata values are ASCII on the wire; other characters of a name are percent-encoded. */
export const printable = (streamName: string): string => {
  return /^[\x20-\x7e]*$/.test(streamName) ? streamName : encodeURIComponent(streamName.toWellFormed());
};

export const streamNameOf = (identifier: StreamIdentifierMessage | undefined): string => {
  return identifier ? Buffer.from(identifier.getStreamName_asU8()).toString('utf8') : '';
};

const UUID_TEXT = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/**
 * Returns the 16 bytes of an id as lower-case hex without dashes, from either form in the protocol; undefined for an
 * invalid UUID.
 */
export const uuidHex = (uuid: UuidMessage | undefined): string | undefined => {
  if (!uuid) return undefined;
  const structured = uuid.getStructured();
  if (structured) {
    const half = (bits: string) => BigInt.asUintN(64, BigInt(bits)).toString(16).padStart(16, '0');
    return half(structured.getMostSignificantBits()) + half(structured.getLeastSignificantBits());
  }
  const text = uuid.getString();
  return UUID_TEXT.test(text) ? text.replaceAll('-', '').toLowerCase() : undefined;
};
