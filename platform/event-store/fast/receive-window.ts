import { subscribe } from 'node:diagnostics_channel';
import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';

/** The path of the event store's read call. */
export const READ = '/event_store.client.streams.Streams/Read';

/** Bytes that a server may send ahead. HTTP/2 starts with 64 KiB, so a server waits whenever its reader is busy. */
const WINDOW = 1024 * 1024;
const widened = new WeakSet<ClientHttp2Session>();

type Created = { stream: ClientHttp2Stream; headers: OutgoingHttpHeaders };

const widen = (message: unknown): void => {
  const { stream, headers } = message as Created;
  const session = stream.session as ClientHttp2Session;
  if (headers[':path'] !== READ || widened.has(session)) return;
  widened.add(session);
  session.settings({ initialWindowSize: WINDOW });
  session.setLocalWindowSize(WINDOW);
};

let isListening = false;

/**
 * Lets event stores send a megabyte ahead on every connection of this process that reads from one. grpc-js has an
 * option for this (`grpc-node.flow_control_window`), but the event store's client creates its channels without options.
 */
export const widenReceiveWindows = (): void => {
  if (isListening) return;
  isListening = true;
  subscribe('http2.client.stream.created', widen);
};
