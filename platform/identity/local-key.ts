import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { Role } from '../../schemas/access.ts';

/** Who signs the tokens of a Plaza that has no identity provider. */
export const LOCAL_ISSUER = 'plaza:local';

const ALGORITHM = 'ES256';

/**
 * The key of a Plaza without an identity provider, made when there is none: `sign-in/private.jwk`, readable by its
 * owner alone, and beside it `sign-in/keys.json`, which those who check tokens read.
 * @returns the files
 */
export const localKey = async (dataFolder: string): Promise<{ privateFile: string; keysFile: string }> => {
  const folder = join(dataFolder, 'sign-in');
  const privateFile = join(folder, 'private.jwk');
  const keysFile = join(folder, 'keys.json');
  if (existsSync(privateFile) && existsSync(keysFile)) return { privateFile, keysFile };
  mkdirSync(folder, { recursive: true });
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const named = { kid: randomUUID(), alg: ALGORITHM, use: 'sig' };
  const write = (file: string, content: object, mode: number) => {
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(content), { mode });
    renameSync(draft, file);
  };
  write(keysFile, { keys: [{ ...(await exportJWK(publicKey)), ...named }] }, 0o644);
  write(privateFile, { ...(await exportJWK(privateKey)), ...named }, 0o600);
  return { privateFile, keysFile };
};

export type LocalToken = { sub: string; roles: readonly Role[]; audience: string; hours: number };

/** An access token (RFC 9068), signed with the local key. @param privateFile of {@link localKey} */
export const signLocally = async (
  privateFile: string,
  { sub, roles, audience, hours }: LocalToken,
): Promise<string> => {
  const jwk = JSON.parse(readFileSync(privateFile, 'utf8')) as JWK;
  return new SignJWT({ roles: [...roles], client_id: 'npm-run-token' })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: jwk.kid! })
    .setIssuer(LOCAL_ISSUER)
    .setSubject(sub)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${hours}h`)
    .setJti(randomUUID())
    .sign(await importJWK(jwk, ALGORITHM));
};
