import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Request, Response } from 'express';

/**
 * Returns the ETag of an answer's body: equal bodies have equal tags. It is weak, so it can never be taken for the
 * revision that a command's If-Match names.
 */
export const etagOf = (body: string | Buffer): string => `W/"${hash('sha256', body, 'base64url').slice(0, 22)}"`;

/** Returns whether If-None-Match names a tag, by the weak comparison of RFC 9110 13.1.2. */
const isNamed = (header: string | undefined, etag: string): boolean => {
  if (header === undefined) return false;
  const opaque = etag.slice('W/'.length);
  return header.split(',').some((tag) => {
    const name = tag.trim();
    return name === '*' || name === etag || name === opaque;
  });
};

/** Bytes from which on an answer is compressed. A smaller one would arrive no sooner. */
const WORTH_COMPRESSING = 2_048;

/** The types that are not compressed already. */
const COMPRESSIBLE = /^text\/|json|^image\/svg/;

const gzip = promisify(zlib.gzip);

/** The compressed form of each body that is sent again and again. */
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

const compress = (body: string | Buffer): Promise<Buffer> => {
  if (typeof body === 'string') return gzip(body, { level: zlib.constants.Z_BEST_SPEED });
  const known = compressed.get(body) ?? gzip(body);
  compressed.set(body, known);
  return known;
};

/**
 * Answers a GET or HEAD with 200 and the body's ETag, or with 304 when the client has this body already. A large body
 * is compressed for clients that accept gzip: a text as quickly as possible, a buffer well, and once.
 * @param etag of the body, where it is known
 */
export const sendTagged = async (
  req: Request,
  res: Response,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
  etag = etagOf(body),
): Promise<void> => {
  const isCompressible = COMPRESSIBLE.test(headers['Content-Type'] ?? '');
  const vary = [headers.Vary ?? res.getHeader('Vary'), isCompressible && 'Accept-Encoding'].filter(Boolean).join(', ');
  const sent: Record<string, string> = { ...headers, ...(vary ? { Vary: vary } : {}), ETag: etag };
  if (isNamed(req.headers['if-none-match'], etag)) {
    const { 'Content-Type': _, ...shown } = sent;
    res.writeHead(304, shown).end();
    return;
  }
  const isPacked =
    isCompressible && body.length >= WORTH_COMPRESSING && req.acceptsEncodings(['gzip', 'identity']) === 'gzip';
  const bytes = isPacked ? await compress(body) : body;
  res.writeHead(200, {
    ...sent,
    ...(isPacked ? { 'Content-Encoding': 'gzip' } : {}),
    'Content-Length': Buffer.byteLength(bytes),
  });
  res.end(bytes);
};

/** Answers with a JSON body as {@link sendTagged} does. */
export const sendTaggedJson = (
  req: Request,
  res: Response,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<void> => sendTagged(req, res, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });
