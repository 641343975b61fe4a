import { createHash } from 'node:crypto';

const SUBJECT = /^[\x21-\x7e]{1,128}$/;

/** The actors that Plaza itself writes into events. */
const RESERVED = /^(policy:|process:|plaza:|anonymous$)/i;

const ID = /^[A-Za-z0-9_-]{1,64}$/;

const DERIVED = /^sub-[A-Za-z0-9_-]{43}$/;

/** Returns whether a token may have this subject: 1-128 visible ASCII characters, and not an actor of Plaza itself. */
export const isSubject = (sub: string): boolean => SUBJECT.test(sub) && !RESERVED.test(sub);

/**
 * Returns the id under which a subject owns things (`customerId`, `userId`, `shopId`, `managerId`) and acts in events:
 * the subject if it is an id, else `sub-` and the base64url SHA-256 of the subject (`auth0|5f…`, `kim@example.com`).
 * Two subjects never share an id, because a subject of that second form is hashed too.
 */
export const ownerId = (sub: string): string =>
  ID.test(sub) && !DERIVED.test(sub) ? sub : `sub-${createHash('sha256').update(sub).digest('base64url')}`;

/** Returns the actor in place of one that an earlier Plaza stored: of a subject its id, any other unchanged. */
export const withoutSubject = (actor: string): string => (isSubject(actor) && !ID.test(actor) ? ownerId(actor) : actor);
