import { hash } from 'node:crypto';
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

/**
 * Answers a GET or HEAD with 200 and the body's ETag, or with 304 when the client has this body already.
 * @param etag of the body, where it is known
 */
export const sendTagged = (
  req: Request,
  res: Response,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
  etag = etagOf(body),
): void => {
  if (isNamed(req.headers['if-none-match'], etag)) {
    const { 'Content-Type': _, ...shown } = headers;
    res.writeHead(304, { ...shown, ETag: etag }).end();
    return;
  }
  res.writeHead(200, { ...headers, 'Content-Length': Buffer.byteLength(body), ETag: etag });
  res.end(body);
};

/** Answers with a JSON body as {@link sendTagged} does. */
export const sendTaggedJson = (
  req: Request,
  res: Response,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): void => sendTagged(req, res, JSON.stringify(body), { 'Content-Type': 'application/json', ...headers });
