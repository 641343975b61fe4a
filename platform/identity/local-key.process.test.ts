import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keysIn } from './keys.ts';
import { LOCAL_ISSUER, localKey, signLocally } from './local-key.ts';
import { bearerTokens } from './tokens.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plaza-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const keyIds = () => {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, 'sign-in', name), 'utf8'));
  return { private: read('private.jwk').kid, public: read('keys.json').keys.map((key: { kid: string }) => key.kid) };
};

const isTrusted = async (): Promise<boolean> => {
  const { privateFile, keysFile } = await localKey(folder);
  const token = await signLocally(privateFile, { sub: 'CUST1', roles: ['staff'], audience: 'plaza', hours: 1 });
  const rules = {
    issuer: LOCAL_ISSUER,
    audience: 'plaza',
    algorithms: ['ES256'],
    clockSkew: 0,
    rolesClaim: 'roles',
    scopeClaim: 'plaza_scope',
  };
  const identify = bearerTokens({ ...rules, keys: keysIn(keysFile), onError() {} });
  return identify(`Bearer ${token}`).then(
    (caller) => caller?.sub === 'CUST1',
    () => false,
  );
};

test('starts at the same time make one pair of keys that match', async () => {
  for (let round = 0; round < 20; round++) {
    rmSync(join(folder, 'sign-in'), { recursive: true, force: true });
    await Promise.all(Array.from({ length: 8 }, () => localKey(folder)));
    expect(keyIds().public).toEqual([keyIds().private]);
    expect(readdirSync(join(folder, 'sign-in')).sort()).toEqual(['keys.json', 'private.jwk']);
  }
  expect(await isTrusted()).toBe(true);
});

test('processes that start at the same time make one pair of keys that match', async () => {
  const script = `import { localKey } from './platform/identity/local-key.ts'; await localKey(${JSON.stringify(folder)});`;
  const start = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script]);
  await Promise.all(Array.from({ length: 4 }, start));
  expect(keyIds().public).toEqual([keyIds().private]);
  expect(await isTrusted()).toBe(true);
});

test('derives public keys again when they are missing or do not match', async () => {
  await localKey(folder);
  const keysFile = join(folder, 'sign-in', 'keys.json');
  writeFileSync(keysFile, JSON.stringify({ keys: [{ kid: 'of-another-start' }] }));
  expect(await isTrusted()).toBe(true);
  rmSync(keysFile);
  expect(await isTrusted()).toBe(true);
});

test('only the owner can read the private key, and the public file has no part of it', async () => {
  const { privateFile, keysFile } = await localKey(folder);
  expect(statSync(privateFile).mode & 0o077).toBe(0);
  expect(JSON.parse(readFileSync(keysFile, 'utf8')).keys[0]).not.toHaveProperty('d');
});
