import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Headers of one connection, which a gateway does not forward (RFC 9110 7.6.1), except Transfer-Encoding. */
const HOP_BY_HOP = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
];

/** Headers that the gateway has met itself. */
const MET = ['expect'];

/** Headers that only a gateway may set: with them a client could impersonate another. */
const GATEWAYS_OWN = ['forwarded', 'x-real-ip', 'plaza-delivery'];

const partsOf = (header: string | string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Returns whether a message asks for its connection to be closed after it. */
export const closes = ({ connection }: IncomingHttpHeaders): boolean =>
  partsOf(connection).some((option) => option.toLowerCase() === 'close');

/** Returns the first segment of a path, which names its context, also where it is percent-encoded. */
export const contextIn = (path: string): string => {
  const [, segment = ''] = /^\/([^/]*)/.exec(path) ?? [];
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

/** Removes the headers of one connection, including those that its Connection header names. */
export const stripHopByHop = (headers: IncomingHttpHeaders): void => {
  for (const name of [...partsOf(headers.connection).map((option) => option.toLowerCase()), ...HOP_BY_HOP])
    delete headers[name];
};

/**
 * Replaces a request's headers by those of a gateway. X-Forwarded-For ends with the request's own address, after the
 * entries of the trusted proxies. The other X-Forwarded headers are the proxies' if there are any, else the gateway's
 * own.
 */
export const forwardedHeaders = ({ headers, socket }: IncomingMessage, trustedProxies: number): void => {
  stripHopByHop(headers);
  for (const name of [...MET, ...GATEWAYS_OWN]) delete headers[name];
  if (headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  const hops = trustedProxies > 0 ? partsOf(headers['x-forwarded-for']).slice(-trustedProxies) : [];
  const believed = trustedProxies > 0 ? headers : {};
  const own = {
    'x-forwarded-for': [...hops, socket.remoteAddress ?? 'unknown'].join(', '),
    'x-forwarded-proto': String(believed['x-forwarded-proto'] ?? 'http'),
    'x-forwarded-host': String(believed['x-forwarded-host'] ?? headers.host ?? ''),
  };
  for (const name of Object.keys(headers)) if (name.startsWith('x-forwarded-')) delete headers[name];
  Object.assign(headers, own, { via: [...partsOf(headers.via), '1.1 plaza'].join(', ') });
};
