import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWTVerifyGetKey } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Issuer, startIssuer, type TokenOptions } from '../../tests/security/provider.ts';
import { ProblemError } from '../http/problem.ts';
import { keysAt, keysIn, keysOf } from './keys.ts';
import { bearerTokens } from './tokens.ts';

let issuer: Issuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.stop());

const rules = (keys: JWTVerifyGetKey, from = issuer) => ({
  keys,
  issuer: from.url,
  audience: 'plaza',
  algorithms: ['ES256', 'RS256'],
  clockSkew: 30,
  rolesClaim: 'roles',
  scopeClaim: 'plaza_scope',
  onError: () => {},
});

const problemOf = async (asked: Promise<unknown>): Promise<string> => {
  try {
    return JSON.stringify(await asked, (name, value) => (name === 'expiresAt' ? undefined : value));
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return `${error.problem.status} ${error.problem.challenge ?? error.problem.type}`;
  }
};

describe('a token', () => {
  const identifyBy = async (options: TokenOptions) =>
    problemOf(bearerTokens(rules(keysAt(issuer.jwksUrl)))(`Bearer ${await issuer.token(options)}`));
  const INVALID = '401 Bearer realm="plaza", error="invalid_token"';

  test('that is valid identifies the caller and the roles', async () => {
    expect(await identifyBy({ sub: 'CUST1', roles: ['staff', 'customer', 'wizard'] })).toBe(
      '{"sub":"CUST1","id":"CUST1","roles":["customer","staff"]}',
    );
    expect(await identifyBy({ roles: 'admin shop' })).toBe('{"sub":"CUST1","id":"CUST1","roles":["shop","admin"]}');
    expect(await identifyBy({})).toBe('{"sub":"CUST1","id":"CUST1","roles":[]}');
    expect(await identifyBy({ audience: 'plaza' })).not.toContain('401');
  });

  test.each<[string, TokenOptions]>([
    ['has expired', { expiresIn: -31 }],
    ['is not good yet', { notBefore: 90 }],
    ['is for somebody else', { audience: 'other' }],
    ['is of another issuer', { issuer: 'https://other.example' }],
    ['is an ID token or any other JWT (RFC 9068 4)', { typ: 'JWT' }],
    ['says nobody', { sub: '' }],
    ['says somebody with a line break', { sub: 'CUST1\nCUST2' }],
    ['says it is a policy', { sub: 'policy:parking.coupons' }],
    ['says it is a process manager', { sub: 'process:cinema.payments' }],
    ['says it is anonymous', { sub: 'anonymous' }],
    ...['sub', 'exp', 'iat', 'jti', 'client_id', 'aud', 'iss'].map((claim): [string, TokenOptions] => [
      `has no ${claim}`,
      { without: [claim] },
    ]),
  ])('that %s is refused', async (_, options) => {
    expect(await identifyBy(options)).toBe(INVALID);
  });

  test('is accepted within the clock skew', async () => {
    expect(await identifyBy({ expiresIn: -25 })).toContain('CUST1');
    expect(await identifyBy({ notBefore: 25 })).toContain('CUST1');
  });

  test('whose signature, algorithm or form is wrong is refused', async () => {
    const identify = bearerTokens(rules(keysAt(issuer.jwksUrl)));
    const [header, payload, signature] = (await issuer.token()).split('.') as [string, string, string];
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const changed = encoded({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'CUST2' });
    const none = encoded({ alg: 'none', typ: 'at+jwt' });
    const symmetric = encoded({ alg: 'HS256', typ: 'at+jwt', kid: issuer.jwks().keys[0]?.kid });
    const mac = createHmac('sha256', JSON.stringify(issuer.jwks().keys[0]))
      .update(`${symmetric}.${payload}`)
      .digest('base64url');
    for (const bad of [
      `${header}.${changed}.${signature}`,
      `${none}.${payload}.`,
      `${symmetric}.${payload}.${mac}`,
      `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
      'nonsense',
    ])
      expect(await problemOf(identify(`Bearer ${bad}`)), bad).toBe(INVALID);
    for (const header of ['Basic dXNlcjpwYXNz', 'Bearer', 'Bearer a b', '', `Bearer ${'\u00e4'}`])
      expect(await problemOf(identify(header)), header).toBe('401 Bearer realm="plaza", error="invalid_request"');
    expect(await identify(undefined)).toBeUndefined();
  });

  test('may have its roles in a nested claim', async () => {
    const identify = bearerTokens({ ...rules(keysAt(issuer.jwksUrl)), rolesClaim: 'realm_access.roles' });
    const token = await issuer.token({ claims: { realm_access: { roles: ['manager'] } } });
    expect(await identify(`Bearer ${token}`)).toEqual({
      sub: 'CUST1',
      id: 'CUST1',
      roles: ['manager'],
      expiresAt: expect.any(Number),
    });
  });

  test('of an algorithm that is not allowed is refused', async () => {
    const other = await startIssuer('PS256');
    const identify = bearerTokens(rules(keysAt(other.jwksUrl), other));
    expect(await problemOf(identify(`Bearer ${await other.token()}`))).toBe(INVALID);
    other.stop();
  });
});

describe('keys', () => {
  test('are rotated by the issuer without a restart, and withdrawn keys are refused', async () => {
    const own = await startIssuer();
    const identify = bearerTokens(rules(keysOf(own.url, 0), own));
    const before = await own.token();
    expect(await identify(`Bearer ${before}`)).toMatchObject({ sub: 'CUST1' });
    await own.rotate();
    expect(await identify(`Bearer ${await own.token({ sub: 'new' })}`)).toMatchObject({ sub: 'new' });
    const ofOldKey = await own.token({ sub: 'late' });
    await own.rotate(false);
    expect(await identify(`Bearer ${await own.token({ sub: 'newest' })}`)).toMatchObject({ sub: 'newest' });
    expect(await problemOf(identify(`Bearer ${ofOldKey}`))).toContain('401');
    own.stop();
  });

  test('are requested once for many concurrent requests', async () => {
    const own = await startIssuer();
    const identify = bearerTokens(rules(keysAt(own.jwksUrl), own));
    const tokens = await Promise.all(Array.from({ length: 20 }, (_, index) => own.token({ sub: `C${index}` })));
    await Promise.all(tokens.map((token) => identify(`Bearer ${token}`)));
    expect(own.asked()).toBe(1);
    own.stop();
  });

  test('that are unavailable cause 503, until they are available again', async () => {
    const told: unknown[] = [];
    const own = await startIssuer();
    const token = await own.token();
    const answers = [new Error('away')];
    const keys = keysOf(own.url);
    const identify = bearerTokens({
      ...rules((header, jws) => {
        const error = answers.pop();
        if (error) throw error;
        return keys(header, jws);
      }, own),
      onError: (error) => told.push(error),
    });
    expect(await problemOf(identify(`Bearer ${token}`))).toBe('503 /problems/sign-in-unavailable');
    expect(told).toHaveLength(1);
    expect(await identify(`Bearer ${token}`)).toMatchObject({ sub: 'CUST1' });
    own.stop();
    const nowhere = bearerTokens(rules(keysOf(own.url), own));
    expect(await problemOf(nowhere(`Bearer ${token}`))).toBe('503 /problems/sign-in-unavailable');
  });

  test('may be in a file, which is read again after a change', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'plaza-keys-'));
    const file = join(folder, 'keys.json');
    const own = await startIssuer();
    writeFileSync(file, JSON.stringify(own.jwks()));
    const identify = bearerTokens(rules(keysIn(file), own));
    expect(await identify(`Bearer ${await own.token()}`)).toMatchObject({ sub: 'CUST1' });
    await own.rotate();
    const token = await own.token({ sub: 'new' });
    expect(await problemOf(identify(`Bearer ${token}`))).toContain('401');
    writeFileSync(file, JSON.stringify(own.jwks()));
    utimesSync(file, 2_000_000_000, 2_000_000_000);
    expect(await identify(`Bearer ${token}`)).toMatchObject({ sub: 'new' });
    own.stop();
    rmSync(folder, { recursive: true });
  });
});
