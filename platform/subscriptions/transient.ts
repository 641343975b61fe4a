import {
  MongoBulkWriteError,
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb';
import { StoreUnavailableError } from '../event-store/types.ts';
import { pause } from '../machine/machine.ts';
import { LeaseUncertainError, WriteConflictError } from './consumer.ts';

const OUT_OF_DISK_SPACE = 14031;

/**
 * Server codes for a node that is stepping down, shutting down, not yet able to serve, or out of disk space, and for one
 * that has lost a cursor by a restart or by the switch of a view.
 */
const NOT_SERVING = new Set<unknown>([
  6,
  7,
  43,
  89,
  91,
  133,
  175,
  189,
  202,
  237,
  262,
  9001,
  10107,
  11600,
  11602,
  13435,
  13436,
  OUT_OF_DISK_SPACE,
]);
/** gRPC: deadline exceeded, unavailable. */
const GRPC_AWAY = new Set<unknown>([4, 14]);
/** A connection that ends while the driver writes to it fails the operation with the socket's own error. */
const SOCKET_GONE = new Set<unknown>([
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_SOCKET_CLOSED',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_WRITE_AFTER_END',
]);
const CLIENT_AWAY = new Set<unknown>(['unavailable', 'deadline-exceeded', 'timeout', 'not-leader', 'cancelled']);

/** Returns whether MongoDB refused a write because its disk is full. */
export const isOutOfSpace = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === OUT_OF_DISK_SPACE;

/**
 * Returns whether an error is about an unreachable server or a lost race instead of the event: then a retry helps, and
 * parking the event would be wrong.
 */
export const isTransient = (error: unknown): boolean => {
  if (error instanceof StoreUnavailableError || error instanceof LeaseUncertainError) return true;
  if (error instanceof WriteConflictError) return true;
  // The driver wraps whatever ends a bulk write, a lost connection too, as if a server had answered.
  if (error instanceof MongoBulkWriteError && error.errorResponse instanceof Error)
    return isTransient(error.errorResponse);
  if (error instanceof MongoServerError) return NOT_SERVING.has(error.code) || retryable(error);
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true;
  if (error instanceof MongoError) return retryable(error) || CONNECTION_GONE.has(error.name);
  const { code, type } = (error ?? {}) as { code?: unknown; type?: unknown };
  return (
    CLIENT_AWAY.has(type) ||
    SOCKET_GONE.has(code) ||
    (GRPC_AWAY.has(code) && error instanceof Error && 'details' in error)
  );
};

const CONNECTION_GONE = new Set([
  'MongoClientClosedError',
  'MongoExpiredSessionError',
  'MongoNotConnectedError',
  'MongoOperationTimeoutError',
  'MongoPoolClearedError',
  'MongoPoolClearedOnNetworkError',
  'MongoPoolClosedError',
  'MongoServerClosedError',
  'MongoStalePrimaryError',
  'MongoTopologyClosedError',
  'MongoUnexpectedServerResponseError',
  'MongoWaitQueueTimeoutError',
]);

const retryable = (error: MongoError): boolean =>
  error.hasErrorLabel('RetryableWriteError') ||
  error.hasErrorLabel('TransientTransactionError') ||
  error.hasErrorLabel('ResetPool') ||
  error.hasErrorLabel('SystemOverloadedError');

/** Milliseconds between two attempts. */
const AGAIN_AFTER = 200;

/** Repeats a job while a server is unavailable. @throws every other error of the job */
export const patiently = async (job: () => Promise<void>, signal?: AbortSignal): Promise<void> => {
  while (!signal?.aborted) {
    try {
      return await job();
    } catch (error) {
      if (!isTransient(error)) throw error;
      await pause(AGAIN_AFTER, { ...(signal && { signal }) });
    }
  }
};

/** Returns the text of an error for a log line. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
