import type { Identify } from '../../platform/identity/caller.ts';
import type { SignIn } from '../../platform/identity/system.ts';
import { type Settings, SettingsError } from './settings.ts';

export type Identity = {
  /** Undefined when sign-in is off: everybody may do everything. */
  identify: Identify | undefined;
  signIn: SignIn;
};

const isUrl = (text: string): boolean => /^https?:\/\//.test(text);

const keysFrom = async ({ AUTH_JWKS, AUTH_ISSUER, PLAZA_DATA }: Settings) => {
  const { keysAt, keysIn, keysOf } = await import('../../platform/identity/keys.ts');
  if (isUrl(AUTH_JWKS)) return keysAt(AUTH_JWKS);
  if (AUTH_JWKS !== '') return keysIn(AUTH_JWKS);
  if (AUTH_ISSUER !== '') return keysOf(AUTH_ISSUER);
  const { localKey } = await import('../../platform/identity/local-key.ts');
  return keysIn((await localKey(PLAZA_DATA)).keysFile);
};

/**
 * Returns how callers are identified. Without an issuer, the local key of `npm run token` is trusted.
 * @throws SettingsError for keys without an issuer
 */
export const identityOf = async (settings: Settings, onError: (error: unknown) => void): Promise<Identity> => {
  if (settings.AUTH === 'off') return { identify: undefined, signIn: { signIn: 'off' } };
  const { AUTH_ISSUER, AUTH_AUDIENCE: audience, AUTH_CLIENT_ID: clientId } = settings;
  if (settings.AUTH_JWKS !== '' && AUTH_ISSUER === '')
    throw new SettingsError('AUTH_ISSUER must be set with AUTH_JWKS');
  // Without sign-in, none of this is loaded.
  const { bearerTokens } = await import('../../platform/identity/tokens.ts');
  const { LOCAL_ISSUER } = await import('../../platform/identity/local-key.ts');
  const identify = bearerTokens({
    keys: await keysFrom(settings),
    issuer: AUTH_ISSUER || LOCAL_ISSUER,
    audience,
    algorithms: settings.AUTH_ALGORITHMS,
    clockSkew: settings.AUTH_CLOCK_SKEW_SECONDS,
    rolesClaim: settings.AUTH_ROLES_CLAIM,
    scopeClaim: settings.AUTH_SCOPE_CLAIM,
    onError,
  });
  return { identify, signIn: { signIn: 'on', issuer: AUTH_ISSUER || null, clientId, audience } };
};
