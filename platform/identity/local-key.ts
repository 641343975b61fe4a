import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, importJWK, type JSONWebKeySet, type JWK, SignJWT } from 'jose';
import type { Role } from '../../schemas/access.ts';
import { machine } from '../machine/machine.ts';

/** The issuer of tokens of a Plaza without an identity provider. */
export const LOCAL_ISSUER = 'plaza:local';

const ALGORITHM = 'ES256';

/** Replaces a file in one step: readers see the old content or the new one. */
const replaceFile = (file: string, content: object, mode: number, put: (draft: string, file: string) => void): void => {
  const draft = `${file}.${machine.uuid()}`;
  writeFileSync(draft, JSON.stringify(content), { mode });
  try {
    put(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
};

/** Renames a draft unless another process was first: a hard link never replaces a file. */
const linkOnce = (draft: string, file: string): void => {
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
};

const readJson = <Content>(file: string): Content => JSON.parse(readFileSync(file, 'utf8')) as Content;

/** Returns the public half of a private key. */
const publicOf = ({ kty, crv, x, y, kid, alg, use }: JWK): JWK => ({ kty, crv, x, y, kid, alg, use }) as JWK;

/**
 * Makes the key of a Plaza without an identity provider unless it exists: `sign-in/private.jwk`, readable only by its
 * owner. `sign-in/keys.json`, which verifiers read, is derived from it, so processes that start at the same time end up
 * with one matching pair.
 * @returns the files
 */
export const localKey = async (dataFolder: string): Promise<{ privateFile: string; keysFile: string }> => {
  const folder = join(dataFolder, 'sign-in');
  const privateFile = join(folder, 'private.jwk');
  const keysFile = join(folder, 'keys.json');
  if (!existsSync(privateFile)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const named = { kid: machine.uuid(), alg: ALGORITHM, use: 'sig' };
    replaceFile(privateFile, { ...(await exportJWK(privateKey)), ...named }, 0o600, linkOnce);
  }
  const key = readJson<JWK>(privateFile);
  const isKnown = existsSync(keysFile) && readJson<JSONWebKeySet>(keysFile).keys.some((one) => one.kid === key.kid);
  if (!isKnown) replaceFile(keysFile, { keys: [publicOf(key)] }, 0o644, renameSync);
  return { privateFile, keysFile };
};

export type LocalToken = {
  sub: string;
  roles: readonly Role[];
  /** Undefined for a token that only its roles limit. */
  scope?: { claim: string; entries: readonly string[] };
  audience: string;
  hours: number;
};

/** Signs an access token (RFC 9068) with the local key. @param privateFile of {@link localKey} */
export const signLocally = async (
  privateFile: string,
  { sub, roles, scope, audience, hours }: LocalToken,
): Promise<string> => {
  const jwk = readJson<JWK>(privateFile);
  return new SignJWT({
    roles: [...roles],
    client_id: 'npm-run-token',
    ...(scope ? { [scope.claim]: [...scope.entries] } : {}),
  })
    .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: jwk.kid! })
    .setIssuer(LOCAL_ISSUER)
    .setSubject(sub)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${hours}h`)
    .setJti(machine.uuid())
    .sign(await importJWK(jwk, ALGORITHM));
};
