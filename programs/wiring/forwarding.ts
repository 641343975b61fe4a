import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Headers of one connection, which a gateway does not pass on (RFC 9110 7.6.1), but for Transfer-Encoding. */
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

/** Headers that only a gateway may set: a client could pass itself off as another one with them. */
const GATEWAYS_OWN = ['forwarded', 'x-real-ip', 'plaza-delivery'];

const partsOf = (header: string | string[] | undefined): string[] =>
  String(header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

/** Returns whether a message asks for its connection to be closed behind it. */
export const closes = ({ connection }: IncomingHttpHeaders): boolean =>
  partsOf(connection).some((option) => option.toLowerCase() === 'close');

/** Removes the headers that are for one connection only, those that its Connection header names among them. */
export const stripHopByHop = (headers: IncomingHttpHeaders): void => {
  for (const name of [...partsOf(headers.connection).map((option) => option.toLowerCase()), ...HOP_BY_HOP])
    delete headers[name];
};

/**
 * Makes a request's headers those that a side gets from its gateway. X-Forwarded-For ends with the address that the
 * request came from; before it stands only what the trusted proxies wrote. The other X-Forwarded headers are the
 * proxies' where there are any, else the gateway's own.
 */
export const forwardedHeaders = (
  { headers, socket }: IncomingMessage,
  trustedProxies: number,
  target: string,
): void => {
  stripHopByHop(headers);
  for (const name of GATEWAYS_OWN) delete headers[name];
  if (headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  const hops = trustedProxies > 0 ? partsOf(headers['x-forwarded-for']).slice(-trustedProxies) : [];
  const believed = trustedProxies > 0 ? headers : {};
  const own = {
    'x-forwarded-for': [...hops, socket.remoteAddress ?? 'unknown'].join(', '),
    'x-forwarded-proto': String(believed['x-forwarded-proto'] ?? 'http'),
    'x-forwarded-host': String(believed['x-forwarded-host'] ?? headers.host ?? ''),
  };
  for (const name of Object.keys(headers)) if (name.startsWith('x-forwarded-')) delete headers[name];
  Object.assign(headers, own, { host: new URL(target).host, via: [...partsOf(headers.via), '1.1 plaza'].join(', ') });
};
