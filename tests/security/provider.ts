import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

type Key = { kid: string; alg: string; privateKey: CryptoKey; jwk: JWK };

const makeKey = async (alg: string): Promise<Key> => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomUUID();
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
};

export type TokenOptions = {
  sub?: string;
  roles?: readonly string[] | string | undefined;
  audience?: string;
  issuer?: string;
  typ?: string;
  /** Lifetime in seconds. */
  expiresIn?: number;
  notBefore?: number;
  without?: readonly string[];
  claims?: Record<string, unknown>;
};

/** An issuer of access tokens (RFC 9068) whose keys and discovery document are served over HTTP. */
export const startIssuer = async (alg = 'ES256') => {
  let keys = [await makeKey(alg)];
  let asked = 0;
  const server = createServer((req, res) => {
    asked += 1;
    const documents: Record<string, object> = {
      '/jwks': { keys: keys.map(({ jwk }) => jwk) },
      '/.well-known/openid-configuration': { issuer: url, jwks_uri: `${url}/jwks` },
    };
    const found = documents[req.url ?? ''];
    res.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(found ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const token = async (options: TokenOptions = {}): Promise<string> => {
    const { sub = 'CUST1', roles, audience = 'plaza', issuer = url, typ = 'at+jwt', expiresIn = 600 } = options;
    const now = Math.floor(Date.now() / 1000);
    const all: Record<string, unknown> = {
      iss: issuer,
      sub,
      aud: audience,
      iat: now,
      exp: now + expiresIn,
      ...(options.notBefore === undefined ? {} : { nbf: now + options.notBefore }),
      jti: randomUUID(),
      client_id: 'test',
      ...(roles === undefined ? {} : { roles }),
      ...options.claims,
    };
    for (const claim of options.without ?? []) delete all[claim];
    const { kid, privateKey } = keys.at(-1)!;
    return new SignJWT(all).setProtectedHeader({ alg, kid, typ }).sign(privateKey);
  };

  return {
    url,
    jwksUrl: `${url}/jwks`,
    token,
    /** Returns the number of requests. */
    asked: () => asked,
    jwks: () => ({ keys: keys.map(({ jwk }) => jwk) }),
    /** Signs with a new key from now on. @param keepOld whether the old keys remain valid */
    async rotate(keepOld = true) {
      keys = [...(keepOld ? keys : []), await makeKey(alg)];
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
};

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;
