/** The EventStoreDB gRPC protocol (streams and server features) over one SQLite file. */
import { Server, ServerCredentials, type sendUnaryData, status } from '@grpc/grpc-js';
import type { Holdable } from '../backup-server.ts';
import { storesError } from '../errors.ts';
import { batchAppend } from './appends.ts';
import { decodeBatchRequest } from './batch-requests.ts';
import { createCommits } from './commits.ts';
import { createLiveEvents } from './live-events.ts';
import { createOpenCalls } from './open-calls.ts';
import { framed } from './outbox.ts';
import { grpcError, ServerFeaturesService, StreamsService, SupportedMethod, SupportedMethods } from './protocol.ts';
import { read } from './reads.ts';
import { openStorage } from './storage.ts';

/** The version for clients; they choose their calls by the listed methods instead. */
const SERVER_VERSION = '23.10.0.0';
/** Bounds the memory of one message. The client cuts large appends into messages of 3 MiB. */
const LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024;
const STOP_WITHIN_MS = 500;

/** The calls that Plaza's client makes; every other one is UNIMPLEMENTED. */
const STREAMS = {
  read: { ...StreamsService.read, responseSerialize: framed },
  batchAppend: { ...StreamsService.batchAppend, requestDeserialize: decodeBatchRequest, responseSerialize: framed },
};

export type EventStoreServer = {
  /** for EventStoreDBClient.connectionString */
  url: string;
  port: number;
  close(): Promise<void>;
} & Holdable;

/**
 * Serves `file` (created when missing) on `host` (loopback) and `port` (0: any free one).
 * Throws StoresError: `data-in-use`, `data-corrupt`, `data-folder-unwritable`, `port-taken`.
 */
export const startEventStoreServer = async (options: {
  file: string;
  host?: string;
  port?: number;
  log?: (line: string) => void;
  /** the most pages of 4 KiB in the file, for tests of a full disk */
  maxPages?: number;
}): Promise<EventStoreServer> => {
  const { file, host = '127.0.0.1', log = () => {} } = options;
  if (!/^(127\.|localhost$)/.test(host)) throw storesError('stores-failed', `${host} is not a loopback address.`);
  const storage = openStorage(file, options.maxPages);
  const live = createLiveEvents();
  const calls = createOpenCalls();
  const commits = createCommits(storage, live.publish, log);
  const server = new Server({
    'grpc.max_receive_message_length': LARGEST_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
  });
  server.addService(STREAMS, {
    read: read(storage, live, calls, log),
    batchAppend: batchAppend(commits, calls),
  });
  server.addService(ServerFeaturesService, {
    getSupportedMethods: (_call: unknown, answer: sendUnaryData<unknown>) => answer(null, supportedMethods()),
  });
  let port: number;
  try {
    port = await listen(server, host, options.port ?? 0);
  } catch (error) {
    storage.close();
    throw error;
  }
  return {
    url: `esdb://${host}:${port}?tls=false`,
    port,
    file,
    async hold() {
      storage.hold();
    },
    release: storage.release,
    async close() {
      commits.flush();
      calls.endAll(grpcError(status.UNAVAILABLE, 'The event store is stopping.'));
      await stop(server);
      commits.flush();
      storage.close();
    },
  };
};

const listen = (server: Server, host: string, port: number): Promise<number> => {
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (!error) resolve(bound);
      else if (/EADDRINUSE|No address added/.test(error.message)) {
        reject(storesError('port-taken', `Port ${port} on ${host} is taken by another program.`, error));
      } else reject(error);
    });
  });
};

/** Cuts connections whose other side no longer answers after a moment. */
const stop = (server: Server): Promise<void> => {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.forceShutdown(), STOP_WITHIN_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
};

const supportedMethods = () => {
  const methods = new SupportedMethods().setEventStoreServerVersion(SERVER_VERSION);
  for (const service of [STREAMS, ServerFeaturesService]) {
    for (const { path } of Object.values(service)) {
      const [, serviceName = '', methodName = ''] = path.split('/');
      const method = new SupportedMethod()
        .setServiceName(serviceName.toLowerCase())
        .setMethodName(methodName.toLowerCase());
      if (methodName === 'Read' && serviceName.endsWith('Streams')) method.setFeaturesList(['position']);
      methods.addMethods(method);
    }
  }
  return methods;
};
