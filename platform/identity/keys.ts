import { readFileSync, statSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

/**
 * Milliseconds: the time limit of a request for keys, the pause between two requests for an unknown key, and the age at
 * which known keys are fetched again.
 */
const ANSWER_WITHIN = 2_000;
const LOOK_AGAIN_AFTER = 5_000;
const KEEP_FOR = 600_000;

/**
 * Returns the keys at a URL. An unknown key causes another request, so a provider may rotate its keys.
 * @param lookAgainAfter milliseconds between two such requests
 */
export const keysAt = (url: string, lookAgainAfter = LOOK_AGAIN_AFTER): JWTVerifyGetKey =>
  createRemoteJWKSet(new URL(url), {
    timeoutDuration: ANSWER_WITHIN,
    cooldownDuration: lookAgainAfter,
    cacheMaxAge: KEEP_FOR,
  });

/** Returns the keys in a file (JWK Set, RFC 7517). It is read again when a key is unknown and the file has changed. */
export const keysIn = (file: string): JWTVerifyGetKey => {
  let readAt = -1;
  let keys: JWTVerifyGetKey;
  const read = () => {
    readAt = statSync(file).mtimeMs;
    keys = createLocalJWKSet(JSON.parse(readFileSync(file, 'utf8')) as JSONWebKeySet);
  };
  return async (header, token) => {
    if (readAt < 0) read();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || statSync(file).mtimeMs === readAt) throw error;
      read();
      return keys(header, token);
    }
  };
};

/**
 * Returns the keys of an OpenID provider, found by its discovery document (OpenID Connect Discovery 1.0, 4).
 * @param issuer the tokens' `iss`
 */
export const keysOf = (issuer: string, lookAgainAfter = LOOK_AGAIN_AFTER): JWTVerifyGetKey => {
  let keys: Promise<JWTVerifyGetKey> | undefined;
  const discover = async (): Promise<JWTVerifyGetKey> => {
    const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    if (!answer.ok) throw new Error(`the discovery document of ${issuer} is answered with ${answer.status}`);
    const { jwks_uri, issuer: named } = (await answer.json()) as { jwks_uri: string; issuer: string };
    if (named !== issuer) throw new Error(`the discovery document of ${issuer} names ${named}`);
    return keysAt(jwks_uri, lookAgainAfter);
  };
  return async (header, token) => {
    keys ??= discover().catch((error) => {
      keys = undefined;
      throw error;
    });
    return (await keys)(header, token);
  };
};
