import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { defined } from '../../schemas/kernel/defined.ts';
import { ProblemError, problems } from '../http/problem.ts';
import { machine } from '../machine/machine.ts';
import { type Caller, type Identify, rolesIn } from './caller.ts';
import { scopeIn } from './scope.ts';
import { isSubject, ownerId } from './subject.ts';

export type TokenRules = {
  keys: JWTVerifyGetKey;
  issuer: string;
  audience: string;
  /** The accepted signature algorithms: asymmetric ones only. */
  algorithms: readonly string[];
  /** Tolerated difference between the clocks, in seconds. */
  clockSkew: number;
  /** The claim with the roles; dots separate nested names: `realm_access.roles`. */
  rolesClaim: string;
  /** The claim that limits the roles to contexts and parts of them. */
  scopeClaim: string;
  /** Called when a caller cannot be identified for a reason other than the token. */
  onError(error: unknown): void;
};

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;

/** Milliseconds for which a verified token is not verified again, and the most such tokens. */
const TRUST_FOR = 60_000;
const TRUSTED = 10_000;

const claimAt = (payload: JWTPayload, path: string): unknown =>
  path.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], payload);

/** Errors of the token itself; all others are failures of Plaza or the provider. */
const BAD_TOKEN = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

const isBadToken = (error: unknown): boolean => BAD_TOKEN.some((kind) => error instanceof kind);

/**
 * Identifies callers by JWT access tokens (RFC 9068): type `at+jwt`, signed, for this audience, with `iss`, `sub`,
 * `exp`, `iat`, `jti` and `client_id`.
 */
export const bearerTokens = ({ keys, rolesClaim, scopeClaim, clockSkew, onError, ...rules }: TokenRules): Identify => {
  const trusted = new LRUCache<string, Caller>({ max: TRUSTED });

  const verify = async (token: string): Promise<Caller> => {
    const { payload } = await jwtVerify(token, keys, {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: [...rules.algorithms],
      clockTolerance: clockSkew,
      typ: 'at+jwt',
      requiredClaims: ['sub', 'exp', 'iat', 'jti', 'client_id'],
    });
    const { sub = '', exp = 0 } = payload;
    if (!isSubject(sub)) throw new errors.JWTClaimValidationFailed('sub is not allowed', payload, 'sub');
    const expiresAt = (exp + clockSkew) * 1000;
    const scope = scopeIn(claimAt(payload, scopeClaim));
    const caller: Caller = {
      sub,
      id: ownerId(sub),
      roles: rolesIn(claimAt(payload, rolesClaim)),
      ...defined({ scope }),
      expiresAt,
    };
    const left = expiresAt - machine.now();
    trusted.set(token, caller, { ttl: Math.max(1, Math.min(TRUST_FOR, left)) });
    return caller;
  };

  return async (authorization) => {
    if (authorization === undefined) return undefined;
    const token = BEARER.exec(authorization)?.[1];
    if (token === undefined) throw new ProblemError(problems.unauthenticated('invalid_request'));
    const known = trusted.get(token);
    if (known) return known;
    try {
      return await verify(token);
    } catch (error) {
      if (isBadToken(error)) throw new ProblemError(problems.unauthenticated('invalid_token'));
      onError(error);
      throw new ProblemError(problems.signInUnavailable());
    }
  };
};
